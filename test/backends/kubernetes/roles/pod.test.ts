import { describe, expect, test } from '@jest/globals';
import type { ObjectMeta } from '../../../../lib/backends/kubernetes/kinds/kind.ts';
import { joinedNode, namespace } from '../../../../lib/backends/kubernetes/roles/attached.ts';
import { addByName } from '../../../../lib/backends/kubernetes/roles/draft.ts';
import { buildPodGroup, pod } from '../../../../lib/backends/kubernetes/roles/pod.ts';
import type { LabelSet } from '../../../../lib/targets/group.ts';
import { readAll, readOne, short } from './read.ts';

const metadata = { name: 'web-1', namespace: 'shop' };
const running = { podIP: '10.1.0.7', hostIP: '10.0.0.1', phase: 'Running' };
const app = { name: 'app', image: 'app:1' };

const group = (object: object) => buildPodGroup(readOne(pod, { metadata, ...object }), {});
const labels = (object: object) =>
  short(group({ spec: { containers: [app] }, status: running, ...object })?.labels ?? {});
const targets = (spec: object, status: object = running) => group({ spec, status })?.targets.map(short);

describe('a pod', () => {
  test('is one group with its own labels', () => {
    const object = {
      metadata: {
        ...metadata,
        uid: 'u-1',
        labels: { app: 'web' },
        annotations: { 'example.com/note': 'yes' },
        ownerReferences: [
          { kind: 'Set', name: 'other' },
          { kind: 'ReplicaSet', name: 'web', controller: true },
          { kind: 'Job', name: 'late', controller: true },
        ],
      },
      spec: { nodeName: 'n1', containers: [{ ...app, ports: [{ containerPort: 80, protocol: 'TCP' }] }] },
      status: {
        ...running,
        conditions: [
          { type: 'Ready', status: 'True' },
          { type: 'Ready', status: 'False' },
        ],
      },
    };
    expect(buildPodGroup(readOne(pod, object), {})).toEqual({
      source: 'pod/shop/web-1',
      labels: {
        __meta_kubernetes_namespace: 'shop',
        __meta_kubernetes_pod_annotation_example_com_note: 'yes',
        __meta_kubernetes_pod_annotationpresent_example_com_note: 'true',
        __meta_kubernetes_pod_controller_kind: 'ReplicaSet',
        __meta_kubernetes_pod_controller_name: 'web',
        __meta_kubernetes_pod_host_ip: '10.0.0.1',
        __meta_kubernetes_pod_ip: '10.1.0.7',
        __meta_kubernetes_pod_label_app: 'web',
        __meta_kubernetes_pod_labelpresent_app: 'true',
        __meta_kubernetes_pod_name: 'web-1',
        __meta_kubernetes_pod_node_name: 'n1',
        __meta_kubernetes_pod_phase: 'Running',
        __meta_kubernetes_pod_ready: 'true',
        __meta_kubernetes_pod_uid: 'u-1',
      },
      targets: [
        {
          __address__: '10.1.0.7:80',
          __meta_kubernetes_pod_container_image: 'app:1',
          __meta_kubernetes_pod_container_init: 'false',
          __meta_kubernetes_pod_container_name: 'app',
          __meta_kubernetes_pod_container_port_number: '80',
          __meta_kubernetes_pod_container_port_protocol: 'TCP',
        },
      ],
    });
  });

  test('without an IP, pending or evicted, has no targets', () => {
    expect(group({ spec: { containers: [app] }, status: { phase: 'Pending' } })).toBeUndefined();
    expect(
      group({ spec: { containers: [app] }, status: { phase: 'Failed', reason: 'Evicted' } }),
    ).toBeUndefined();
  });

  test('that is finished or terminating still has targets', () => {
    expect(labels({ status: { ...running, phase: 'Succeeded' } })).toMatchObject({ pod_phase: 'Succeeded' });
    expect(labels({ metadata: { ...metadata, deletionTimestamp: '2026-01-01T00:00:00Z' } })).toMatchObject({
      pod_name: 'web-1',
    });
  });

  test('whose readiness nobody knows is neither ready nor unready', () => {
    expect(labels({}).pod_ready).toBe('unknown');
    expect(
      labels({ status: { ...running, conditions: [{ type: 'Ready', status: 'Unknown' }] } }).pod_ready,
    ).toBe('unknown');
  });

  test('on the host network has the address of its host', () => {
    const object = {
      spec: { hostNetwork: true, containers: [app] },
      status: { ...running, podIP: '10.0.0.1' },
    };
    expect(targets(object.spec, object.status)).toMatchObject([{ __address__: '10.0.0.1' }]);
  });

  test('with several IPs is reached at the first', () => {
    const status = { ...running, podIP: 'fd00::7', podIPs: [{ ip: 'fd00::7' }, { ip: '10.1.0.7' }] };
    const spec = {
      containers: [app, { name: 'b', ports: [{ containerPort: 9, protocol: 'UDP', name: 'dns' }] }],
    };
    expect(targets(spec, status)).toEqual([
      {
        __address__: 'fd00::7',
        pod_container_image: 'app:1',
        pod_container_init: 'false',
        pod_container_name: 'app',
      },
      {
        __address__: '[fd00::7]:9',
        pod_container_init: 'false',
        pod_container_name: 'b',
        pod_container_port_name: 'dns',
        pod_container_port_number: '9',
        pod_container_port_protocol: 'UDP',
      },
    ]);
  });

  test('has targets for its init containers and sidecars too, after the others', () => {
    const init = { name: 'proxy', restartPolicy: 'Always', ports: [{ containerPort: 15090 }] };
    const status = {
      ...running,
      containerStatuses: [{ name: 'app', containerID: 'containerd://1' }],
      initContainerStatuses: [
        { name: 'proxy', containerID: 'containerd://2' },
        { name: 'app', containerID: 'no' },
      ],
    };
    expect(targets({ initContainers: [init], containers: [app] }, status)).toEqual([
      {
        __address__: '10.1.0.7',
        pod_container_id: 'containerd://1',
        pod_container_image: 'app:1',
        pod_container_init: 'false',
        pod_container_name: 'app',
      },
      {
        __address__: '10.1.0.7:15090',
        pod_container_id: 'containerd://2',
        pod_container_init: 'true',
        pod_container_name: 'proxy',
        pod_container_port_number: '15090',
      },
    ]);
  });
});

