import { createHash } from 'node:crypto';
import {
  decodeGroup,
  type EncodedGroup,
  encodeGroup,
  encodeLabels,
  type Groups,
  partsOfGroup,
} from '../targets/canonical.ts';
import type { Change } from '../targets/diff.ts';
import { addressLabel, type LabelSet, metaPrefix, type TargetGroup, targetLabels } from '../targets/group.ts';

/** A target of one of two lists that are compared. */
export interface ComparedTarget {
  /** Source of its group. */
  readonly source: string;
  /** Source and scrape: what the gate remembers it by. */
  readonly id: string;
  /** Address, scheme, path and parameters: two targets that share it are one scrape. */
  readonly scrape: string;
  /** All its labels. */
  readonly labels: LabelSet;
}

/** What a listing lacks of a published list, and has beyond it. */
export interface Comparison {
  /** Published targets that are not listed, with any labels or source. */
  readonly missing: readonly ComparedTarget[];
  /** Listed targets that are not published, with any labels or source. */
  readonly gained: readonly ComparedTarget[];
}

/**
 * Compares two lists target by target. A target whose labels changed, or that moved to another group, is neither
 * missing nor gained: its scrape is there before and after. Only groups that the change touches are read.
 */
export function compareTargets(change: Change): Comparison {
  const missing: (readonly ComparedTarget[])[] = [];
  const gained: (readonly ComparedTarget[])[] = [];
  for (const group of change.removed.values()) missing.push(targetsOf(decodeGroup(group)));
  for (const group of change.added.values()) gained.push(targetsOf(decodeGroup(group)));
  for (const { before, after } of change.changed.values()) {
    if (keepsScrapes(before, after)) continue;
    const [old, now] = unmatched(targetsOf(decodeGroup(before)), targetsOf(decodeGroup(after)));
    if (old.length > 0) missing.push(old);
    if (now.length > 0) gained.push(now);
  }
  const [stillMissing, stillGained] = unmatched(missing.flat(), gained.flat());
  return { missing: stillMissing, gained: stillGained };
}

/**
 * Whether two versions of a group have the same scrapes, as far as their texts show it: the same targets, and no label
 * of the whole group that says what is scraped. So it is with most changes, and to parse them would take half of a cycle.
 */
function keepsScrapes(before: EncodedGroup, after: EncodedGroup): boolean {
  const old = partsOfGroup(before);
  const now = partsOfGroup(after);
  return old.targets === now.targets && !namesScrape(old.labels) && !namesScrape(now.labels);
}

/** Whether a JSON text may have a name that begins with two underscores and is no `__meta_*`. */
function namesScrape(labels: string): boolean {
  for (let at = labels.indexOf('"__'); at >= 0; at = labels.indexOf('"__', at + 1))
    if (!labels.startsWith(metaPrefix, at + 1)) return true;
  return false;
}

/** What is left of both when equal targets, then equal scrapes, are taken out in pairs. */
function unmatched(
  before: readonly ComparedTarget[],
  after: readonly ComparedTarget[],
): readonly [readonly ComparedTarget[], readonly ComparedTarget[]] {
  const exact = pairOff(before, after, labelsKey);
  return pairOff(...exact, ({ scrape }) => scrape);
}

function labelsKey({ labels }: ComparedTarget): string {
  return encodeLabels(labels);
}

function pairOff(
  before: readonly ComparedTarget[],
  after: readonly ComparedTarget[],
  keyOf: (target: ComparedTarget) => string,
): [readonly ComparedTarget[], readonly ComparedTarget[]] {
  if (before.length === 0 || after.length === 0) return [before, after];
  const counts = new Map<string, number>();
  for (const target of before) counts.set(keyOf(target), (counts.get(keyOf(target)) ?? 0) + 1);
  const left = after.filter((target) => !take(counts, keyOf(target)));
  // What the counts still hold was not found in `after`; the later ones of several equal ones go.
  const lost = before.toReversed().filter((target) => take(counts, keyOf(target)));
  return [lost.reverse(), left];
}

