import {
  type Alias,
  isAlias,
  isCollection,
  isMap,
  isScalar,
  isSeq,
  type Pair,
  type ParsedNode,
  type YAMLMap,
} from 'yaml';
import { isMapping, scalarText, YamlScalar } from '../config/fields.ts';

/** Replaces the range from `start` to `end`, in UTF-16 units, by `text`. */
export interface TextEdit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** Applies all edits to the text; they must not overlap. */
export function applyEdits(text: string, edits: readonly TextEdit[]): string {
  let done = '';
  let at = 0;
  for (const { start, end, text: put } of edits.toSorted((a, b) => a.start - b.start || a.end - b.end)) {
    done += text.slice(at, start) + put;
    at = end;
  }
  return done + text.slice(at);
}

/** A key of a mapping with its value. */
export type ParsedPair = Pair<ParsedNode, ParsedNode | null>;

/** The last pair of the mapping with this key, which is the one that Go's YAML takes. */
export function pairOf(map: YAMLMap.Parsed, key: string): ParsedPair | undefined {
  return map.items.findLast((pair) => isScalar(pair.key) && pair.key.value === key);
}

/** The offset at which a node ends, without white space and comments after it. */
export function endOf(node: ParsedNode, text: string): number {
  return trimmed(text, node.range[0], lastOf(node, text));
}

/** The range of a key and its value, as offsets in UTF-16 units. */
export function pairSpan(
  { key, value }: Pick<ParsedPair, 'key' | 'value'>,
  text: string,
): { readonly start: number; readonly end: number } {
  const start = key.range[0];
  return { start, end: trimmed(text, start, lastOfPair({ key, value }, text)) };
}

/** The end of a range, moved behind a comment on the same line. */
export function behindComment(text: string, end: number): number {
  const comment = /[ \t]+#[^\r\n]*/y;
  comment.lastIndex = end;
  return comment.test(text) ? comment.lastIndex : end;
}

/** Characters from the beginning of the line to the offset. */
export function columnOf(text: string, offset: number): number {
  return offset - lineStart(text, offset);
}

/**
 * The edit that removes a list of SD configs from a mapping. A block mapping loses whole lines. Where the next key
 * would have to move up, as after `- `, an empty list stays, unless `moves` is set.
 */
export function deletePair(map: YAMLMap.Parsed, pair: ParsedPair, text: string, moves = false): TextEdit {
  const { start, end } = pairSpan(pair, text);
  const index = map.items.indexOf(pair);
  const next = map.items[index + 1];
  if (isFlow(map)) {
    const before = map.items[index - 1];
    if (next !== undefined) return { start, end: next.key.range[0], text: '' };
    return { start: before === undefined ? start : pairSpan(before, text).end, end, text: '' };
  }
  const from = lineStart(text, start);
  const last = behindComment(text, end);
  if (!/^[ \t]*$/.test(text.slice(from, start))) {
    if (moves && next !== undefined) return { start, end: next.key.range[0], text: '' };
    return { start: text.indexOf(':', pair.key.range[1]) + 1, end: last, text: ' []' };
  }
  const newline = /[ \t]*(?:\r\n|\r|\n|$)/y;
  newline.lastIndex = last;
  return { start: from, end: newline.test(text) ? newline.lastIndex : last, text: '' };
}

/** The edit that adds a key at the end of a mapping. `flow` is the value in flow style. */
export function appendPair(
  map: YAMLMap.Parsed,
  text: string,
  pair: { readonly key: string; readonly flow: string },
): TextEdit {
  const [first] = map.items;
  const last = map.items.at(-1);
  const put = `${quotedLike(first, text) ? JSON.stringify(pair.key) : pair.key}: ${pair.flow}`;
  if (first === undefined || last === undefined)
    return { start: map.range[0] + 1, end: map.range[0] + 1, text: put };
  const { end } = pairSpan(last, text);
  if (isFlow(map)) return { start: end, end, text: `, ${put}` };
  const at = behindComment(text, end);
  return {
    start: at,
    end: at,
    text: `${lineBreak(text)}${' '.repeat(columnOf(text, first.key.range[0]))}${put}`,
  };
}

