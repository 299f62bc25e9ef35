import { quantityValue } from '../object/quantity.ts';
import { sanitizeName } from '../text/label-names.ts';
import { forPairs } from './common.ts';

/** Adds a sample for each resource whose unit is known, by name and unit. `measure` reads all but CPU, which has fractions. */
export function addQuantities(
  quantities: readonly string[],
  measure: (quantity: string) => number,
  add: (value: number, name: string, unit: string) => void,
  pods: 'pods' | 'none' = 'pods',
): void {
  forPairs(quantities, (name, quantity) => {
    if (name === 'pods' && pods === 'none') return;
    const shown = unitOf(name);
    if (shown === undefined) return;
    add((name === 'cpu' ? quantityValue : measure)(quantity), shown.name, shown.unit);
  });
}

interface Shown {
  readonly name: string;
  readonly unit: 'core' | 'byte' | 'integer';
}

const known = new Map<string, Shown | undefined>();

function unitOf(name: string): Shown | undefined {
  if (known.has(name)) return known.get(name);
  const unit = decideUnit(name);
  const shown = unit && { name: sanitizeName(name), unit };
  if (known.size < 1000) known.set(name, shown);
  return shown;
}

const bytes = ['storage', 'ephemeral-storage', 'memory'];

/** Source: k8s.io/kubernetes, pkg/apis/core/v1/helper. */
function decideUnit(name: string): Shown['unit'] | undefined {
  if (name === 'cpu') return 'core';
  if (name === 'pods') return 'integer';
  if (bytes.includes(name) || name.startsWith('hugepages-') || name.startsWith('attachable-volumes-'))
    return 'byte';
  return isExtended(name) ? 'integer' : undefined;
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