function take(counts: Map<string, number>, key: string): boolean {
  const count = counts.get(key) ?? 0;
  if (count > 0) counts.set(key, count - 1);
  return count > 0;
}

function targetsOf(group: TargetGroup): readonly ComparedTarget[] {
  return group.targets.map((target) => comparedTarget(group.source, targetLabels(group, target)));
}

/** A target of a source as the gate knows it, by all its labels. */
export function comparedTarget(source: string, labels: LabelSet): ComparedTarget {
  const scrape = scrapeOf(labels);
  return { source, id: idOf(source, scrape), scrape, labels };
}

/** The labels that say what is scraped: `__address__` and, without `__meta_*`, all others with two dashes in front. */
function scrapeOf(labels: LabelSet): string {
  let text = labels[addressLabel] ?? '';
  for (const name of Object.keys(labels).sort()) {
    if (!name.startsWith('__') || name.startsWith(metaPrefix) || name === addressLabel) continue;
    text += `\n${name}=${labels[name]}`;
  }
  return text;
}

/** A source may hold any character but comes first, so that the id of a whole group is its beginning. */
function idOf(source: string, scrape: string): string {
  return `${source}\n${createHash('sha256').update(scrape).digest('base64url').slice(0, 12)}`;
}

/** The addresses of a list. */
export function addressesOf(groups: Groups): ReadonlySet<string> {
  const addresses = new Set<string>();
  for (const encoded of groups.values()) {
    const group = decodeGroup(encoded);
    for (const target of group.targets) addresses.add(targetLabels(group, target)[addressLabel] ?? '');
  }
  return addresses;
}

/** How many targets of a list carry each label. */
export function countLabels(groups: Groups): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const encoded of groups.values()) {
    const group = decodeGroup(encoded);
    for (const target of group.targets)
      for (const name of Object.keys(targetLabels(group, target)))
        counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return counts;
}

/** The list without these targets; a group that loses none, or not all, stays written as it was. */
export function withoutTargets(groups: Groups, leaving: readonly ComparedTarget[]): Groups {
  if (leaving.length === 0) return groups;
  const rest = new Map(groups);
  for (const [source, targets] of Map.groupBy(leaving, (target) => target.source)) {
    const encoded = rest.get(source);
    if (encoded === undefined) continue;
    const group = decodeGroup(encoded);
    const [staying] = pairOff(targetsOf(group), targets, labelsKey);
    rest.delete(source);
    if (staying.length > 0) rest.set(source, encodeGroup(addTargets({ ...group, targets: [] }, staying)));
  }
  return rest;
}

/**
 * The list with these targets in it too, each under its source and with just the labels that it has. A group that is
 * then what it was in the list that they come `from` is written as there, so that a hold alone makes no new version.
 */
export function withTargets(groups: Groups, kept: readonly ComparedTarget[], from: Groups): Groups {
  if (kept.length === 0) return groups;
  const merged = new Map(groups);
  for (const [source, targets] of Map.groupBy(kept, (target) => target.source)) {
    const encoded = merged.get(source);
    const origin = from.get(source);
    const before = origin && decodeGroup(origin);
    const base =
      encoded === undefined ? { source, labels: before?.labels ?? {}, targets: [] } : decodeGroup(encoded);
    const group = addTargets(base, targets);
    merged.set(source, origin && before && isSame(before, group) ? origin : encodeGroup(group));
  }
  return merged;
}

function addTargets(group: TargetGroup, targets: readonly ComparedTarget[]): TargetGroup {
  const hidden = Object.fromEntries(Object.keys(group.labels).map((name) => [name, '']));
  const added = targets.map(({ labels }) => ({ ...hidden, ...labels }));
  return { ...group, targets: [...group.targets, ...added] };
}

/** Whether two groups hold the same targets, wherever their labels stand. */
function isSame(a: TargetGroup, b: TargetGroup): boolean {
  if (a.targets.length !== b.targets.length) return false;
  return pairOff(targetsOf(a), targetsOf(b), labelsKey).every((left) => left.length === 0);
}
