import { isDeepStrictEqual } from 'node:util';
import { isMap, isSeq, type LineCounter, type ParsedNode, type YAMLMap } from 'yaml';
import { isMapping } from '../config/fields.ts';
import { ConfigError, type ConfigProblem } from '../config/problem.ts';
import { sdKeys } from '../config/prometheus-keys.ts';
import { parseYaml } from '../config/yaml-document.ts';
import { buildTree } from '../config/yaml-tree.ts';
import { jobNodes, meaningOf, valuesOfJobs } from './sources.ts';
import {
  aliasTargets,
  appendPair,
  applyEdits,
  behindComment,
  columnOf,
  deletePair,
  endOf,
  isFlow,
  lineBreak,
  type ParsedPair,
  pairOf,
  pairSpan,
  printFlow,
  printText,
  quotedLike,
  type TextEdit,
} from './spans.ts';

/** The replacement of the SD configs of one job. */
export interface Replacement {
  /** Keys of the SD configs that are removed. */
  readonly keys: readonly string[];
  /** The key that takes their place. */
  readonly key: 'file_sd_configs' | 'http_sd_configs';
  readonly entry: { readonly files: readonly [string] } | { readonly url: string };
}

/**
 * Replaces the SD configs of jobs in the text of a file; everything else stays as it is written. The new text is parsed
 * again and must mean what is wanted. Where an alias loses its anchor, the anchor moves to it; where a merge key would
 * bring in the SD config of another job, the job gets its own key. Throws a `ConfigError` (kind `config`) if a job is
 * written in a way that allows no replacement.
 */
export function replaceStanzas(
  { name, text }: { readonly name: string; readonly text: string },
  replacements: ReadonlyMap<number, Replacement>,
): string {
  if (replacements.size === 0) return text;
  const { document, lines } = parseYaml(text);
  const root = document?.contents ?? null;
  const before = meaningOf(text);
  const wanted = valuesOfJobs(before).map((job, index) => replaced(job, replacements.get(index)));
  const nodes = jobNodes(root);
  const edits: TextEdit[] = [];
  const unlike: ConfigProblem[] = [];
  for (const [index, replacement] of replacements) {
    const node = nodes[index];
    if (node !== undefined && isMap(node))
      edits.push(...editsOf(node, wanted[index] ?? {}, replacement, text));
    else unlike.push(problemAt(lines, node, index));
  }
  if (unlike.length > 0) throw new ConfigError(name, unlike);
  const moved = movedAnchors(root, edits);
  const first = applyEdits(text, [...edits, ...moved]);
  const second = repair(first, wanted);
  const left = differing(second, wanted);
  const isElse = !isDeepStrictEqual(withoutJobs(meaningOf(second)), withoutJobs(before));
  if (left.length > 0 || isElse) {
    const places = left.length > 0 ? left : [...replacements.keys()].slice(0, 1);
    throw new ConfigError(
      name,
      places.map((index) => problemAt(lines, nodes[index], index)),
    );
  }
  return second;
}

function problemAt(lines: LineCounter, node: ParsedNode | undefined, index: number): ConfigProblem {
  const { line, col } = lines.linePos(node?.range[0] ?? 0);
  const message =
    'its SD configs cannot be replaced in place, since anchors, aliases or merge keys tie them to other parts of the ' +
    'file: write them out in this job';
  return { line: Math.max(line, 1), column: Math.max(col, 1), path: `scrape_configs[${index}]`, message };
}

/** The value of a job after the replacement. */
function replaced(job: object, replacement: Replacement | undefined): object {
  if (replacement === undefined) return job;
  const { keys, key, entry } = replacement;
  const kept = Object.entries(job).filter(([name]) => !keys.includes(name));
  const others = new Map(kept).get(key);
  return { ...Object.fromEntries(kept), [key]: [...(Array.isArray(others) ? others : []), entry] };
}

function editsOf(
  job: YAMLMap.Parsed,
  wanted: object,
  { keys, key, entry }: Replacement,
  text: string,
): readonly TextEdit[] {
  const own = keys.map((name) => pairOf(job, name)).filter((pair) => pair !== undefined);
  const inOrder = own.toSorted((a, b) => a.key.range[0] - b.key.range[0]);
  const there = pairOf(job, key);
  const [first, ...others] = inOrder;
  const quoted = quotedLike(job.items[0], text);
  const all = new Map<string, unknown>(Object.entries(wanted)).get(key);
  const whole = printFlow(all, quoted);
  if (there !== undefined && !keys.includes(key)) {
    const list = there.value;
    const rest = inOrder.map((pair) => deletePair(job, pair, text));
    const isPlain = isSeq(list) && list.anchor === undefined && list.items.length > 0;
    if (isPlain) return [...rest, appendItem(list, entry, { text, quoted })];
    return [...rest, { ...pairSpan(there, text), text: `${keyText(there, key, text)}: ${whole}` }];
  }
  if (first === undefined) return [appendPair(job, text, { key, flow: whole })];
  const isAlone = Array.isArray(all) && all.length === 1;
  const stanza = isAlone ? stanzaFor(first, { key, entry }, text) : `${keyText(first, key, text)}: ${whole}`;
  const { start, end } = pairSpan(first, text);
  const last = isFlow(job) ? end : behindComment(text, end);
  return [{ start, end: last, text: stanza }, ...others.map((pair) => deletePair(job, pair, text))];
}