describe('labels and annotations', () => {
  const of = (own: Readonly<Record<string, string>>) =>
    Object.fromEntries(
      Object.entries(labels({ metadata: { ...metadata, annotations: own } })).filter(([name]) =>
        name.startsWith('pod_annotation'),
      ),
    );

  test('keep every odd character of a value, and none of a key', () => {
    expect(of({ 'a.b/c-d': 'ü "q" \\ \n\t\u0000😀' })).toEqual({
      pod_annotation_a_b_c_d: 'ü "q" \\ \n\t\u0000😀',
      pod_annotationpresent_a_b_c_d: 'true',
    });
  });

  test('without a value are present all the same', () => {
    expect(of({ empty: '' })).toEqual({ pod_annotationpresent_empty: 'true' });
  });

  test('that become one name are one, the later', () => {
    expect(of({ 'a.b': '1', 'a/b': '2' })).toEqual({
      pod_annotation_a_b: '2',
      pod_annotationpresent_a_b: 'true',
    });
  });

  test('may be called like what every JavaScript object has', () => {
    const hostile = JSON.parse('{"__proto__": "x", "constructor": "y"}');
    expect(of(hostile)).toEqual({
      pod_annotation___proto__: 'x',
      pod_annotation_constructor: 'y',
      pod_annotationpresent___proto__: 'true',
      pod_annotationpresent_constructor: 'true',
    });
  });
});

describe('attached metadata', () => {
  const nodes = new Map<string, ObjectMeta>();
  addByName(nodes, readAll(joinedNode, [{ metadata: { name: 'n1', labels: { zone: 'a' } } }]));
  const namespaces = new Map<string, ObjectMeta>();
  addByName(namespaces, readAll(namespace, [{ metadata: { name: 'shop', annotations: { team: 'x' } } }]));

  const attachedTo = (nodeName: string, metadataOfPod: object = metadata): LabelSet => {
    const object = { metadata: metadataOfPod, spec: { nodeName, containers: [app] }, status: running };
    const found = short(buildPodGroup(readOne(pod, object), { nodes, namespaces })?.labels ?? {});
    return Object.fromEntries(Object.entries(found).filter(([name]) => /^(?:node|namespace_)/.test(name)));
  };

  test('of node and namespace goes to the pods there', () => {
    expect(attachedTo('n1')).toEqual({
      namespace_annotation_team: 'x',
      namespace_annotationpresent_team: 'true',
      node_label_zone: 'a',
      node_labelpresent_zone: 'true',
      node_name: 'n1',
    });
  });

  test('is left out where node or namespace are not known', () => {
    expect(attachedTo('n2', { name: 'web-1', namespace: 'other' })).toEqual({});
    expect(attachedTo('', { name: 'web-1', namespace: 'other' })).toEqual({});
  });
});
