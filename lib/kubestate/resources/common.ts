import type { MapFamily, SampleFamily, ValueFamily } from '../family.ts';
import type { KubeObject } from '../object/kind.ts';

/** Options of a family that many resources have. */
interface Common {
  readonly stable?: true;
  readonly help?: string;
}

/** `kube_<name>_created` */
export function created(
  name: string,
  { help = 'Unix creation timestamp', ...stable }: Common = {},
): ValueFamily<KubeObject> {
  return { name: `kube_${name}_created`, help, ...stable, value: (object) => object.creationTimestamp };
}

/** `kube_<name>_deletion_timestamp` */
export function deletionTimestamp(name: string, stable: Common = {}): ValueFamily<KubeObject> {
  return {
    name: `kube_${name}_deletion_timestamp`,
    help: 'Unix deletion timestamp',
    ...stable,
    value: (object) => object.deletionTimestamp,
  };
}

/** `kube_<name>_labels` */
export function labels(name: string, stable: Common = {}): MapFamily<KubeObject> {
  return {
    name: `kube_${name}_labels`,
    help: 'Kubernetes labels converted to Prometheus labels.',
    ...stable,
    prefix: 'label',
    allowed: 'labels',
    map: (object) => object.labels,
  };
}

/** `kube_<name>_annotations` */
export function annotations(name: string, stable: Common = {}): MapFamily<KubeObject> {
  return {
    name: `kube_${name}_annotations`,
    help: 'Kubernetes annotations converted to Prometheus labels.',
    ...stable,
    prefix: 'annotation',
    allowed: 'annotations',
    map: (object) => object.annotations,
  };
}

/** `kube_<name>_metadata_resource_version` */
export function resourceVersion(name: string, what: string, stable: Common = {}): ValueFamily<KubeObject> {
  return {
    name: `kube_${name}_metadata_resource_version`,
    help: `Resource version representing a specific version of ${what}.`,
    ...stable,
    value: (object) => (/^\d+$/.test(object.resourceVersion) ? Number(object.resourceVersion) : undefined),
  };
}

/** `kube_<name>_owner`, with whether each owner is the controller. */
export function owner(name: string, kind: string, stable: Common = {}): SampleFamily<KubeObject> {
  return {
    name: `kube_${name}_owner`,
    help: `Information about the ${kind}'s owner.`,
    ...stable,
    labels: ['owner_kind', 'owner_name', 'owner_is_controller'],
    samples({ ownerReferences }, add) {
      if (ownerReferences.length === 0) add(1, '', '', '');
      for (const { kind, name, controller } of ownerReferences)
        add(1, kind, name, controller === true ? 'true' : 'false');
    },
  };
}

/** Three samples of a condition's status: which of the three it is. */
export function addStatus(status: string, add: (value: number, status: string) => void): void {
  add(status === 'True' ? 1 : 0, 'true');
  add(status === 'False' ? 1 : 0, 'false');
  add(status === 'Unknown' ? 1 : 0, 'unknown');
}

/** One sample for each of the words, 1 for the one that it is. */
export function addStates(
  state: string,
  states: readonly string[],
  add: (value: number, state: string) => void,
): void {
  for (const one of states) add(one === state ? 1 : 0, one);
}

/** 1 for true. */
export function oneIf(condition: boolean | undefined): number {
  return condition === true ? 1 : 0;
}

/** Goes through keys and values in turn. */
export function forPairs(pairs: readonly string[], visit: (key: string, value: string) => void): void {
  for (let index = 0; index < pairs.length; index += 2) visit(pairs[index] ?? '', pairs[index + 1] ?? '');
}
