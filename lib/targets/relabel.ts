import { createHash } from 'node:crypto';
import { compare } from './canonical.ts';
import { isLabelName, isLegacyLabelName, type LabelSet, metaPrefix, withoutEmpty } from './group.ts';
import { expandTemplate, type RelabelConfig } from './relabel-config.ts';

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

/** Which labels the rules, or a target itself, can make use of: all but the `__meta_*` that no rule reads. */
export function labelsReadBy(rules: readonly RelabelConfig[]): (name: string) => boolean {
  const isRead = labelsReadByRules(rules);
  return (name) => !name.startsWith(metaPrefix) || isRead(name);
}

/** Which labels the rules read. */
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

/** What a rule looks at: the values of its source labels, joined. */
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
 * Maps each character by itself, as Go does: no character of a text depends on its neighbours, and one that would
 * become several stays (but the dotted capital I, whose lower case is a plain i).
 */
function mapCharacters(text: string, map: (character: string) => string): string {
  return Array.from(text, (character) => {
    const mapped = [...map(character)];
    return mapped.length === 1 || character === 'İ' ? (mapped[0] ?? character) : character;
  }).join('');
}
