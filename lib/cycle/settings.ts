import * as z from 'zod';
import type { LabelSet } from '../targets/group.ts';
import type { Guard } from '../targets/guard.ts';
import { compileRegex, type RelabelConfig, relabelActions } from '../targets/relabel-config.ts';
import { labelSet } from './document.ts';

const rule = z.object({
  action: z.enum(relabelActions),
  source_labels: z.array(z.string()).optional(),
  separator: z.string().optional(),
  regex: z.string().optional(),
  /** A whole number below 2^64, in digits. */
  modulus: z
    .string()
    .regex(/^\d{1,20}$/)
    .optional(),
  target_label: z.string().optional(),
  replacement: z.string().optional(),
  names: z.literal('legacy').optional(),
});

/**
 * How a provider is configured, as its status shows it to readers without the configuration: what is listed, how often,
 * and what becomes of the targets. No credential is in it. Durations are in seconds.
 */
export const settingsSchema = z.object({
  mechanism: z.string(),
  /** The backend server, without credentials. */
  server: z.string(),
  refresh_interval_seconds: z.number(),
  /** Who runs the rules. */
  relabel: z.enum(['prometheus', 'publish']),
  /** Whether all labels are published, or those that the rules can read. */
  labels: z.enum(['all', 'needed']),
  guard: z.object({
    max_removed: z.number(),
    min_targets: z.number(),
    confirm_after_seconds: z.number(),
    confirm_empty_after_seconds: z.union([z.number(), z.literal('never')]),
  }),
  /** What the job's other keys give a target where discovery says nothing: `job`, `__scheme__`, … */
  scrape_labels: labelSet,
  /** Absent if they are too long for the status. */
  relabel_configs: z.array(rule).optional(),
});

/** Settings of a provider, as its status shows them. */
export type Settings = z.infer<typeof settingsSchema>;

/** What settings are made of; durations in milliseconds. */
export interface SettingsInput {
  readonly mechanism: string;
  readonly server: string;
  readonly refreshInterval: number;
  readonly relabel: Settings['relabel'];
  readonly labels: Settings['labels'];
  readonly guard: Guard;
  readonly scrapeLabels: LabelSet;
  readonly rules: readonly RelabelConfig[];
}

/** Bytes of rules, as JSON, that a status holds at most: it is written every cycle. */
const longestRules = 64 << 10;

/** The settings of a provider for its status. */
export function settingsOf(input: SettingsInput): Settings {
  const { mechanism, server, refreshInterval, relabel, labels, guard, scrapeLabels, rules } = input;
  const { max_removed, min_targets, confirm_after, confirm_empty_after } = guard;
  const written = rules.map(writeRule);
  return {
    ...{ mechanism, server, relabel, labels },
    refresh_interval_seconds: refreshInterval / 1000,
    guard: {
      ...{ max_removed, min_targets },
      confirm_after_seconds: confirm_after / 1000,
      confirm_empty_after_seconds: confirm_empty_after === 'never' ? 'never' : confirm_empty_after / 1000,
    },
    scrape_labels: withoutSecrets(scrapeLabels),
    ...(JSON.stringify(written).length <= longestRules && { relabel_configs: written }),
  };
}

/** Parameters of a scrape can be credentials, which no status holds. */
function withoutSecrets(labels: LabelSet): LabelSet {
  const isSecret = /^__param_.*(?:token|secret|pass|key|auth|cred|sig)/i;
  return Object.fromEntries(
    Object.entries(labels).map(([name, value]) => [name, isSecret.test(name) ? '<secret>' : value]),
  );
}

function writeRule(config: RelabelConfig): z.infer<typeof rule> {
  const { action, source_labels, separator, regex, modulus, target_label, replacement, names } = config;
  return {
    action,
    ...(source_labels.length > 0 && { source_labels: [...source_labels] }),
    ...(separator !== defaults.separator && { separator }),
    ...(regex.source !== defaults.regex && { regex: regex.source }),
    ...(modulus !== 0n && { modulus: String(modulus) }),
    ...(target_label !== '' && { target_label }),
    ...(replacement !== defaults.replacement && { replacement }),
    names,
  };
}

/** Source: Prometheus configuration reference, relabel_config. */
const defaults = { separator: ';', regex: '(.*)', replacement: '$1' } as const;

/** The rules as they can be run; undefined if the settings do not have them, or one cannot be read. */
export function rulesOf({ relabel_configs }: Settings): readonly RelabelConfig[] | undefined {
  const rules = relabel_configs?.map(
    ({ source_labels = [], separator, modulus, target_label = '', ...one }) => {
      const regex = compileRegex(one.regex ?? defaults.regex);
      return typeof regex === 'string'
        ? undefined
        : {
            action: one.action,
            source_labels,
            separator: separator ?? defaults.separator,
            regex,
            modulus: BigInt(modulus ?? 0),
            target_label,
            replacement: one.replacement ?? defaults.replacement,
            ...(one.names !== undefined && { names: one.names }),
          };
    },
  );
  return rules?.every((one) => one !== undefined) ? rules : undefined;
}
