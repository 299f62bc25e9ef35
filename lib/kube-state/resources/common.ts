import { quantityValue } from '../quantity.ts';
import type { KubeObject } from '../resource.ts';
import type { MapFamily, SampleFamily, ValueFamily } from '../text/family.ts';
import { sanitizeName } from '../text/label-names.ts';

/** Options of a family that many resources share. */
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

/** `kube_<name>_status_condition`: three samples for each condition. */
export function conditions(
  name: string,
  help: string,
  stable: Common = {},
): SampleFamily<{ readonly status: { readonly conditions: readonly Condition[] } }> {
  return {
    name: `kube_${name}_status_condition`,
    help,
    ...stable,
    labels: ['condition', 'status'],
    samples(object, add) {
      for (const { type, status } of object.status.conditions)
        addStatus(status, (value, label) => add(value, type, label));
    },
  };
}

interface Condition {
  readonly type: string;
  readonly status: string;
}

/** Adds three samples for the status of a condition: 1 for the present status, 0 for the others. */
export function addStatus(status: string, add: (value: number, status: string) => void): void {
  add(status === 'True' ? 1 : 0, 'true');
  add(status === 'False' ? 1 : 0, 'false');
  add(status === 'Unknown' ? 1 : 0, 'unknown');
}

/** Adds a sample for each state: 1 for the present state, 0 for the others. */
export function addStates(
  state: string,
  states: readonly string[],
  add: (value: number, state: string) => void,
): void {
  for (const one of states) add(one === state ? 1 : 0, one);
}

/** 1 for true, else 0. */
export function oneIf(condition: boolean | undefined): number {
  return condition === true ? 1 : 0;
}

/** Visits the entries of keys and values in turn. */
export function forPairs(pairs: readonly string[], visit: (key: string, value: string) => void): void {
  for (let index = 0; index < pairs.length; index += 2) visit(pairs[index] ?? '', pairs[index + 1] ?? '');
}

/** Adds samples for each resource with a known unit. `measure` converts quantities other than CPU, which may be fractional. */
export function addQuantities(
  quantities: readonly string[],
  measure: (quantity: string) => number,
  add: (value: number, name: string, unit: string) => void,
  pods: 'pods' | 'none' = 'pods',
): void {
  forPairs(quantities, (name, quantity) => {
    if (name === 'pods' && pods === 'none') return;
    const shown = unitsOf(name);
    if (shown.units.length === 0) return;
    const value = (name === 'cpu' ? quantityValue : measure)(quantity);
    for (const unit of shown.units) add(value, shown.name, unit);
  });
}

type Unit = 'core' | 'byte' | 'integer';

interface Shown {
  readonly name: string;
  readonly units: readonly Unit[];
}

const known = new Map<string, Shown>();

function unitsOf(name: string): Shown {
  const found = known.get(name);
  if (found !== undefined) return found;
  const shown = { name: sanitizeName(name), units: decideUnits(name) };
  if (known.size < 1000) known.set(name, shown);
  return shown;
}

const bytes = ['storage', 'ephemeral-storage', 'memory'];
const bytePrefixes = ['hugepages-', 'attachable-volumes-'];

/**
 * The units of a resource. An extended resource whose name starts like huge pages has two. Source: k8s.io/kubernetes,
 * pkg/apis/core/v1/helper.
 */
function decideUnits(name: string): readonly Unit[] {
  if (name === 'cpu') return ['core'];
  if (name === 'pods') return ['integer'];
  if (bytes.includes(name)) return ['byte'];
  const units: Unit[] = [];
  if (bytePrefixes.some((prefix) => name.startsWith(prefix))) units.push('byte');
  if (isExtended(name)) units.push('integer');
  return units;
}

/** Whether the name is that of an extended resource: from another domain than kubernetes.io, and short enough for a quota. */
function isExtended(name: string): boolean {
  if (!name.includes('/') || name.includes('kubernetes.io/') || name.startsWith('requests.')) return false;
  const [domain = '', local = '', ...rest] = name.split('/');
  return rest.length === 0 && isSubdomain(`requests.${domain}`) && isLocalName(local);
}

function isSubdomain(domain: string): boolean {
  return (
    domain.length <= 253 && /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/.test(domain)
  );
}

function isLocalName(name: string): boolean {
  return name.length <= 63 && /^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/.test(name);
}
