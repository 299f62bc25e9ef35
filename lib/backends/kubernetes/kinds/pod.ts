import type { Container, ContainerPort, ContainerStatus, JoinedPod, Pod } from '../objects.ts';
import { inside, int32, many, type Shape, text, word } from '../wire/fields.ts';
import type { Field } from '../wire/table.ts';
import { type Draft, emptyMeta, type Kind, kind, metadata } from './kind.ts';
import { condition, controller } from './reference.ts';

const containerPort: Shape<Draft<ContainerPort>> = {
  create: () => ({ name: '', containerPort: 0, protocol: '' }),
  fields: [
    word(1, 'name', (port, name) => {
      port.name = name;
    }),
    int32(3, 'containerPort', (port, number) => {
      port.containerPort = number;
    }),
    word(4, 'protocol', (port, protocol) => {
      port.protocol = protocol;
    }),
  ],
};

const container: Shape<Draft<Container>> = {
  create: () => ({ name: '', image: '', ports: [] }),
  fields: [
    word(1, 'name', (target, name) => {
      target.name = name;
    }),
    word(2, 'image', (target, image) => {
      target.image = image;
    }),
    many(6, 'ports', containerPort, (target, port) => target.ports.push(port)),
  ],
};

const containerStatus: Shape<Draft<ContainerStatus>> = {
  create: () => ({ name: '', containerID: '' }),
  fields: [
    word(1, 'name', (status, name) => {
      status.name = name;
    }),
    text(8, 'containerID', (status, id) => {
      status.containerID = id;
    }),
  ],
};

/** Pods as their own targets. */
export const pod: Kind<Pod> = kind<Draft<Pod>>({
  resource: 'pods',
  apiVersion: 'v1',
  listKind: 'PodList',
  namespaced: true,
  create: () => ({ ...emptyPod(), containerStatuses: [], initContainerStatuses: [] }),
  fields: podFields<Draft<Pod>>(
    many(8, 'containerStatuses', containerStatus, (target, status) => target.containerStatuses.push(status)),
    many(10, 'initContainerStatuses', containerStatus, (target, status) =>
      target.initContainerStatuses.push(status),
    ),
  ),
});

/** Pods as the targets behind services need them. */
export const joinedPod: Kind<JoinedPod> = kind<Draft<JoinedPod>>({
  resource: 'pods',
  apiVersion: 'v1',
  listKind: 'PodList',
  namespaced: true,
  create: emptyPod,
  fields: podFields<Draft<JoinedPod>>(),
});

function emptyPod(): Draft<JoinedPod> {
  return {
    ...emptyMeta(),
    uid: '',
    controller: undefined,
    nodeName: '',
    containers: [],
    initContainers: [],
    phase: '',
    ready: undefined,
    hostIP: '',
    podIP: '',
  };
}

function podFields<T extends Draft<JoinedPod>>(...ofStatus: readonly Field<T>[]): readonly Field<T>[] {
  return [
    metadata<T>(
      text(5, 'uid', (target, uid) => {
        target.uid = uid;
      }),
      controller(),
    ),
    inside(2, 'spec', [
      many(2, 'containers', container, (target, item) => target.containers.push(item)),
      word(10, 'nodeName', (target, nodeName) => {
        target.nodeName = nodeName;
      }),
      many(20, 'initContainers', container, (target, item) => target.initContainers.push(item)),
    ]),
    inside(3, 'status', [
      word(1, 'phase', (target, phase) => {
        target.phase = phase;
      }),
      many(2, 'conditions', condition, (target, { type, status }) => {
        if (type === 'Ready') target.ready ??= status;
      }),
      word(5, 'hostIP', (target, hostIP) => {
        target.hostIP = hostIP;
      }),
      text(6, 'podIP', (target, podIP) => {
        target.podIP = podIP;
      }),
      ...ofStatus,
    ]),
  ];
}
