import {
  condition,
  container,
  containerStatus,
  podContainerStatuses,
  podContainers,
  podSpec,
  podStatus,
} from '../../backends/kubernetes/kinds/messages.ts';
import {
  embedded,
  flag,
  integer,
  list,
  type MessageSpec,
  optionalDigits,
  optionalWord,
  pairs,
  pointer,
  struct,
  take,
  text,
  word,
} from '../../backends/kubernetes/wire/fields.ts';
import { quantities, time } from '../../backends/kubernetes/wire/scalars.ts';
import type { ObjectOf } from '../resource.ts';
import type { Family } from '../text/family.ts';

/** A pod as its families see it. */
export type Pod = ObjectOf<typeof podFields>;

/** A family of pods. */
export type PodFamily = Family<Pod>;

const containerFields = take(container, 'name', 'image', 'resources', 'restartPolicy');

const terminated = { exitCode: integer(1), reason: word(3), startedAt: time(5), finishedAt: time(6) };

/** `ContainerStatus` */
const statusFields = {
  ...containerStatus,
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
} satisfies MessageSpec;

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
    ...podSpec,
    ...podContainers(containerFields),
    restartPolicy: word(3),
    nodeSelector: pairs(7),
    serviceAccountName: word(8),
    hostNetwork: flag(11),
    schedulerName: word(19),
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
    ...podStatus,
    ...podContainerStatuses(statusFields),
    conditions: list(2, {
      ...condition,
      lastTransitionTime: time(4),
      reason: word(5),
    }),
    reason: word(4),
    startTime: time(7),
    qosClass: word(9),
    podIPs: list(12, { ip: text(1) }),
    resourceClaimStatuses: list(15, { name: word(1), resourceClaimName: optionalWord(2) }),
  }),
} satisfies MessageSpec;
