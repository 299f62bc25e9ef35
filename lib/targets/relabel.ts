import { createHash } from 'node:crypto';
import { compare } from './canonical.ts';
import { type LabelChange, labelChanges } from './diff.ts';
import {
  addressLabel,
  isLabelName,
  isLegacyLabelName,
  type LabelSet,
  metaPrefix,
  withoutEmpty,
} from './group.ts';
import { expandTemplate, type RelabelConfig } from './relabel-config.ts';
import { isBadAddress } from './scrapable.ts';

/**
 * The labels after the rules, or undefined when a rule drops the target. Empty labels count as absent.
 * Source: prometheus/model/relabel. Where a labelmap maps two labels to one name, the later in the order of names
 * wins; Prometheus leaves that to chance.
 */
export function relabel(labels: LabelSet, rules: readonly RelabelConfig[]): LabelSet | undefined {
  const current = new Map(Object.entries(withoutEmpty(labels)));
  for (const rule of rules) {
    if (!applyRule(current, rule)) return undefined;
  }
  return Object.fromEntries(current);
}

/** The labels that the rules or the target itself can use: all except `__meta_*` labels that no rule reads. */
export function labelsReadBy(rules: readonly RelabelConfig[]): (name: string) => boolean {
  const isRead = labelsReadByRules(rules);
  return (name) => !name.startsWith(metaPrefix) || isRead(name);
}

/** The labels that the rules read. */
export function labelsReadByRules(rules: readonly RelabelConfig[]): (name: string) => boolean {
  const names = new Set<string>();
  for (const { action, source_labels, target_label } of rules) {
    for (const name of source_labels) names.add(name);
    if (action === 'keepequal' || action === 'dropequal') names.add(target_label);
  }
  const maps = rules.filter(({ action }) => action === 'labelmap').map(({ regex }) => regex.pattern);
  return (name) => names.has(name) || maps.some((pattern) => pattern.matches(name));
}

/** Applies one rule in place; false when it drops the target. */
export function applyRule(labels: Map<string, string>, rule: RelabelConfig): boolean {
  const { action, regex, target_label: target } = rule;
  const value = sourceValue(labels, rule);
  switch (action) {
    case 'keep':
      return regex.pattern.matches(value);
    case 'drop':
      return !regex.pattern.matches(value);
    case 'keepequal':
      return (labels.get(target) ?? '') === value;
    case 'dropequal':
      return (labels.get(target) ?? '') !== value;
    case 'replace':
      replace(labels, rule, value);
      return true;
    case 'lowercase':
      set(
        labels,
        target,
        mapCharacters(value, (character) => character.toLowerCase()),
      );
      return true;
    case 'uppercase':
      set(labels, target, mapCharacters(value, toUpperCase));
      return true;
    case 'hashmod':
      set(labels, target, String(hashOf(value) % rule.modulus));
      return true;
    case 'labelmap':
      mapNames(labels, rule);
      return true;
    case 'labeldrop':
    case 'labelkeep':
      for (const name of [...labels.keys()]) {
        if (regex.pattern.matches(name) === (action === 'labeldrop')) labels.delete(name);
      }
      return true;
  }
}

/** The value that a rule reads: the values of its source labels, joined. */
export function sourceValue(
  labels: ReadonlyMap<string, string>,
  { source_labels, separator }: RelabelConfig,
): string {
  return source_labels.map((name) => labels.get(name) ?? '').join(separator);
}

/** The hash behind `hashmod`: the last eight bytes of the value's MD5. */
export function hashOf(value: string): bigint {
  return createHash('md5').update(value).digest().readBigUInt64BE(8);
}

function replace(
  labels: Map<string, string>,
  { regex, target_label, replacement, names }: RelabelConfig,
  value: string,
): void {
  const match = regex.pattern.matcher(value);
  if (!match.matches()) return;
  const target = expandTemplate(target_label, regex, match);
  const isName = names === 'legacy' ? isLegacyLabelName : isLabelName;
  if (isName(target)) set(labels, target, expandTemplate(replacement, regex, match));
}

function mapNames(labels: Map<string, string>, { regex, replacement }: RelabelConfig): void {
  for (const [name, value] of [...labels].sort(([a], [b]) => compare(a, b))) {
    const match = regex.pattern.matcher(name);
    if (match.matches()) set(labels, expandTemplate(replacement, regex, match), value);
  }
}