/** The new SD config, in the style of the one that it replaces. */
function stanzaFor(
  pair: ParsedPair,
  { key, entry }: Pick<Replacement, 'key' | 'entry'>,
  text: string,
): string {
  const quoted = quotedLike(pair, text);
  const { value } = pair;
  if (value === null || !isSeq(value) || isFlow(value) || value.items.length === 0)
    return `${keyText(pair, key, text)}: ${printFlow([entry], quoted)}`;
  const indent = ' '.repeat(columnOf(text, value.range[0]));
  return `${keyText(pair, key, text)}:${lineBreak(text)}${indent}- ${printEntry(entry, quoted)}`;
}

function appendItem(
  list: Extract<ParsedNode, { items: unknown[] }>,
  entry: Replacement['entry'],
  { text, quoted }: { readonly text: string; readonly quoted: boolean },
): TextEdit {
  const end = endOf(list, text);
  if (isFlow(list)) {
    const last = list.items.at(-1);
    const at = last !== undefined && last !== null && 'range' in last ? endOf(last, text) : end - 1;
    return { start: at, end: at, text: `, ${printFlow(entry, quoted)}` };
  }
  const at = behindComment(text, end);
  const indent = ' '.repeat(columnOf(text, list.range[0]));
  return { start: at, end: at, text: `${lineBreak(text)}${indent}- ${printEntry(entry, quoted)}` };
}

/** One line of block style. */
function printEntry(entry: Replacement['entry'], quoted: boolean): string {
  if (quoted) return printFlow(entry, true);
  return 'files' in entry ? `files: ${printFlow(entry.files)}` : `url: ${printText(entry.url)}`;
}

function keyText(pair: ParsedPair, key: string, text: string): string {
  return quotedLike(pair, text) ? JSON.stringify(key) : key;
}

/** Moves an anchor that the edits remove to the first alias that needs it. */
function movedAnchors(root: ParsedNode | null, edits: readonly TextEdit[]): readonly TextEdit[] {
  const isGone = ([from]: readonly number[]) =>
    edits.some(({ start, end }) => from !== undefined && from >= start && from < end);
  const moved = new Set<ParsedNode>();
  const moves: TextEdit[] = [];
  for (const [alias, target] of aliasTargets(root)) {
    if (!alias.range || isGone(alias.range) || !isGone(target.range) || moved.has(target)) continue;
    moved.add(target);
    const content = printFlow(buildValue(root, target));
    moves.push({ start: alias.range[0], end: alias.range[1], text: `&${alias.source} ${content}` });
  }
  return moves;
}

/** The value of a node in a document; it may use the document's anchors. */
function buildValue(root: ParsedNode | null, node: ParsedNode): unknown {
  const targets = aliasTargets(root);
  const { value } = buildTree(node, targets);
  return value;
}

/** Writes keys into the jobs that a merge key or an alias still makes differ from what is wanted. */
function repair(text: string, wanted: readonly object[]): string {
  const nodes = jobNodes(parseYaml(text).document?.contents ?? null);
  const values = valuesOfJobs(meaningOf(text));
  const edits = differing(text, wanted).flatMap((index) => {
    const node = nodes[index];
    if (node === undefined || !isMap(node)) return [];
    const [is, should] = [values[index], wanted[index]].map(
      (job) => new Map<string, unknown>(Object.entries(job ?? {})),
    );
    const keys = sdKeys.filter((key) => !isDeepStrictEqual(listAt(is, key), listAt(should, key)));
    return keys.flatMap((key) => {
      const flow = printFlow(listAt(should, key), quotedLike(node.items[0], text));
      const pair = pairOf(node, key);
      const merge = pairOf(node, '<<');
      if (pair === undefined) return [appendPair(node, text, { key, flow })];
      // Of a key and a merge key, the one further down wins.
      if (merge !== undefined && merge.key.range[0] > pair.key.range[0])
        return [deletePair(node, pair, text, true), appendPair(node, text, { key, flow })];
      return [{ ...pairSpan(pair, text), text: `${keyText(pair, key, text)}: ${flow}` }];
    });
  });
  return applyEdits(text, edits);
}

/** Indexes of the jobs whose value is not the wanted one. */
function differing(text: string, wanted: readonly object[]): readonly number[] {
  const values = valuesOfJobs(meaningOf(text));
  return wanted.flatMap((job, index) => {
    const value = values[index];
    return value !== undefined && isDeepStrictEqual(withoutEmpty(value), withoutEmpty(job)) ? [] : [index];
  });
}

function listAt(job: ReadonlyMap<string, unknown> | undefined, key: string): readonly unknown[] {
  const value = job?.get(key);
  return Array.isArray(value) ? value : [];
}

/** The job without empty lists of SD configs, which Prometheus ignores. */
function withoutEmpty(job: object): object {
  return Object.fromEntries(
    Object.entries(job).filter(
      ([key, value]) =>
        !(sdKeys.includes(key) && (value === null || (Array.isArray(value) && value.length === 0))),
    ),
  );
}

function withoutJobs(value: unknown): unknown {
  return isMapping(value) ? { ...value, scrape_configs: undefined } : undefined;
}
