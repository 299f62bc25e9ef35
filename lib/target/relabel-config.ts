import type { RE2JS } from 're2js';

/** What a relabelling rule can do. Source: Prometheus configuration reference, relabel_action. */
export const relabelActions = [
  'replace',
  'keep',
  'drop',
  'keepequal',
  'dropequal',
  'hashmod',
  'labelmap',
  'labeldrop',
  'labelkeep',
  'lowercase',
  'uppercase',
] as const;

export type RelabelAction = (typeof relabelActions)[number];

/** A regular expression as written, and compiled with both ends anchored as Prometheus anchors it. */
export interface RelabelRegex {
  readonly source: string;
  readonly pattern: RE2JS;
}

/** One rule of `relabel_configs`, after defaults and checks. */
export interface RelabelConfig {
  readonly source_labels: readonly string[];
  readonly separator: string;
  readonly regex: RelabelRegex;
  readonly modulus: bigint;
  readonly target_label: string;
  readonly replacement: string;
  readonly action: RelabelAction;
}
