import { type Allow, toPrometheusLabels } from './label-names.ts';

/** Name, help and stability of a family. Source: kube-state-metrics, internal/store and docs/metrics. */
export interface FamilyNames {
  readonly name: string;
  readonly help: string;
  /** Default: gauge. */
  readonly type?: 'gauge' | 'counter' | 'info' | 'stateset';
  /** Name, type and labels will not change. The HELP line says so. */
  readonly stable?: true;
  /** Written only where `metric_opt_in_list` names it. */
  readonly optIn?: true;
  /** The version of kube-state-metrics that deprecated it. */
  readonly deprecated?: string;
}

/** Adds one sample: its value, and the values of the family's labels in order. */
export type Add = (value: number, ...labels: readonly string[]) => void;

/** At most one sample for each object, without labels of its own. */
export interface ValueFamily<T> extends FamilyNames {
  readonly value: (object: T) => number | undefined;
}

/** Any number of samples for each object. */
export interface SampleFamily<T> extends FamilyNames {
  readonly labels: readonly string[];
  readonly samples: (object: T, add: Add) => void;
}

/** One sample for each object, with a label for each entry of a map, as in `kube_pod_labels`. */
export interface MapFamily<T> extends FamilyNames {
  /** Start of each label name. */
  readonly prefix: string;
  /** Keys and values in turn. */
  readonly map: (object: T) => readonly string[];
  /** Which entries become labels: those that an option allows, or all. */
  readonly allowed: 'labels' | 'annotations' | 'all';
}

/** Samples with different label names. */
export interface LabelledFamily<T> extends FamilyNames {
  readonly labelled: (object: T) => readonly LabelledSample[];
}

interface LabelledSample {
  readonly labels: readonly (readonly [name: string, value: string])[];
  readonly value: number;
}

/** A metric family, and how samples are made of an object. */
export type Family<T> = ValueFamily<T> | SampleFamily<T> | MapFamily<T> | LabelledFamily<T>;

/** Receives a line of a family. */
export type Put = (line: string) => void;

/** Writes all lines of one object. `own` holds the labels that identify it, as written between the braces. */
export type WriteFamily<T> = (object: T, own: string, put: Put) => void;

/** Which labels and annotations become Prometheus labels. Absent: their families have no samples. */
export interface AllowedMaps {
  readonly labels?: Allow | undefined;
  readonly annotations?: Allow | undefined;
}

/** Returns the writer of a family; undefined if the family cannot have samples. */
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

/** The HELP and TYPE lines of a family. Source: Prometheus, "Exposition formats". */
export function familyHeader(family: FamilyNames): string {
  const { name, type = 'gauge' } = family;
  // The text format has no such types. kube-state-metrics writes gauge for them, too.
  const shown = type === 'info' || type === 'stateset' ? 'gauge' : type;
  return `# HELP ${name} ${escapeHelp(helpOf(family))}\n# TYPE ${name} ${shown}\n`;
}

/** The help, after the marks of stability and deprecation. */
function helpOf({ help, stable, deprecated }: FamilyNames): string {
  const stability = stable === true ? '[STABLE] ' : '';
  const since = deprecated === undefined ? '' : `(Deprecated since ${deprecated}) `;
  return `${stability}${since}${help}`;
}

/** Escapes a label value that stands between quotes. Source: Prometheus, "Exposition formats". */
export function escapeLabel(value: string): string {
  return needsEscape.test(value)
    ? value.replace(/[\\\n"]/g, (character) => escapes[character] ?? character)
    : value;
}

/** Escapes a help, where quotes stay. Source: Prometheus, "Exposition formats". */
export function escapeHelp(text: string): string {
  return text.replace(/[\\\n]/g, (character) => escapes[character] ?? character);
}

const needsEscape = /[\\\n"]/;
const escapes: Readonly<Record<string, string>> = { '\\': '\\\\', '\n': '\\n', '"': '\\"' };

/** A sample's value as kube-state-metrics writes it: the shortest form of Go's format `g`. */
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
