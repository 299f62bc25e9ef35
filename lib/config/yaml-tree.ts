import {
  type Alias,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type ParsedNode,
  type Scalar,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml';
import { isMapping, scalarText, YamlScalar } from './fields.ts';
import type { KeyPath } from './problem.ts';

/** The position of a value in the file, and the positions of its parts. */
export interface Place {
  readonly offset: number;
  readonly entries: ReadonlyMap<string | number, Place>;
}

/** A part of the tree that is wrong in any configuration. */
interface TreeProblem {
  readonly offset: number;
  readonly path: KeyPath;
  readonly message: string;
}

/** A YAML document as plain mappings, lists, strings, `YamlScalar`s and nulls, with the position of each. */
export interface YamlTree {
  readonly value: unknown;
  readonly place: Place;
  readonly problems: readonly TreeProblem[];
}

/** The most values that aliases may add, counted each time. Real files have far fewer; far more would be slow. */
const maxAliased = 50_000;

/** The most levels of nesting. A scrape config has about ten. */
const maxDepth = 64;

/**
 * Follows aliases and merge keys, which both share what they refer to; an alias to its own surroundings is a problem.
 * `known` are aliases of a part of a document whose anchors stand outside of it.
 */
export function buildTree(
  root: ParsedNode | null,
  known: ReadonlyMap<Alias, ParsedNode> = new Map(),
): YamlTree {
  const walk: Walk = {
    anchors: new Map(),
    targets: new Map(known),
    open: new Set(),
    problems: [],
    aliasDepth: 0,
    aliased: 0,
  };
  const built = build(root, { offset: 0, path: [] }, walk);
  return { ...built, problems: walk.problems };
}

interface Walk {
  readonly anchors: Map<string, ParsedNode>;
  /** The node of each alias when it was first found. Its name may belong to another node later. */
  readonly targets: Map<Alias, ParsedNode | undefined>;
  /** The nodes that surround the current one. */
  readonly open: Set<ParsedNode>;
  readonly problems: TreeProblem[];
  aliasDepth: number;
  aliased: number;
}

interface Spot {
  readonly offset: number;
  readonly path: KeyPath;
}

interface Built {
  readonly value: unknown;
  readonly place: Place;
}

function build(node: ParsedNode | null, spot: Spot, walk: Walk): Built {
  if (node === null) return nothing(spot);
  if (isAlias(node)) return buildAlias(node, spot, walk);
  if (walk.aliasDepth > 0 && ++walk.aliased > maxAliased) {
    if (walk.aliased === maxAliased + 1)
      report(spot, walk, `the aliases stand for over ${maxAliased} values`, true);
    return nothing(spot);
  }
  if (node.anchor !== undefined && walk.aliasDepth === 0) walk.anchors.set(node.anchor, node);
  if (isScalar(node)) return { value: scalarValue(node), place: placeOf(spot) };
  if (walk.open.size >= maxDepth) {
    report(spot, walk, `nested too deeply: over ${maxDepth} levels`);
    return nothing(spot);
  }
  walk.open.add(node);
  const built = isMap(node) ? buildMap(node, spot, walk) : buildList(node, spot, walk);
  walk.open.delete(node);
  return built;
}

function buildAlias(alias: Alias, spot: Spot, walk: Walk): Built {
  if (!walk.targets.has(alias)) walk.targets.set(alias, walk.anchors.get(alias.source));
  const target = walk.targets.get(alias);
  // The message does not name the alias: `password: *word` is a password without its quotes.
  if (target === undefined) {
    report(spot, walk, 'no anchor of this name stands above; text that begins with * must be quoted');
    return nothing(spot);
  }
  if (walk.open.has(target)) {
    report(spot, walk, 'the alias stands inside of what it refers to');
    return nothing(spot);
  }
  walk.aliasDepth++;
  const built = build(target, spot, walk);
  walk.aliasDepth--;
  return built;
}

function buildList(node: YAMLSeq.Parsed, spot: Spot, walk: Walk): Built {
  const items = node.items.map((item, index) =>
    build(item, { offset: item.range[0], path: [...spot.path, index] }, walk),
  );
  return {
    value: items.map((item) => item.value),
    place: placeOf(
      spot,
      items.map((item, index) => [index, item.place]),
    ),
  };
}

function buildMap(node: YAMLMap.Parsed, spot: Spot, walk: Walk): Built {
  const own = new Set<string>();
  const entries = new Map<string, Built>();
  for (const { key, value } of node.items) {
    const name = isScalar(key) ? keyText(key) : undefined;
    const keySpot = { offset: key.range[0], path: name === undefined ? spot.path : [...spot.path, name] };
    // The message does not name the key: `{password secret}` and `{password:secret}` are keys without a colon too.
    if (value === null)
      report({ ...spot, offset: key.range[0] }, walk, 'a key needs a colon and a space after it');
    else if (name === undefined || name === '__proto__') report(keySpot, walk, 'a key must be plain text');
    // As in Go's YAML, of a key and a merge that brings it the one that stands below wins.
    else if (name === '<<' && isScalar(key) && key.type === 'PLAIN')
      for (const [merged, built] of mergedEntries(value, keySpot, walk)) entries.set(merged, built);
    else if (own.has(name)) report(keySpot, walk, 'the same key stands here twice');
    else {
      own.add(name);
      entries.set(name, build(value, keySpot, walk));
    }
  }
  return {
    value: Object.fromEntries(Array.from(entries, ([name, { value }]) => [name, value])),
    place: placeOf(
      spot,
      Array.from(entries, ([name, { place }]) => [name, place] as const),
    ),
  };
}

/** The keys that `<<: *one` or `<<: [*one, *two]` adds. Of two equal keys, the earlier wins. */
function mergedEntries(node: ParsedNode | null, spot: Spot, walk: Walk): ReadonlyMap<string, Built> {
  const merged = new Map<string, Built>();
  const sources = isSeq(node) ? node.items : [node];
  for (const source of sources) {
    const { value, place } = build(source, spot, walk);
    if (!isMapping(value)) {
      report(spot, walk, '<< merges mappings only');
      continue;
    }
    for (const [name, inner] of Object.entries(value))
      if (!merged.has(name)) merged.set(name, { value: inner, place: place.entries.get(name) ?? place });
  }
  return merged;
}

/** Reports a problem. Within an alias it was reported before, when the node itself was found. */
function report({ offset, path }: Spot, walk: Walk, message: string, always = false): void {
  if (walk.aliasDepth === 0 || always) walk.problems.push({ offset, path, message });
}

function keyText(key: Scalar): string | undefined {
  const value = scalarValue(key);
  return value === null ? undefined : scalarText(value);
}

function scalarValue({ value, source }: Scalar): unknown {
  if (typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint')
    return new YamlScalar(source ?? `${value}`, value);
  return value;
}

function nothing(spot: Spot): Built {
  return { value: null, place: placeOf(spot) };
}

function placeOf({ offset }: Spot, entries: readonly (readonly [string | number, Place])[] = []): Place {
  return { offset, entries: new Map(entries) };
}