function set(labels: Map<string, string>, name: string, value: string): void {
  if (value === '') labels.delete(name);
  else labels.set(name, value);
}

/** Greek letters with an iota below have a capital of their own, which JavaScript spells with two. */
function toUpperCase(character: string): string {
  if (/[\u1f80-\u1f87\u1f90-\u1f97\u1fa0-\u1fa7]/.test(character)) return shifted(character, 8);
  return /[\u1fb3\u1fc3\u1ff3]/.test(character) ? shifted(character, 9) : character.toUpperCase();
}

function shifted(character: string, by: number): string {
  return String.fromCharCode(character.charCodeAt(0) + by);
}

/**
 * Maps each character alone, as Go does: the result does not depend on its neighbours, and a character that would
 * become several stays (except the dotted capital I, whose lower case is a plain i).
 */
function mapCharacters(text: string, map: (character: string) => string): string {
  return Array.from(text, (character) => {
    const mapped = [...map(character)];
    return mapped.length === 1 || character === 'İ' ? (mapped[0] ?? character) : character;
  }).join('');
}

/** What one rule did to a target. */
export interface RelabelStep {
  readonly rule: RelabelConfig;
  /** The value that it read: the values of its source labels, joined. */
  readonly value: string;
  /** The labels that it set, changed and removed, in the order of their names. */
  readonly changes: readonly LabelChange[];
  /** Whether it drops the target; then it is the last step. */
  readonly drops: boolean;
  /** All labels after it. If it drops the target, the labels of the dropped target. */
  readonly labels: LabelSet;
}

/** What the rules of a job did to a target, step by step. */
export interface RelabelTrace {
  /** All labels before the first rule, with those that Prometheus adds. */
  readonly discovered: LabelSet;
  /** A step for each rule, up to the one that drops the target. */
  readonly steps: readonly RelabelStep[];
  /** `refused`: no rule drops the target, but Prometheus does not scrape it with the address that it ends with. */
  readonly outcome: 'kept' | 'dropped' | 'refused';
  /** Why it is refused. */
  readonly refusal: string | undefined;
  /** What Prometheus keeps: no `__meta_*`, and an `instance`. Absent unless the target is kept. */
  readonly labels: LabelSet | undefined;
}

/**
 * Applies the rules one after another, like `relabel`, and records what each did. `labels` are those of discovery;
 * `scrapeLabels` come from the job's own keys and count if discovery does not set them. It ignores the interval and the
 * timeout of the scrape, which Prometheus checks too. Source: prometheus/scrape, PopulateLabels.
 */
export function traceRelabel(
  labels: LabelSet,
  rules: readonly RelabelConfig[],
  scrapeLabels: LabelSet = {},
): RelabelTrace {
  const discovered = withoutEmpty({ ...scrapeLabels, ...withoutEmpty(labels) });
  const current = new Map(Object.entries(discovered));
  const steps: RelabelStep[] = [];
  let before = discovered;
  for (const rule of rules) {
    const value = sourceValue(current, rule);
    const drops = !applyRule(current, rule);
    const after = Object.fromEntries(current);
    steps.push({ rule, value, changes: labelChanges(before, after), drops, labels: after });
    if (drops) return { discovered, steps, outcome: 'dropped', refusal: undefined, labels: undefined };
    before = after;
  }
  const refusal = refusalOf(before);
  return {
    ...{ discovered, steps, refusal },
    outcome: refusal === undefined ? 'kept' : 'refused',
    labels: refusal === undefined ? keptLabels(before) : undefined,
  };
}

function refusalOf(labels: LabelSet): string | undefined {
  const address = labels[addressLabel];
  if (address === undefined) return 'the rules leave it no address';
  return isBadAddress(labels) ? `"${address}" is no address that Prometheus can scrape` : undefined;
}

function keptLabels(labels: LabelSet): LabelSet {
  const { [addressLabel]: address = '' } = labels;
  const kept = Object.entries(labels).filter(([name]) => !name.startsWith(metaPrefix));
  return Object.fromEntries([['instance', address], ...kept]);
}
