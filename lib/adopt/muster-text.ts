import { isDeepStrictEqual } from 'node:util';
import { isMap, type YAMLMap } from 'yaml';
import { isMapping, scalarText, YamlScalar } from '../config/fields.ts';
import type { PrometheusVersion } from '../config/prometheus-version.ts';
import { parseYaml } from '../config/yaml-document.ts';
import { labelsReadByRules } from '../targets/relabel.ts';
import { type Carrier, carry, carryEdits, type KeptCredential, type MovedCredential } from './credentials.ts';
import { jobNodes, meaningOf, type Source, type SourceJob } from './sources.ts';
import {
  applyEdits,
  behindComment,
  columnOf,
  isFlow,
  pairOf,
  pairSpan,
  printFlow,
  printKey,
  printText,
} from './spans.ts';

/** A job that moves to `muster.yml`. */
export interface Adopted extends SourceJob {
  readonly source: Source;
  /** Its position in its file, from 0. */
  readonly index: number;
  /** Keys of the SD configs that move, in the order of the registry. */
  readonly keys: readonly string[];
  /** Publish only the labels that its rules read. */
  readonly needed: boolean;
}

/** A `muster.yml`, with the credentials that move and those that stay in it. */
export interface MusterText {
  readonly text: string;
  readonly moved: readonly MovedCredential[];
  readonly kept: readonly KeptCredential[];
}

/** The content of `muster.yml` apart from the jobs. */
export interface MusterTextOptions {
  /** Folder of `muster.yml`. */
  readonly folder: string;
  /** Comment lines at the top. */
  readonly head: readonly string[];
  readonly store: string | undefined;
  /** The version of Prometheus whose labels are wanted. Default: the newest. */
  readonly version: PrometheusVersion | undefined;
  /** `metric_name_validation_scheme` of `global`. */
  readonly nameScheme: unknown;
}

/**
 * A `muster.yml` with these jobs: their SD configs and rules as written in their files, with comments. Keys that depend
 * on anchors, aliases or merge keys in other parts of the file are written out.
 */
export function musterText(
  jobs: readonly Adopted[],
  { folder, head, store, version, nameScheme }: MusterTextOptions,
): MusterText {
  const moved: MovedCredential[] = [];
  const kept: KeptCredential[] = [];
  const lines = head.map((line) => `# ${line}\n`);
  if (store !== undefined) lines.push(`store: ${printText(store)}\n`);
  if (version !== undefined) lines.push(`defaults: { prometheus: ${version} }\n`);
  if (nameScheme !== undefined && nameScheme !== null)
    lines.push(`global:\n  metric_name_validation_scheme: ${printFlow(nameScheme)}\n`);
  lines.push('scrape_configs:\n');
  for (const job of jobs) {
    const carrier: Carrier = { job: job.job.name, from: job.source.folder, to: folder, moved, kept };
    const { document } = parseYaml(job.source.text);
    const node = jobNodes(document?.contents ?? null)[job.index];
    const values = new Map<string, unknown>(Object.entries(job.value));
    const parts = keysOf(job).flatMap((key) => {
      const before = values.get(key);
      if (before === undefined || before === null) return [];
      const after = job.keys.includes(key) && Array.isArray(before) ? carry(carrier, key, before) : before;
      const written =
        node !== undefined && isMap(node)
          ? asWritten(node, key, { before, after, text: job.source.text })
          : undefined;
      return [written ?? printBlock(key, after)];
    });
    if (job.needed) parts.push('muster: { labels: needed }\n');
    lines.push(...parts.map((part, index) => indented(part, index === 0 ? '  - ' : '    ')));
  }
  return { text: lines.join(''), moved, kept };
}

/** The keys of a job that Muster reads; scrape keys only if the rules read them. */
function keysOf({ job, keys }: Adopted): readonly string[] {
  const reads = labelsReadByRules(job.relabel_configs);
  const hasParams = Object.keys(job.scrapeLabels).some(
    (label) => label.startsWith('__param_') && reads(label),
  );
  return [
    'job_name',
    ...keys,
    ...(reads('__scheme__') ? ['scheme'] : []),
    ...(reads('__metrics_path__') ? ['metrics_path'] : []),
    ...(hasParams ? ['params'] : []),
    'metric_name_validation_scheme',
    'relabel_configs',
  ];
}

/** The key as written in its file, moved to the left margin; `undefined` if it would mean something else there. */
function asWritten(
  node: YAMLMap.Parsed,
  key: string,
  { before, after, text }: { readonly before: unknown; readonly after: unknown; readonly text: string },
): string | undefined {
  const pair = pairOf(node, key);
  if (pair === undefined) return undefined;
  const { start, end } = pairSpan(pair, text);
  const last = isFlow(node) ? end : behindComment(text, end);
  const edits = carryEdits(pair.value, before, after).map((edit) => ({
    ...edit,
    start: edit.start - start,
    end: edit.end - start,
  }));
  const part = applyEdits(text.slice(start, last), edits).replaceAll('\r\n', '\n');
  const margin = new RegExp(`^ {1,${Math.max(columnOf(text, start), 1)}}`);
  const [first = '', ...rest] = part.split('\n');
  const moved = `${[first, ...rest.map((line) => line.replace(margin, ''))].join('\n')}\n`;
  return isDeepStrictEqual(meaningOf(moved), { [key]: after }) ? moved : undefined;
}

/** The text as an element of a list: its first line after `first`, the others indented by four. */
export function indented(part: string, first: string): string {
  const [line = '', ...rest] = part.trimEnd().split('\n');
  return `${[`${first}${line}`, ...rest.map((one) => (one.trim() === '' ? '' : `    ${one}`))].join('\n')}\n`;
}

/** A key with its value in block style, short lists of scalars on one line. */
function printBlock(key: string, value: unknown): string {
  return `${printPair(key, value, '').join('\n')}\n`;
}

function printPair(key: string, value: unknown, indent: string): readonly string[] {
  const name = `${indent}${printKey(key)}:`;
  if (isShort(value)) return [`${name} ${printFlow(value)}`];
  if (Array.isArray(value)) return [name, ...value.flatMap((item) => printItem(item, `${indent}  `))];
  return isMapping(value)
    ? [name, ...Object.entries(value).flatMap(([inner, part]) => printPair(inner, part, `${indent}  `))]
    : [`${name} ${printFlow(value)}`];
}

function printItem(item: unknown, indent: string): readonly string[] {
  if (!isMapping(item) || isShort(item)) return [`${indent}- ${printFlow(item)}`];
  const [first = '', ...rest] = Object.entries(item).flatMap(([key, part]) =>
    printPair(key, part, `${indent}  `),
  );
  return [`${indent}- ${first.trimStart()}`, ...rest];
}

/** Whether the value is easy to read on one line. */
function isShort(value: unknown): boolean {
  if (scalarText(value) !== undefined || value === null || value instanceof YamlScalar) return true;
  if (Array.isArray(value)) return value.every((item) => scalarText(item) !== undefined);
  return !isMapping(value) || Object.keys(value).length === 0;
}
