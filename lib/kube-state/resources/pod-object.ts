import {
  embedded,
  flag,
  integer,
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
} from '../../backends/kubernetes/wire/slots.ts';
import type { Family } from '../family.ts';
import type { ObjectOf } from '../kube-object.ts';

/** A pod as its families see it. */
export type Pod = ObjectOf<typeof podFields>;

/** A family of pods. */
export type PodFamily = Family<Pod>;

/** `Container` */
const container = {
  name: word(1),
  image: word(2),
  resources: struct(8, { limits: quantities(1), requests: quantities(2) }),
  restartPolicy: word(24),
} satisfies Slots;

const terminated = { exitCode: integer(1), reason: word(3), startedAt: time(5), finishedAt: time(6) };

/** `ContainerStatus` */
const containerStatus = {
  name: word(1),
  state: struct(2, {
    waiting: pointer(1, { reason: word(1) }),
    running: pointer(2, { startedAt: time(1) }),
    terminated: pointer(3, terminated),
  }),
  lastState: struct(3, { terminated: pointer(3, terminated) }),
  ready: flag(4),
  restartCount: integer(5),
  image: word(6),
  imageID: word(7),
  containerID: text(8),
} satisfies Slots;

/** What is read of pods. */
export const podFields = {
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
