import * as z from 'zod';
import { connectionFields, connectionRules } from '../backends/kubernetes/schema.ts';
import {
  bool,
  duration,
  formatDuration,
  int,
  isMapping,
  leaf,
  list,
  mapOf,
  nonEmptyText,
  unlessEmpty,
} from '../config/fields.ts';
import { withHttpClient } from '../config/http-client.ts';
import { nearest } from '../config/problem.ts';
import { httpSdConfig } from '../config/sd-config.ts';
import { atMostOne, findings, rule, section } from '../config/section.ts';
import { type JsonSchema, scalarShape, withShape } from '../config/shape.ts';
import { isMetricsName } from '../targets/keys.ts';
import { customResourceState } from './custom/config.ts';
import { longestAge } from './gzip-time.ts';
import { resources } from './registry.ts';
import { type LabelLists, parseLabelList } from './text/label-names.ts';

/** The connection keys of kubernetes_sd_configs. */
const connection = httpSdConfig('60s', connectionFields)
  .check(...connectionRules)
  .transform(withHttpClient);

/** A string, a list of strings, or a mapping whose keys count. */
const flagShape: JsonSchema = {
  anyOf: [scalarShape, { type: 'array', items: scalarShape }, { type: 'object' }],
};

const resourceNames = resources.map(({ resource }) => resource);

const keys = section({
  name: leaf('a name of letters, digits, - and _', (name) =>
    isMetricsName(name) && !name.includes('.') ? name : undefined,
  ),
  kubernetes: connection.prefault({}),
  resources: flagNames('a resource, as in pods').prefault([]),
  namespaces: flagNames('a namespace').prefault([]),
  namespaces_denylist: flagNames('a namespace').prefault([]),
  metric_allowlist: flagPatterns().prefault([]),
  metric_denylist: flagPatterns().prefault([]),
  metric_opt_in_list: flagPatterns().prefault([]),
  metric_labels_allowlist: labelLists().prefault([]),
  metric_annotations_allowlist: labelLists().prefault([]),
  shard: int({ min: 0 }).optional(),
  total_shards: int({ min: 1, max: 1000 }, 1),
  custom_resource_state_config: customResourceState.optional(),
  custom_resource_state_config_file: nonEmptyText().optional(),
  custom_resource_state_only: bool(false),
  use_apiserver_cache: bool(false),
  node: unlessEmpty(leaf('the name of a node', (name) => (isNodeName(name) ? name : undefined))),
  track_unscheduled_pods: bool(false),
  object_limit: int({ min: 0 }, 0),
  deadline: duration('60s'),
});

type Keys = z.output<typeof keys>;
type CustomKeys = 'custom_resource_state_config' | 'custom_resource_state_config_file';

/**
 * An element of `kube_state_metrics`. Keys have the names and meaning of kube-state-metrics's flags; `name`, `kubernetes`
 * and `deadline` are Muster's own. Source: kube-state-metrics, docs/developer/cli-arguments.
 */
export const kubeStateConfig = keys.check(
  rule<Keys, 'resources'>(['resources'], ({ resources }) => unknownResource(resources)),
  rule<Keys, 'metric_labels_allowlist'>(['metric_labels_allowlist'], (config) =>
    unknownResource(Object.keys(config.metric_labels_allowlist).filter((name) => name !== '*')),
  ),
  rule<Keys, 'metric_annotations_allowlist'>(['metric_annotations_allowlist'], (config) =>
    unknownResource(Object.keys(config.metric_annotations_allowlist).filter((name) => name !== '*')),
  ),
  rule<Keys, 'metric_denylist' | 'metric_allowlist'>(['metric_denylist', 'metric_allowlist'], (config) =>
    config.metric_denylist.length > 0 && config.metric_allowlist.length > 0
      ? 'cannot be combined with metric_allowlist'
      : undefined,
  ),
  rule<Keys, 'shard' | 'total_shards'>(['shard', 'total_shards'], ({ shard, total_shards }) =>
    shard !== undefined && shard >= total_shards ? 'must be less than total_shards' : undefined,
  ),
  atMostOne<Keys, CustomKeys>('custom_resource_state_config', 'custom_resource_state_config_file'),
  rule<Keys, 'custom_resource_state_only' | CustomKeys>(
    ['custom_resource_state_only', 'custom_resource_state_config', 'custom_resource_state_config_file'],
    (config) =>
      config.custom_resource_state_only &&
      (config.custom_resource_state_config ?? config.custom_resource_state_config_file) === undefined
        ? 'needs custom_resource_state_config, or custom_resource_state_config_file'
        : undefined,
  ),
  rule<Keys, 'node' | 'track_unscheduled_pods' | 'resources' | 'custom_resource_state_only'>(
    ['node', 'track_unscheduled_pods', 'resources', 'custom_resource_state_only'],
    ({ node, track_unscheduled_pods: unscheduled, resources, custom_resource_state_only: onlyCustom }) =>
      (node !== undefined || unscheduled) && !onlyCustom && resources.join() !== 'pods'
        ? 'needs "resources: [pods]": no other resource is listed by its node'
        : undefined,
  ),
  rule<Keys, 'namespaces' | 'kubernetes'>(['namespaces', 'kubernetes'], ({ namespaces, kubernetes }) =>
    namespaces.length > 0 && (kubernetes.namespaces.names.length > 0 || kubernetes.namespaces.own_namespace)
      ? 'cannot be combined with namespaces of kubernetes'
      : undefined,
  ),
  findings<Keys, 'kubernetes' | 'deadline'>(['kubernetes', 'deadline'], ({ kubernetes, deadline }) => {
    if (kubernetes.refresh_interval + deadline <= longestAge) return [];
    const limit = `at most ${formatDuration(longestAge)} together with the deadline of ${formatDuration(deadline)}`;
    return [
      {
        path: ['kubernetes', 'refresh_interval'],
        message: `must be ${limit}: text of an older listing is not served`,
      },
    ];
  }),
);

