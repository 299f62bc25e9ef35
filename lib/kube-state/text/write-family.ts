import type { Described, Family } from '../family.ts';
import { type Allow, toPrometheusLabels } from './label-names.ts';

/** Where a family's lines go. */
export type Put = (line: string) => void;

/** Writes all lines of one object; `own` are the labels that identify it, as text. */
export type WriteFamily<T> = (object: T, own: string, put: Put) => void;

/** Which entries of labels and annotations become labels; absent, the families of them have no samples. */
export interface AllowedMaps {
  readonly labels?: Allow | undefined;
  readonly annotations?: Allow | undefined;
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

/** The two lines in front of a family's samples. */
export function familyHeader(family: Described): string {
  const { name, type = 'gauge' } = family;
  // The text format knows no other types: as kube-state-metrics does it, these are gauges there.
  const shown = type === 'info' || type === 'stateset' ? 'gauge' : type;
  return `# HELP ${name} ${escapeHelp(helpOf(family))}\n# TYPE ${name} ${shown}\n`;
}

/** The help text, with what it says of the family's stability. */
function helpOf({ help, stable, deprecated }: Described): string {
  const stability = stable === true ? '[STABLE] ' : '';
  const since = deprecated === undefined ? '' : `(Deprecated since ${deprecated}) `;
  return `${stability}${since}${help}`;
}

/** A label's value between quotes. Source: Prometheus, "Exposition formats". */
export function escapeLabel(value: string): string {
  return needsEscape.test(value)
    ? value.replace(/[\\\n"]/g, (character) => escapes[character] ?? character)
    : value;
}

/** A help text, where quotes stay. */
export function escapeHelp(text: string): string {
  return text.replace(/[\\\n]/g, (character) => escapes[character] ?? character);
}

const needsEscape = /[\\\n"]/;
const escapes: Readonly<Record<string, string>> = { '\\': '\\\\', '\n': '\\n', '"': '\\"' };

/** A sample's value as kube-state-metrics writes it: Go's shortest form of format `g`. */
export function formatNumber(value: number): string {
  if (Number.isInteger(value) && value > -1_000_000 && value < 1_000_000) return `${value}`;
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf';
  const scientific = value.toExponential();
  const split = scientific.indexOf('e');
  const exponent = Number(scientific.slice(split + 1));
  if (exponent >= -4 && exponent < 6) return `${value}`;
  const digits = `${Math.abs(exponent)}`.padStart(2, '0');
  return `${scientific.slice(0, split)}e${exponent < 0 ? '-' : '+'}${digits}`;
}
