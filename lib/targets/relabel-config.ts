import type { RelabelRegex } from './relabel-regex.ts';

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

/** One rule of `relabel_configs`, after defaults and checks. */
export interface RelabelConfig {
  readonly source_labels: readonly string[];
  readonly separator: string;
  readonly regex: RelabelRegex;
  readonly modulus: bigint;
  readonly target_label: string;
  readonly replacement: string;
  readonly action: RelabelAction;
  /** Only names of letters, digits and `_` may be written; absent for any name of Prometheus 3. */
  readonly names?: 'legacy';
}