/** One output as configured, after defaults and checks. */
export type KubeStateConfig = z.output<typeof kubeStateConfig>;

function isNodeName(name: string): boolean {
  return /^[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?$/.test(name);
}

function unknownResource(names: readonly string[]): string | undefined {
  const unknown = names.find((name) => !resourceNames.includes(name));
  if (unknown === undefined) return undefined;
  const near = nearest(unknown, resourceNames);
  return `there is no resource ${unknown}${near === undefined ? '' : `, did you mean ${near}?`}`;
}

/**
 * A list as in a flag of kube-state-metrics: a string is split at its commas, and empty parts are dropped. A list of such
 * strings and a mapping, whose keys count, are accepted, too. `read` converts each part; undefined means that it is not
 * `what` it should be. Source: kube-state-metrics, pkg/options/types.go.
 */
function flagList<Value>(
  what: string,
  read: (text: string) => Value | undefined,
): z.ZodType<readonly Value[]> {
  const several = leaf(what, (source) => {
    const values: Value[] = [];
    for (const text of splitFlag(source)) {
      const value = read(text);
      if (value === undefined) return undefined;
      values.push(value);
    }
    return values;
  });
  const texts = withShape(list(several), { what: `a list, each ${what}`, json: flagShape });
  return z.preprocess(asList, texts).transform((found) => found.flat());
}

/** Names, without conversion. */
function flagNames(what: string): z.ZodType<readonly string[]> {
  return flagList(what, (text) => text);
}

/** ECMAScript regular expressions; flags such as `(?i)` may come first. Source: kube-state-metrics, pkg/allowdenylist. */
function flagPatterns(): z.ZodType<readonly RegExp[]> {
  return flagList('a regular expression', readPattern);
}

/**
 * Labels by resource: a string such as `pods=[app,team],nodes=[*]`, a list of such strings, or a mapping such as
 * `{pods: [app, team]}`.
 */
function labelLists(): z.ZodType<LabelLists> {
  const texts = list(leaf('a list of labels, as in pods=[app,team] or nodes=[*]', parseLabelList)).transform(
    (lists): LabelLists => Object.assign({}, ...lists),
  );
  const mapping: z.ZodType<LabelLists> = mapOf(
    list(leaf('a label, with one * at most', (key) => (isLabelPattern(key) ? key.trim() : undefined))),
  );
  const labels = 'labels by resource, as in pods=[app,team]';
  return withShape(z.unknown(), { what: labels, json: flagShape }).transform((input, context) => {
    const schema = isMapping(input) ? mapping : texts;
    const parsed = schema.safeParse(isMapping(input) ? input : asList(input));
    if (parsed.success) return parsed.data;
    for (const { message, path } of parsed.error.issues)
      context.addIssue({ code: 'custom', message, path: [...path] });
    return z.NEVER;
  });
}

function isLabelPattern(key: string): boolean {
  return key.trim() !== '' && key.split('*').length <= 2;
}

function asList(input: unknown): unknown {
  if (Array.isArray(input) || input === undefined) return input;
  return isMapping(input) ? Object.keys(input) : [input];
}

/** Splits at commas, but not within a repetition such as `a{1,3}`. */
function splitFlag(source: string): readonly string[] {
  return source
    .split(/,(?!\d*\})/)
    .map((text) => text.trim())
    .filter((text) => text !== '');
}

function readPattern(source: string): RegExp | undefined {
  const [options = '', letters = ''] = /^\(\?([imns]+)\)/.exec(source) ?? [];
  try {
    // The flag `n` only affects groups, which are not read here.
    return new RegExp(source.slice(options.length), [...new Set(letters)].join('').replace('n', ''));
  } catch {
    return undefined;
  }
}
