import * as z from 'zod';
import { isLegacyLabelName } from '../targets/group.ts';
import type { RelabelAction, RelabelConfig } from '../targets/relabel-config.ts';
import { isMapping, oneOf, unlessEmpty } from './fields.ts';

/** `metric_name_validation_scheme`. Source: prometheus/config, ScrapeConfig and GlobalConfig. */
export const nameSchemeKey = unlessEmpty(oneOf(['utf8', 'legacy']));

/** Where the scheme may stand: in a scrape config, or in `global` for all. */
export interface NameSchemeKeys {
  readonly metric_name_validation_scheme?: 'utf8' | 'legacy' | undefined;
}

/** What Muster reads of `global`; the rest is left to Prometheus. */
export const globalKeys: z.ZodType<NameSchemeKeys> = z.preprocess(
  (input) => ({
    metric_name_validation_scheme:
      isMapping(input) && 'metric_name_validation_scheme' in input
        ? (input.metric_name_validation_scheme ?? undefined)
        : undefined,
  }),
  z.object({ metric_name_validation_scheme: nameSchemeKey }).prefault({}),
);

/** The scheme of a job. */
export function nameScheme(job: NameSchemeKeys, global: NameSchemeKeys): 'utf8' | 'legacy' {
  return job.metric_name_validation_scheme ?? global.metric_name_validation_scheme ?? 'utf8';
}

/** The rules of a job of the scheme. */
export function withNameScheme(
  rules: readonly RelabelConfig[],
  scheme: 'utf8' | 'legacy',
): readonly RelabelConfig[] {
  return scheme === 'legacy' ? rules.map((rule) => ({ ...rule, names: 'legacy' })) : rules;
}

/** Actions that write the label of `target_label`, or compare with it. */
const targeting: readonly RelabelAction[] = [
  'replace',
  'hashmod',
  'lowercase',
  'uppercase',
  'keepequal',
  'dropequal',
];

/** A name that may hold `$1` or `${name}`. Source: prometheus/model/relabel, relabelTargetLegacy. */
const legacyTemplate = /^(?:[a-zA-Z_]|\$(?:\{\w+\}|\w+))(?:\w|\$(?:\{\w+\}|\w+))*$/;

/** What is wrong with a rule by the legacy scheme. Source: Config.Validate of prometheus/model/relabel. */
export function legacyProblem({ action, target_label, replacement }: RelabelConfig): string | undefined {
  if (action === 'labelmap')
    return legacyTemplate.test(replacement) ? undefined : refusal('replacement', replacement);
  if (!targeting.includes(action)) return undefined;
  const isTemplate = action === 'replace' && target_label.includes('$');
  if (isTemplate ? legacyTemplate.test(target_label) : isLegacyLabelName(target_label)) return undefined;
  return refusal('target_label', target_label);
}

function refusal(key: string, name: string): string {
  return `${key} ${JSON.stringify(name)} is no label name under "metric_name_validation_scheme: legacy": letters, digits and _ only`;
}
