import { encodeLabels } from '../../target/canonical.ts';
import { addressLabel, type LabelSet, type TargetGroup, withoutEmpty } from '../../target/group.ts';
import type { Group } from './bodies.ts';
import { labels } from './labels.ts';

/**
 * The target groups of an answer, those with equal labels as one. Their labels are their source: with their place in
 * the answer, as Prometheus has it, one more group at its beginning would change all others.
 */
export function buildGroups(groups: readonly Group[], url: string): TargetGroup[] {
  const bySource = new Map<string, { readonly labels: LabelSet; readonly targets: LabelSet[] }>();
  for (const group of groups) {
    const own = withoutEmpty(Object.fromEntries(group.labels));
    const source = encodeLabels(own);
    const known = bySource.get(source) ?? { labels: { ...own, [labels.url]: url }, targets: [] };
    bySource.set(source, known);
    for (const address of group.targets) known.targets.push({ [addressLabel]: address });
  }
  return [...bySource].map(([source, group]) => ({ source, ...group }));
}
