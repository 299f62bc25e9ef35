import { type Allow, toPrometheusLabels } from './label-names.ts';
import {
  escapeHelp,
  type LineHead,
  putBytes,
  putLabelValue,
  putLineEnd,
  putSample,
  putString,
  type Samples,
  type TextBytes,
} from './text-bytes.ts';

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

/** The lines of a family. */
export interface Lines {
  /** Where the next line is written. */
  readonly text: TextBytes;
  /** Called after each line. */
  readonly endLine: () => void;
}

/** Writes all lines of one object. `own` holds the labels that identify it, as written between the braces. */
export type WriteFamily<T> = (object: T, own: Uint8Array, lines: Lines) => void;

/** Which labels and annotations become Prometheus labels. Absent: their families have no samples. */
export interface AllowedMaps {
  readonly labels?: Allow | undefined;
  readonly annotations?: Allow | undefined;
}

/** Returns the writer of a family; undefined if the family cannot have samples. */
export function familyWriter<T>(family: Family<T>, allowed: AllowedMaps): WriteFamily<T> | undefined {
  const open = Buffer.from(`${family.name}{`);
  if ('value' in family) {
    const { value: measure } = family;
    return samplesWriter(open, [], (object, add) => {
      const value = measure(object);
      if (value !== undefined) add(value);
    });
  }
  if ('samples' in family) return samplesWriter(open, family.labels, family.samples);
  if ('labelled' in family) {
    return (object, own, lines) => {
      for (const { labels, value } of family.labelled(object)) {
        startLine(lines, open, own);
        let isFirst = own.length === 0;
        for (const [name, text] of labels) {
          putLabel(lines, `${isFirst ? '' : ','}${name}="`, text);
          isFirst = false;
        }
        endLine(lines, value);
      }
    };
  }
  const allow = family.allowed === 'all' ? (map: readonly string[]) => map : allowed[family.allowed];
  if (allow === undefined) return undefined;
  return (object, own, lines) => {
    const { names, values } = toPrometheusLabels(family.prefix, allow(family.map(object)));
    startLine(lines, open, own);
    for (const [index, name] of names.entries()) putLabel(lines, `,${name}="`, values[index] ?? '');
    endLine(lines, 1);
  };
}

/**
 * Collects the samples of an object and then writes them all. So the code that writes a line exists once when V8 has
 * compiled it, and not in each family: half of the time to compile a short run goes there.
 */
function samplesWriter<T>(
  open: Uint8Array,
  labels: readonly string[],
  samples: (object: T, add: Add) => void,
): WriteFamily<T> {
  const head: LineHead = { open, own: open, names: labels.map((label) => Buffer.from(`,${label}="`)) };
  const count = labels.length;
  // The first entries tell V8 what the arrays will hold, so that all families use the same code.
  const waiting: Samples = { count: 0, values: [0.5], labels: [''] };
  const add: Add = (value, ...values) => {
    const first = waiting.count * count;
    waiting.values[waiting.count++] = value;
    for (let index = 0; index < count; index++) waiting.labels[first + index] = values[index] ?? '';
  };
  return (object, own, lines) => {
    waiting.count = 0;
    samples(object, add);
    head.own = own;
    for (let index = 0; index < waiting.count; index++) {
      putSample(lines.text, head, waiting, index);
      lines.endLine();
    }
  };
}

function startLine({ text }: Lines, open: Uint8Array, own: Uint8Array): void {
  putBytes(text, open);
  putBytes(text, own);
}

/** `start` is the label's name, with all that stands around it up to the value. */
function putLabel({ text }: Lines, start: string, value: string): void {
  putString(text, start);
  putLabelValue(text, value);
  putString(text, '"');
}

function endLine(lines: Lines, value: number): void {
  putLineEnd(lines.text, value);
  lines.endLine();
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
