import {
  embedded,
  flag,
  list,
  optionalDigits,
  optionalWord,
  pairs,
  pointer,
  quantities,
  type Slots,
  struct,
  text,
  time,
  word,
} from '../object/fields.ts';
import { resource } from '../resource.ts';
import { container, containerFamilies, containerStatus, initContainerFamilies } from './pod-containers.ts';
import { podFamilies } from './pod-families.ts';
import { podSpecFamilies } from './pod-spec.ts';
import { podStatusFamilies } from './pod-status.ts';

/** What is read of pods. */
const fields = {
  spec: struct(2, {
    volumes: list(1, {
      name: text(1),
      source: embedded(2, {
        persistentVolumeClaim: pointer(10, { claimName: text(1), readOnly: flag(2) }),
        ephemeral: pointer(29, {}),
      }),
    }),
    containers: list(2, container),
    restartPolicy: word(3),
    nodeSelector: pairs(7),
    serviceAccountName: word(8),
    nodeName: word(10),
    hostNetwork: flag(11),
    schedulerName: word(19),
    initContainers: list(20, container),
    tolerations: list(22, {
      key: word(1),
      operator: word(2),
      value: word(3),
      effect: word(4),
      tolerationSeconds: optionalDigits(5),
    }),
    priorityClassName: word(24),
    runtimeClassName: optionalWord(29),
    overhead: quantities(32),
    resourceClaims: list(39, {
      name: word(1),
      resourceClaimName: optionalWord(3),
      resourceClaimTemplateName: optionalWord(4),
    }),
  }),
  status: struct(3, {
    phase: word(1),
    conditions: list(2, {
      type: word(1),
      status: word(2),
      lastTransitionTime: time(4),
      reason: word(5),
    }),
    reason: word(4),
    hostIP: word(5),
    podIP: text(6),
    startTime: time(7),
    containerStatuses: list(8, containerStatus),
    qosClass: word(9),
    initContainerStatuses: list(10, containerStatus),
    podIPs: list(12, { ip: text(1) }),
    resourceClaimStatuses: list(15, { name: word(1), resourceClaimName: optionalWord(2) }),
  }),
} satisfies Slots;

/** What families of pods read. */
export type PodFields = typeof fields;

/** Source: kube-state-metrics, docs/metrics/workload/pod-metrics. */
export const pod = resource({
  resource: 'pods',
  apiVersion: 'v1',
  listKind: 'PodList',
  namespaced: true,
  identity: ['namespace', 'pod', 'uid'],
  fields,
  families: [
    ...podFamilies,
    ...containerFamilies,
    ...initContainerFamilies,
    ...podSpecFamilies,
    ...podStatusFamilies,
  ],
});