/** Whether the key of a pair is in double quotes, as in JSON. */
export function quotedLike(pair: ParsedPair | undefined, text: string): boolean {
  return pair !== undefined && text[pair.key.range[0]] === '"';
}

/** The line ending of the text. */
export function lineBreak(text: string): string {
  return /\r\n/.test(text) ? '\r\n' : '\n';
}

/** Whether a node is in flow style, as in `[a]`. */
export function isFlow(node: ParsedNode): boolean {
  return isCollection(node) && node.flow === true;
}

/** The node itself, or for an alias the node that it refers to; see `aliasTargets`. */
export function behind(node: ParsedNode | null, targets: ReadonlyMap<Alias, ParsedNode>): ParsedNode | null {
  return node !== null && isAlias(node) ? (targets.get(node) ?? null) : node;
}

/** Each alias and the node that it refers to, in the order of the text. */
export function aliasTargets(root: ParsedNode | null): ReadonlyMap<Alias, ParsedNode> {
  const anchors = new Map<string, ParsedNode>();
  const targets = new Map<Alias, ParsedNode>();
  const walk = (node: ParsedNode | null) => {
    if (node === null) return;
    if (isAlias(node)) {
      const target = anchors.get(node.source);
      if (target !== undefined) targets.set(node, target);
      return;
    }
    if (node.anchor !== undefined) anchors.set(node.anchor, node);
    if (isSeq(node)) for (const item of node.items) walk(item);
    if (isMap(node))
      for (const { key, value } of node.items) {
        walk(key);
        walk(value);
      }
  };
  walk(root);
  return targets;
}

/** A value in flow style on one line; with `quoted`, as JSON. */
export function printFlow(value: unknown, quoted = false): string {
  if (value instanceof YamlScalar) return value.source;
  if (Array.isArray(value)) return `[${value.map((item) => printFlow(item, quoted)).join(', ')}]`;
  if (isMapping(value)) {
    const pairs = Object.entries(value).map(
      ([key, part]) => `${quoted ? JSON.stringify(key) : printKey(key)}: ${printFlow(part, quoted)}`,
    );
    return pairs.length === 0 ? '{}' : `{ ${pairs.join(', ')} }`;
  }
  return value === null || value === undefined ? 'null' : printText(scalarText(value) ?? '', quoted);
}

/** A YAML string: in single quotes if they can hold it, else in double quotes. */
export function printText(text: string, quoted = false): string {
  const isPlain = /^[\x20-\x7e\u00a0-\ud7ff]*$/.test(text);
  return quoted || !isPlain ? JSON.stringify(text) : `'${text.replaceAll("'", "''")}'`;
}

/** A key, in quotes if it needs them. */
export function printKey(key: string): string {
  return /^[A-Za-z_][\w-]*$/.test(key) && !/^(?:true|false|null|yes|no|on|off|y|n)$/i.test(key)
    ? key
    : JSON.stringify(key);
}

function lastOf(node: ParsedNode, text: string): number {
  if (isFlow(node) || !isCollection(node)) return node.range[1];
  const last = isMap(node) ? node.items.at(-1) : undefined;
  if (last !== undefined) return lastOfPair(last, text);
  const item = isSeq(node) ? node.items.at(-1) : undefined;
  return item === undefined ? node.range[1] : lastOf(item, text);
}

/** The end of a pair. A key without a value ends at its colon: the range of the empty value may lie after comments. */
function lastOfPair({ key, value }: Pick<ParsedPair, 'key' | 'value'>, text: string): number {
  const colon = text.indexOf(':', key.range[1]) + 1;
  const isEmpty =
    value === null || (isScalar(value) && value.source === '' && value.range[0] === value.range[1]);
  return value === null || isEmpty ? colon : lastOf(value, text);
}

function trimmed(text: string, start: number, end: number): number {
  let at = end;
  while (at > start && /\s/.test(text[at - 1] ?? '')) at--;
  return at;
}

function lineStart(text: string, offset: number): number {
  return Math.max(text.lastIndexOf('\n', offset - 1), text.lastIndexOf('\r', offset - 1)) + 1;
}
