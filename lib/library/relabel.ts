import { MusterError } from '../base/errors.ts';
import { formatKeyPath, problemsOf } from '../config/problem.ts';
import { relabelConfigs, withNameScheme } from '../config/relabel.ts';
import type { LabelSet } from '../targets/group.ts';
import { labelsReadBy, relabel } from '../targets/relabel.ts';

export type { LabelSet };

/** Parsed `relabel_configs`, ready to be applied. */
export interface Rules {
  /** The labels after the rules; undefined if a rule drops the target. An empty label counts as absent. */
  readonly apply: (labels: LabelSet) => LabelSet | undefined;
  /** Whether a rule can read a label of this name, or the target keeps it by itself. */
  readonly reads: (name: string) => boolean;
}

/**
 * Reads `relabel_configs`, as JSON or YAML has them, with Prometheus's defaults, checks and regular expressions (RE2).
 * `names: 'legacy'` is `metric_name_validation_scheme: legacy`. Throws kind `config` with all that is wrong.
 */
export function readRules(rules: unknown, names: 'utf8' | 'legacy' = 'utf8'): Rules {
  const parsed = relabelConfigs.safeParse(rules, { jitless: true });
  if (!parsed.success) {
    const problems = parsed.error.issues.flatMap(problemsOf);
    const lines = problems.map(({ path, message }) => `relabel_configs${formatKeyPath(path)}: ${message}`);
    throw new MusterError('config', lines.join('; '));
  }
  const read = withNameScheme(parsed.data, names);
  return { apply: (labels) => relabel(labels, read), reads: labelsReadBy(read) };
}
