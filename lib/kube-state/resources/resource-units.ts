import { quantityValue } from '../quantity.ts';
import { sanitizeName } from '../text/label-names.ts';
import { forPairs } from './common.ts';

/** Adds the samples of each resource whose unit is known, by name and unit. `measure` reads all but CPU, which has fractions. */
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
 * The units in which a resource is shown: an extended one whose name begins as that of huge pages does is both. Source:
 * k8s.io/kubernetes, pkg/apis/core/v1/helper.
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

/** Whether the name is one of an extended resource: of another domain than Kubernetes's own, and short enough for a quota. */
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
