import { zeroTime } from '../../backends/kubernetes/wire/scalars.ts';
import { wholeQuantity } from '../quantity.ts';
import type { SampleFamily } from '../text/family.ts';
import { addQuantities, oneIf } from './common.ts';
import type { Pod } from './pod-object.ts';

type Container = Pod['spec']['containers'][number];
type Status = Pod['status']['containerStatuses'][number];

/** Which containers of a pod: where they are, and what their families are called. */
interface Kind {
  /** In names, behind `kube_pod_`. */
  readonly name: 'container' | 'init_container';
  /** In help texts. */
  readonly one: 'container' | 'init container';
  readonly containers: (pod: Pod) => readonly Container[];
  readonly statuses: (pod: Pod) => readonly Status[];
}

const ordinary: Kind = {
  name: 'container',
  one: 'container',
  containers: ({ spec }) => spec.containers,
  statuses: ({ status }) => status.containerStatuses,
};

const init: Kind = {
  name: 'init_container',
  one: 'init container',
  containers: ({ spec }) => spec.initContainers,
  statuses: ({ status }) => status.initContainerStatuses,
};

const stable = { stable: true } as const;

/** Families of a pod's containers. */
export const containerFamilies: readonly SampleFamily<Pod>[] = [
  info(ordinary),
  resources(ordinary, 'limits', 'limit', { hint: true, stable: true }),
  resources(ordinary, 'requests', 'request', { hint: true, stable: true }),
  ...ofStatus(ordinary, stable),
  count(ordinary, 'The number of container restarts per container.'),
];

/** Families of a pod's init containers. */
export const initContainerFamilies: readonly SampleFamily<Pod>[] = [
  info(init),
  resources(init, 'limits', 'limit', { hint: false }),
  resources(init, 'requests', 'request', { hint: false }),
  ...ofStatus(init, {}),
  count(init, 'The number of restarts for the init container.'),
];

function info(kind: Kind): SampleFamily<Pod> {
  const labels = ['container', 'image_spec', 'image', 'image_id', 'container_id'];
  const isInit = kind === init;
  return {
    name: `kube_pod_${kind.name}_info`,
    help: `Information about ${isInit ? 'an' : 'a'} ${kind.one} in a pod.`,
    stable: true,
    labels: isInit ? [...labels, 'restart_policy'] : labels,
    samples(pod, add) {
      const statuses = kind.statuses(pod);
      for (const { name, image, restartPolicy } of kind.containers(pod)) {
        for (const status of statuses) {
          if (status.name !== name) continue;
          if (isInit) add(1, name, image, status.image, status.imageID, status.containerID, restartPolicy);
          else add(1, name, image, status.image, status.imageID, status.containerID);
        }
      }
    },
  };
}

function resources(
  kind: Kind,
  field: 'limits' | 'requests',
  word: string,
  { hint, ...stability }: { readonly hint: boolean; readonly stable?: true },
): SampleFamily<Pod> {
  const article = kind === init ? 'an' : 'a';
  const better = `It is recommended to use the kube_pod_resource_${field} metric exposed by kube-scheduler instead, as it is more precise.`;
  return {
    name: `kube_pod_${kind.name}_resource_${field}`,
    help: `The number of requested ${word} resource by ${article} ${kind.one}.${hint ? ` ${better}` : ''}`,
    ...stability,
    labels: ['container', 'node', 'resource', 'unit'],
    samples(pod, add) {
      const { nodeName } = pod.spec;
      for (const { name, resources } of kind.containers(pod)) {
        const addOne = (value: number, resource: string, unit: string) =>
          add(value, name, nodeName, resource, unit);
        addQuantities(resources[field], wholeQuantity, addOne, 'none');
      }
    },
  };
}

function count(kind: Kind, help: string): SampleFamily<Pod> {
  const described = { name: 'restarts_total', help, type: 'counter', stable: true } as const;
  return perStatus(kind, described, ({ restartCount }) => restartCount);
}

/** Families of what the kubelet says of each container. `differs`: of those that are only stable for one kind. */
function ofStatus(kind: Kind, differs: { readonly stable?: true }): readonly SampleFamily<Pod>[] {
  const { one } = kind;
  const now = (state: string) => `Describes whether the ${one} is currently in ${state} state.`;
  const why = (state: string) => `Describes the reason the ${one} is currently in ${state} state.`;
  return [
    {
      ...perStatus(
        kind,
        { name: 'started', help: `Start time in unix timestamp for a pod ${one}.`, ...differs },
        ({ state: { running, terminated } }) => {
          const started = running ?? terminated;
          return started && (started.startedAt ?? zeroTime);
        },
      ),
      name: `kube_pod_${kind.name}_state_started`,
    },
    perReason(
      kind,
      {
        name: 'last_terminated_reason',
        help: `Describes the last reason the ${one} was in terminated state.`,
      },
      ({ lastState }) => lastState.terminated?.reason,
    ),
    perStatus(
      kind,
      {
        name: 'last_terminated_exitcode',
        help: `Describes the exit code for the last ${one} in terminated state.`,
      },
      ({ lastState }) => lastState.terminated?.exitCode,
    ),
    perStatus(
      kind,
      { name: 'last_terminated_timestamp', help: `Last terminated time for a pod ${one} in unix timestamp.` },
      ({ lastState: { terminated } }) => terminated && (terminated.finishedAt ?? zeroTime),
    ),
    perStatus(
      kind,
      { name: 'ready', help: `Describes whether the ${one}s readiness check succeeded.`, stable: true },
      ({ ready }) => oneIf(ready),
    ),
    perStatus(kind, { name: 'running', help: now('running'), stable: true }, ({ state }) =>
      oneIf(state.running !== undefined),
    ),
    perStatus(kind, { name: 'terminated', help: now('terminated'), stable: true }, ({ state }) =>
      oneIf(state.terminated !== undefined),
    ),
    perReason(
      kind,
      { name: 'terminated_reason', help: why('terminated') },
      ({ state }) => state.terminated?.reason,
    ),
    perStatus(kind, { name: 'waiting', help: now('waiting'), stable: true }, ({ state }) =>
      oneIf(state.waiting !== undefined),
    ),
    perReason(
      kind,
      { name: 'waiting_reason', help: why('waiting'), ...differs },
      ({ state }) => state.waiting?.reason,
    ),
  ];
}

type Described = Pick<SampleFamily<Pod>, 'name' | 'help' | 'stable' | 'type'>;

/** A sample of each status, unless it has no value. */
function perStatus(
  kind: Kind,
  { name, ...described }: Described,
  measure: (status: Status) => number | undefined,
): SampleFamily<Pod> {
  return {
    name: `kube_pod_${kind.name}_status_${name}`,
    ...described,
    labels: ['container'],
    samples(pod, add) {
      for (const status of kind.statuses(pod)) {
        const value = measure(status);
        if (value !== undefined) add(value, status.name);
      }
    },
  };
}

/** A sample with the reason of each status, unless it has none. */
function perReason(
  kind: Kind,
  { name, ...described }: Described,
  reasonOf: (status: Status) => string | undefined,
): SampleFamily<Pod> {
  return {
    name: `kube_pod_${kind.name}_status_${name}`,
    ...described,
    labels: ['container', 'reason'],
    samples(pod, add) {
      for (const status of kind.statuses(pod)) {
        const reason = reasonOf(status);
        if (reason !== undefined) add(1, status.name, reason);
      }
    },
  };
}
