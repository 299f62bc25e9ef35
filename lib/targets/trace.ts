import { type LabelChange, labelChanges } from './diff.ts';
import { addressLabel, type LabelSet, metaPrefix, withoutEmpty } from './group.ts';
import { applyRule, sourceValue } from './relabel.ts';
import type { RelabelConfig } from './relabel-config.ts';
import { isBadAddress } from './scrapable.ts';

/** What one rule did to a target. */
interface RelabelStep {
  readonly rule: RelabelConfig;
  /** The values of its source labels, joined: what it looked at. */
  readonly value: string;
  /** The labels that it set, changed and removed, in the order of their names. */
  readonly changes: readonly LabelChange[];
  /** Whether it drops the target; then it is the last step. */
  readonly drops: boolean;
  /** All labels after it; of one that drops, those that it dropped. */
  readonly labels: LabelSet;
}

/** The way of a target through the rules of its job. */
export interface RelabelTrace {
  /** All labels before the first rule, those among them that Prometheus adds. */
  readonly discovered: LabelSet;
  /** A step a rule, up to the one that drops the target. */
  readonly steps: readonly RelabelStep[];
  /** `refused`: no rule drops the target, but Prometheus does not scrape it with the address that it ends with. */
  readonly outcome: 'kept' | 'dropped' | 'refused';
  /** Why it is refused. */
  readonly refusal: string | undefined;
  /** What Prometheus keeps: no `__meta_*`, and an `instance`. Absent unless the target is kept. */
  readonly labels: LabelSet | undefined;
}

/**
 * Applies the rules one after another, as `relabel` does, and tells what each did. `labels` are those of discovery;
 * `scrapeLabels` are what the job's own keys give where discovery says nothing. The interval and the timeout of the
 * scrape, which Prometheus judges too, are not looked at. Source: prometheus/scrape, PopulateLabels.
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
