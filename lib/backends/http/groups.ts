import * as z from 'zod';
import { listBody, listField, mapField, textField } from '../../http/json.ts';
import { encodeLabels } from '../../targets/canonical.ts';
import { addressLabel, type LabelSet, type TargetGroup, withoutEmpty } from '../../targets/group.ts';

/**
 * The label that Muster adds to the targets of an HTTP endpoint; the others are the endpoint's own. Source: Prometheus
 * configuration reference, http_sd_config.
 */
const labels = {
  url: '__meta_url',
} as const;

/**
 * The target groups of an answer; groups with equal labels become one. A group's source is its labels. Prometheus uses
 * its position, by which one new group at the beginning would change all others.
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

const group = z.preprocess(
  withSmallKeys,
  z.strictObject({
    targets: listField(textField),
    labels: mapField(textField).refine((map) => !map.has(''), 'a label has no name'),
  }),
);

/** The whole answer of an endpoint. Source: Prometheus, configuration of HTTP service discovery. */
export const groupList = listBody(group);

/** A group as the endpoint writes it. */
export type Group = z.infer<typeof group>;

/** Go reads keys in any case, so endpoints that write `Targets` work with Prometheus. */
function withSmallKeys(input: unknown): unknown {
  if (typeof input !== 'object' || input === null || Array.isArray(input)) return input;
  return Object.fromEntries(Object.entries(input).map(([key, value]) => [key.toLowerCase(), value]));
}
