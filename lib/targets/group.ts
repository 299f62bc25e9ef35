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

/** The labels with these names. If all labels have them, the given object itself. */
export function pickLabels(labels: LabelSet, wanted: (name: string) => boolean): LabelSet {
  for (const name in labels) {
    if (!wanted(name)) return Object.fromEntries(Object.entries(labels).filter(([one]) => wanted(one)));
  }
  return labels;
}

const invalidCharacter = /[^a-zA-Z0-9_]/gu;

/**
 * Makes any text usable as the tail of a label name: each character that a label name cannot hold becomes `_`.
 * Two names can become one; the caller decides which wins. Source: prometheus/util/strutil, SanitizeLabelName.
 */
export function sanitizeLabelName(name: string): string {
  return name.replace(invalidCharacter, '_');
}

/** Whether the name is a label name of Prometheus 3: any well-formed text that is not empty. */
export function isLabelName(name: string): boolean {
  return name !== '' && name.isWellFormed();
}

/** Whether it is a label name of Prometheus 2, as for `metric_name_validation_scheme: legacy`. */
export function isLegacyLabelName(name: string): boolean {
  return /^[a-zA-Z_][a-zA-Z0-9_]*$/.test(name);
}

/**
 * `host:port` as Go's net.JoinHostPort writes it: a host with a colon or a per-cent sign gets brackets.
 */
export function joinHostPort(host: string, port: number | string): string {
  return host.includes(':') || host.includes('%') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** A target at `host:port` with these labels. Empty ones are left out. */
export function targetAt(host: string, port: number | string, labels: LabelSet = {}): LabelSet {
  return withoutEmpty({ [addressLabel]: joinHostPort(host, port), ...labels });
}

/** A label for each key, after the prefix, in sorted order: if several keys become the same name, the last one wins. */
export function mapLabels(prefix: string, map: ReadonlyMap<string, string>): LabelSet {
  const keys = [...map.keys()].sort();
  return Object.fromEntries(keys.map((key) => [prefix + sanitizeLabelName(key), map.get(key) ?? '']));
}
