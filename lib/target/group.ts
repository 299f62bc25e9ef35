/** Label names to values. An empty value means the same as an absent label, as in Prometheus. */
export type LabelSet = Readonly<Record<string, string>>;

/**
 * Targets that share labels, as a mechanism finds them: what Prometheus calls a target group.
 * Source: prometheus/discovery/targetgroup.
 */
export interface TargetGroup {
  /** Identifies the group within its provider. */
  readonly source: string;
  /** Labels of all targets of the group. */
  readonly labels: LabelSet;
  /** Each target's own labels, `__address__` among them; they win over the group's. */
  readonly targets: readonly LabelSet[];
}

/** The label that holds `host:port` of a target. */
export const addressLabel = '__address__';

/** Prefix of the labels that a mechanism attaches; Prometheus drops them after relabelling. */
export const metaPrefix = '__meta_';

/** All labels of one target: its own over the group's, empty ones left out. */
export function targetLabels(group: TargetGroup, target: LabelSet): LabelSet {
  return withoutEmpty({ ...group.labels, ...target });
}

/** The same labels without those whose value is empty. */
export function withoutEmpty(labels: LabelSet): LabelSet {
  for (const name in labels) {
    if (labels[name] === '')
      return Object.fromEntries(Object.entries(labels).filter(([, value]) => value !== ''));
  }
  return labels;
}
