import type { Family } from '../family.ts';
import type { Allow } from './allow-list.ts';
import { escapeLabel } from './escape.ts';
import { toPrometheusLabels } from './label-names.ts';
import { formatNumber } from './number.ts';

/** Where a family's lines go. */
export type Put = (line: string) => void;

/** Writes all lines of one object; `own` are the labels that identify it, as text. */
export type WriteFamily<T> = (object: T, own: string, put: Put) => void;

/** Which entries of labels and annotations become labels; absent, the families of them have no samples. */
export interface AllowedMaps {
  readonly labels?: Allow;
  readonly annotations?: Allow;
}

/** What writes the family; undefined where it can have no samples. */
export function familyWriter<T>(family: Family<T>, allowed: AllowedMaps): WriteFamily<T> | undefined {
  const open = `${family.name}{`;
  if ('value' in family) {
    const { value: measure } = family;
    return (object, own, put) => {
      const value = measure(object);
      if (value !== undefined) put(`${open}${own}} ${formatNumber(value)}\n`);
    };
  }
  if ('samples' in family) return samplesWriter(open, family.labels, family.samples);
  if ('labelled' in family) {
    return (object, own, put) => {
      for (const { labels, value } of family.labelled(object)) {
        const shown = labels.map(([name, text]) => `${name}="${escapeLabel(text)}"`).join();
        const separator = own === '' || shown === '' ? '' : ',';
        put(`${open}${own}${separator}${shown}} ${formatNumber(value)}\n`);
      }
    };
  }
  const allow = family.allowed === 'all' ? (map: readonly string[]) => map : allowed[family.allowed];
  if (allow === undefined) return undefined;
  return (object, own, put) => {
    const { names, values } = toPrometheusLabels(family.prefix, allow(family.map(object)));
    let labels = '';
    for (const [index, name] of names.entries()) labels += `,${name}="${escapeLabel(values[index] ?? '')}"`;
    put(`${open}${own}${labels}} 1\n`);
  };
}

function samplesWriter<T>(
  open: string,
  labels: readonly string[],
  samples: (object: T, add: (value: number, ...values: readonly string[]) => void) => void,
): WriteFamily<T> {
  const names = labels.map((label) => `,${label}="`);
  let own = '';
  let put: Put = () => undefined;
  const add = (value: number, ...values: readonly string[]): void => {
    let line = open + own;
    for (let index = 0; index < names.length; index++)
      line += `${names[index] ?? ''}${escapeLabel(values[index] ?? '')}"`;
    put(`${line}} ${formatNumber(value)}\n`);
  };
  return (object, ownLabels, putLine) => {
    own = ownLabels;
    put = putLine;
    samples(object, add);
  };
}
