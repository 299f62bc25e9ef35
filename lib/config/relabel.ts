import { stringify } from 'yaml';
import * as z from 'zod';
import { isLabelName, isLegacyLabelName } from '../targets/group.ts';
import {
  compileRegex,
  type RelabelAction,
  type RelabelConfig,
  type RelabelRegex,
  relabelActions,
} from '../targets/relabel-config.ts';
import * as field from './fields.ts';
import { enumerate } from './problem.ts';
import { rule, type SectionOf, section } from './section.ts';
import { anyCaseShape } from './shape.ts';

const defaults = { separator: ';', regex: '(.*)', replacement: '$1' };

/** These keys are text even without a value, as in Prometheus: `replacement:` alone removes the label. */
const textKeys = Object.keys(defaults);

const fields = {
  source_labels: field.list(
    field.leaf('the name of a label', (source) => (isLabelName(source) ? source : undefined)),
  ),
  separator: field.text(defaults.separator),
  regex: regex(),
  modulus: modulus(),
  target_label: field.text(''),
  replacement: field.text(defaults.replacement),
  action: action(),
};

type Keys = SectionOf<typeof fields>;

/** Actions that write or compare a label, and so need `target_label`. */
const needsTarget: readonly RelabelAction[] = [
  'replace',
  'hashmod',
  'lowercase',
  'uppercase',
  'keepequal',
  'dropequal',
];

/** Actions that refuse keys that they do not read. */
const takesOnly: Readonly<Partial<Record<RelabelAction, readonly (keyof Keys)[]>>> = {
  keepequal: ['source_labels', 'target_label'],
  dropequal: ['source_labels', 'target_label'],
  labeldrop: ['regex'],
  labelkeep: ['regex'],
  lowercase: ['source_labels', 'separator', 'regex', 'modulus', 'target_label'],
  uppercase: ['source_labels', 'separator', 'regex', 'modulus', 'target_label'],
};

const relabelConfig = section(fields).check(
  rule(['target_label', 'action'], ({ target_label, action }) =>
    needsTarget.includes(action) && target_label === '' ? `action ${action} needs target_label` : undefined,
  ),
  rule(['modulus', 'action'], ({ modulus, action }) =>
    action === 'hashmod' && modulus === 0n ? 'action hashmod needs a modulus above 0' : undefined,
  ),
  rule(['replacement', 'action'], ({ replacement, action }) =>
    action === 'labelmap' && replacement === '' ? 'action labelmap needs a replacement' : undefined,
  ),
  unread('source_labels', ({ source_labels }) => source_labels.length === 0),
  unread('separator', ({ separator }) => separator === defaults.separator),
  unread('regex', ({ regex }) => regex.source === defaults.regex),
  unread('modulus', ({ modulus }) => modulus === 0n),
  unread('target_label', ({ target_label }) => target_label === ''),
  unread('replacement', ({ replacement }) => replacement === defaults.replacement),
);

/** `relabel_configs`. Source: prometheus/model/relabel, Config.Validate. */
export const relabelConfigs: z.ZodType<readonly RelabelConfig[]> = field.list(
  z.preprocess(keepEmptyTexts, relabelConfig),
);

/** A rule as a line of YAML, without keys that have their defaults. People read it and paste it. */
export function printRule(config: RelabelConfig): string {
  const { source_labels, separator, regex, modulus, target_label, replacement, action } = config;
  const keys = {
    source_labels: source_labels.length === 0 ? undefined : source_labels,
    separator: separator === defaults.separator ? undefined : separator,
    regex: regex.source === defaults.regex ? undefined : regex.source,
    modulus: modulus === 0n ? undefined : modulus,
    target_label: target_label === '' ? undefined : target_label,
    replacement: replacement === defaults.replacement ? undefined : replacement,
    action: action === 'replace' ? undefined : action,
  };
  const options = { collectionStyle: 'flow', flowCollectionPadding: false, lineWidth: 0 } as const;
  const text = stringify(keys, { ...options, singleQuote: true }).trimEnd();
  // Only double quotes can hold a line break of a value in one line.
  return text.includes('\n')
    ? stringify(keys, { ...options, defaultStringType: 'QUOTE_DOUBLE' }).trimEnd()
    : text;
}

function keepEmptyTexts(input: unknown): unknown {
  if (!field.isMapping(input)) return input;
  const entries = Object.entries(input).map(([key, value]) => [
    key,
    value === null && textKeys.includes(key) ? '' : value,
  ]);
  return Object.fromEntries(entries);
}

/** The condition that a key which the action does not read has its default. */
function unread<const Key extends keyof Keys>(key: Key, isDefault: (keys: Pick<Keys, Key>) => boolean) {
  return rule<Keys, Key | 'action'>([key, 'action'], (keys) => {
    const only = takesOnly[keys.action];
    if (only === undefined || only.includes(key) || isDefault(keys)) return undefined;
    return `action ${keys.action} takes ${enumerate(only)} only`;
  });
}

function action() {
  return field
    .leaf(
      enumerate(relabelActions, 'or'),
      (source) => relabelActions.find((name) => name === source.toLowerCase()),
      anyCaseShape(relabelActions),
    )
    .prefault('replace');
}

function modulus() {
  return field
    .leaf('a whole number below 2^64', (source) => {
      const value = /^\d{1,20}$/.test(source) ? BigInt(source) : 2n ** 64n;
      return value < 2n ** 64n ? value : undefined;
    })
    .prefault('0');
}

function regex() {
  return field
    .text()
    .transform((source, context): RelabelRegex => {
      const compiled = compileRegex(source);
      if (typeof compiled !== 'string') return compiled;
      context.addIssue({ code: 'custom', message: `is not a regular expression of RE2: ${compiled}` });
      return z.NEVER;
    })
    .prefault(defaults.regex);
}

/** `metric_name_validation_scheme`. Source: prometheus/config, ScrapeConfig and GlobalConfig. */
export const nameSchemeKey = field.unlessEmpty(field.oneOf(['utf8', 'legacy']));

/** Where the scheme may be set: in a scrape config, or in `global` for all. */
export interface NameSchemeKeys {
  readonly metric_name_validation_scheme?: 'utf8' | 'legacy' | undefined;
}

/** What Muster reads of `global`; the rest is left to Prometheus. */
export const globalKeys: z.ZodType<NameSchemeKeys> = z.preprocess(
  (input) => ({
    metric_name_validation_scheme:
      field.isMapping(input) && 'metric_name_validation_scheme' in input
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

/** A name that may hold `$1` or `${name}`. Source: prometheus/model/relabel, relabelTargetLegacy. */
const legacyTemplate = /^(?:[a-zA-Z_]|\$(?:\{\w+\}|\w+))(?:\w|\$(?:\{\w+\}|\w+))*$/;

/** The problem of a rule under the legacy scheme. Source: Config.Validate of prometheus/model/relabel. */
export function legacyProblem({ action, target_label, replacement }: RelabelConfig): string | undefined {
  if (action === 'labelmap')
    return legacyTemplate.test(replacement) ? undefined : refusal('replacement', replacement);
  if (!needsTarget.includes(action)) return undefined;
  const isTemplate = action === 'replace' && target_label.includes('$');
  if (isTemplate ? legacyTemplate.test(target_label) : isLegacyLabelName(target_label)) return undefined;
  return refusal('target_label', target_label);
}

function refusal(key: string, name: string): string {
  return `${key} ${JSON.stringify(name)} is no label name under "metric_name_validation_scheme: legacy": letters, digits and _ only`;
}
