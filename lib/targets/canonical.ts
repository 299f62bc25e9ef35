import { createHash, hash } from 'node:crypto';
import { addressLabel, type LabelSet, type TargetGroup } from './group.ts';

/**
 * A group in canonical form: JSON with sorted labels and targets, so that equal groups are equal text, however
 * the backend ordered them. Text is also the form in which a cycle holds a listing, packed where it is large: a
 * fraction of the memory of objects.
 */
export interface EncodedGroup {
  /** The JSON text; a packed group is unpacked on reading. */
  readonly json: string;
  /** The same in UTF-8, where it is kept so. */
  readonly utf8?: Uint8Array;
  /** SHA-256 of the text: equal groups have equal ones. */
  readonly digest: string;
  /** Characters of the text. */
  readonly length: number;
  /** How many targets a file of it has: distinct label sets with an address. */
  readonly targets: number;
  /** What its text is packed in, with those of other groups; absent for text as it is. */
  readonly pack?: object | undefined;
}

/** A full listing: its groups by source. */
export type Groups = ReadonlyMap<string, EncodedGroup>;

/**
 * The canonical form of a group. Empty labels are left out, except for a target's empty label over a group's
 * non-empty one, which hides it. Lone surrogates become U+FFFD, as UTF-8 has no form for them.
 */
export function encodeGroup(group: TargetGroup): EncodedGroup {
  const texts = targetTexts(group);
  const json = joinGroup(group, texts);
  return new PlainGroup(json, countAddressed(group, texts));
}

/**
 * A group with its text. A class: V8 sees that objects of a literal live long in a short list, and then makes those of a
 * long list in old memory, where they keep their texts until it is collected as a whole.
 */
class PlainGroup implements EncodedGroup {
  readonly json: string;
  readonly digest: string;
  readonly length: number;
  readonly targets: number;

  constructor(json: string, targets: number) {
    this.json = json;
    this.digest = hash('sha256', json, 'base64');
    this.length = json.length;
    this.targets = targets;
  }
}

/** The text of the canonical form alone, for those who do not compare. */
export function groupText(group: TargetGroup): string {
  return joinGroup(group, targetTexts(group));
}

function joinGroup({ source, labels }: TargetGroup, texts: readonly string[]): string {
  const name = JSON.stringify(source.toWellFormed());
  return `{"source":${name},"labels":${encodeLabels(labels)},"targets":[${texts.join(',')}]}`;
}

/** The targets in order, equal ones once: Prometheus makes one target of them. */
function targetTexts({ labels, targets }: TargetGroup): readonly string[] {
  const texts = targets.map((target) => encodeLabels(target, labels)).sort();
  const isRepeated = texts.some((text, index) => index > 0 && text === texts[index - 1]);
  return isRepeated ? [...new Set(texts)] : texts;
}

/** A target without address has a line in the file, but nobody scrapes it as it is. */
function countAddressed({ labels, targets }: TargetGroup, texts: readonly string[]): number {
  const inherited = labels[addressLabel] ?? '';
  const isComplete = targets.every((target) => (target[addressLabel] ?? inherited) !== '');
  if (isComplete) return texts.length;
  const addressed = targets.filter((target) => (target[addressLabel] ?? inherited) !== '');
  return new Set(addressed.map((target) => encodeLabels(target, labels))).size;
}

/** The group behind its canonical form, which must be one that `encodeGroup` made. */
export function decodeGroup({ json }: EncodedGroup): TargetGroup {
  const group: TargetGroup = JSON.parse(json);
  return group;
}

/**
 * Labels and targets of a group as the canonical form writes them. Quotes within a string are escaped, so these marks
 * stand in no label.
 */
export function partsOfGroup({ json }: EncodedGroup): { readonly labels: string; readonly targets: string } {
  const labels = json.indexOf(labelsMark) + labelsMark.length;
  const targets = json.indexOf(targetsMark, labels);
  return { labels: json.slice(labels, targets), targets: json.slice(targets + targetsMark.length) };
}

const labelsMark = ',"labels":{';
const targetsMark = '},"targets":[';

/** The groups by source, in the order of their sources. Of two with one source the later wins, as in Prometheus. */
export function toGroups(groups: Iterable<TargetGroup>): Groups {
  const bySource = new Map<string, EncodedGroup>();
  for (const group of groups) bySource.set(group.source.toWellFormed(), encodeGroup(group));
  return sortGroups(bySource);
}

/** The same groups in the order of their sources: the very list where it is in that order, as most are. */
export function sortGroups(groups: Groups): Groups {
  let last = '';
  for (const source of groups.keys()) {
    if (source < last) return new Map([...groups].sort(([a], [b]) => compare(a, b)));
    last = source;
  }
  return groups;
}

/** How many targets a listing has. */
export function countTargets(groups: Groups): number {
  let count = 0;
  for (const group of groups.values()) count += group.targets;
  return count;
}

/** SHA-256, in hex, of a listing in the order of its sources. */
export function hashGroups(groups: Groups): string {
  const hash = createHash('sha256');
  for (const source of [...groups.keys()].sort(compare))
    hash.update(groups.get(source)?.json ?? '').update('\n');
  return hash.digest('hex');
}

/**
 * Labels as JSON text in the order of their names. Left out are those that say what `under` says anyway: an empty one
 * that hides nothing, and one with the same value.
 */
export function encodeLabels(labels: LabelSet, under?: LabelSet): string {
  return orderedText(labels, under) ?? sortedText(labels, under);
}

/** The text of labels that are canonical as they stand, which V8 writes in half the time; `undefined` for others. */
function orderedText(labels: LabelSet, under: LabelSet | undefined): string | undefined {
  let last = '';
  for (const name in labels) {
    const value = labels[name];
    if (name <= last || value === '' || (under !== undefined && value === under[name])) return undefined;
    last = name;
  }
  const text = JSON.stringify(labels);
  return text.includes(loneSurrogate) ? undefined : text;
}

/** How JSON writes one, and also a backslash before such letters: then it is looked into for nothing. */
const loneSurrogate = '\\ud';

function sortedText(labels: LabelSet, under: LabelSet | undefined): string {
  let text = '';
  for (const name of Object.keys(labels).sort()) {
    const value = labels[name] ?? '';
    if (value === ownValue(under, name)) continue;
    text += `${text === '' ? '' : ','}${quoteName(name)}:${quote(value)}`;
  }
  return `{${text}}`;
}

/** Not what every object inherits, as `constructor`. */
function ownValue(labels: LabelSet | undefined, name: string): string {
  return labels !== undefined && Object.hasOwn(labels, name) ? (labels[name] ?? '') : '';
}

/** What JSON shows as it is: almost all values, which need not be looked through twice. */
const plain = /^[ !#-[\]-~]*$/;

function quote(value: string): string {
  return plain.test(value) ? `"${value}"` : JSON.stringify(value.toWellFormed());
}

/** Order by UTF-16 code units, the same on every machine. */
export function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

const quotedNames = new Map<string, string>();

/** Label names repeat in every group, so their JSON text is kept; the bound keeps hostile names from filling memory. */
function quoteName(name: string): string {
  const known = quotedNames.get(name);
  if (known !== undefined) return known;
  const quoted = JSON.stringify(name.toWellFormed());
  if (quotedNames.size < 10_000) quotedNames.set(name, quoted);
  return quoted;
}
