import { readFileSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import * as z from 'zod';
import { connectionFields, connectionRules } from '../backends/kubernetes/schema.ts';
import { codeOf, MusterError } from '../base/errors.ts';
import * as field from '../config/fields.ts';
import { withHttpClient } from '../config/http-client.ts';
import type { KeyTexts } from '../config/key-texts.ts';
import { ConfigError, inFileOrder, nearest, problemsOf } from '../config/problem.ts';
import { httpSdConfig } from '../config/sd-config.ts';
import { atMostOne, findings, rule, section } from '../config/section.ts';
import { type JsonSchema, scalarShape, withShape } from '../config/shape.ts';
import { maxConfigBytes, readYaml } from '../config/yaml-document.ts';
import { isMetricsName } from '../targets/keys.ts';
import { type CustomResourceState, customResourceState } from './custom/config.ts';
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
  name: field.leaf('a name of letters, digits, - and _', (name) =>
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
  shard: field.int({ min: 0 }).optional(),
  total_shards: field.int({ min: 1, max: 1000 }, 1),
  custom_resource_state_config: customResourceState.optional(),
  custom_resource_state_config_file: field.nonEmptyText().optional(),
  custom_resource_state_only: field.bool(false),
  use_apiserver_cache: field.bool(false),
  node: field.unlessEmpty(field.leaf('the name of a node', (name) => (isNodeName(name) ? name : undefined))),
  track_unscheduled_pods: field.bool(false),
  object_limit: field.int({ min: 0 }, 0),
  deadline: field.duration('60s'),
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
    const limit = `at most ${field.formatDuration(longestAge)} together with the deadline of ${field.formatDuration(deadline)}`;
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
  const several = field.leaf(what, (source) => {
    const values: Value[] = [];
    for (const text of splitFlag(source)) {
      const value = read(text);
      if (value === undefined) return undefined;
      values.push(value);
    }
    return values;
  });
  const texts = withShape(field.list(several), { what: `a list, each ${what}`, json: flagShape });
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
  const texts = field
    .list(field.leaf('a list of labels, as in pods=[app,team] or nodes=[*]', parseLabelList))
    .transform((lists): LabelLists => Object.assign({}, ...lists));
  const mapping: z.ZodType<LabelLists> = field.mapOf(
    field.list(
      field.leaf('a label, with one * at most', (key) => (isLabelPattern(key) ? key.trim() : undefined)),
    ),
  );
  const labels = 'labels by resource, as in pods=[app,team]';
  return withShape(z.unknown(), { what: labels, json: flagShape }).transform((input, context) => {
    const schema = field.isMapping(input) ? mapping : texts;
    const parsed = schema.safeParse(field.isMapping(input) ? input : asList(input));
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
  return field.isMapping(input) ? Object.keys(input) : [input];
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

/**
 * Returns the output with the content of its `custom_resource_state_config_file`, whose path is relative to the directory.
 * Throws kind `config` if the file cannot be read, and a `ConfigError` for its faults.
 */
export function withConfigFile(config: KubeStateConfig, directory: string): KubeStateConfig {
  const { name, custom_resource_state_config_file: file } = config;
  if (file === undefined) return config;
  const path = resolve(directory, file);
  return { ...config, custom_resource_state_config: parseCustomResourceState(read(path, name), path) };
}

/** Parses a configuration file of kube-state-metrics. `origin` names it in messages. Throws a `ConfigError`. */
export function parseCustomResourceState(text: string, origin: string): CustomResourceState {
  const file = readYaml(text);
  if (file.value === undefined) throw new ConfigError(origin, inFileOrder(file.problems));
  const parsed = customResourceState.safeParse(file.value ?? {});
  const issues = parsed.success ? [] : parsed.error.issues.flatMap(problemsOf);
  const problems = [...file.problems, ...issues.map(({ path, message }) => file.problemAt(path, message))];
  if (parsed.success && problems.length === 0) return parsed.data;
  throw new ConfigError(origin, inFileOrder(problems));
}

function read(path: string, output: string): string {
  const fail = (what: string, cause?: unknown) =>
    new MusterError('config', `${output}: custom_resource_state_config_file: ${path} ${what}`, { cause });
  const bytes = attempt(
    () => (statSync(path).size > maxConfigBytes ? undefined : readFileSync(path)),
    (error) => {
      const code = codeOf(error) ?? 'unknown';
      return fail(code === 'ENOENT' ? 'does not exist' : `cannot be read (${code})`, error);
    },
  );
  if (bytes === undefined) throw fail(`is over ${maxConfigBytes} bytes`);
  return attempt(
    () => new TextDecoder('utf-8', { fatal: true }).decode(bytes),
    (error) => fail('is not UTF-8 text', error),
  );
}

function attempt<T>(work: () => T, failure: (error: unknown) => MusterError): T {
  try {
    return work();
  } catch (error) {
    throw failure(error);
  }
}

const labelled = 'Labels whose values are found in the object.';
const found = {
  path: ['Where in the object the value is.', ['status', 'replicas']],
  labelsFromPath: [labelled, { team: ['metadata', 'labels', 'team'] }],
} as const;
const labels: KeyTexts = {
  commonLabels: ['Labels with fixed values.', { team: 'a' }],
  labelsFromPath: found.labelsFromPath,
};
const valueFrom = ['Path below `path` of the value.', ['ready']] as const;
const labelFromKey = ['Label for the key, where the path leads to a mapping.', 'type'] as const;
const resource = 'custom_resource_state_config.spec.resources[]';
const each = `${resource}.metrics[].each`;

/** The keys of `kube_state_metrics`. */
export const kubeStateTexts: KeyTexts = {
  name: ['Name of the output, and of its path at the sidecar.', 'prod'],
  kubernetes: ['How the API server is reached.', { api_server: 'https://k8s.example:6443' }],
  resources: ['Resources that are listed. Default: those of kube-state-metrics.', ['pods', 'nodes']],
  namespaces: ['Namespaces that are listed. Default: all.', ['web']],
  namespaces_denylist: ['Namespaces that are left out.', ['kube-system']],
  metric_allowlist: ['Only families whose name matches one of these.', ['kube_pod_.*']],
  metric_denylist: ['No families whose name matches one of these.', ['kube_pod_tolerations']],
  metric_opt_in_list: ['Families to add that are off by default.', ['kube_pod_nodeselectors']],
  metric_labels_allowlist: ['Labels of objects that become labels of `kube_*_labels`.', 'pods=[app,team]'],
  metric_annotations_allowlist: ['The same for annotations.', 'namespaces=[owner]'],
  shard: ['The one shard that is written. Default: each.', 0],
  total_shards: ['Number of shards.', 4],
  custom_resource_state_config: [
    'Metrics of custom resources, as in kube-state-metrics.',
    { spec: { resources: [] } },
  ],
  'custom_resource_state_config.kind': ['Kind of the document.', 'CustomResourceStateMetrics'],
  'custom_resource_state_config.spec': ['The document itself.', { resources: [] }],
  'custom_resource_state_config.spec.resources': ['Custom resources that are listed.', []],
  ...below(resource, {
    groupVersionKind: [
      'Which resource; `*` for any.',
      { group: 'cert-manager.io', version: 'v1', kind: 'Certificate' },
    ],
    'groupVersionKind.group': ['Its API group.', 'cert-manager.io'],
    'groupVersionKind.version': ['Its version.', 'v1'],
    'groupVersionKind.kind': ['Its kind.', 'Certificate'],
    metricNamePrefix: ["Stands before the metrics' names.", 'cert'],
    ...labels,
    resourcePlural: ['Plural in the paths of the API.', 'certificates'],
    errorLogV: ['Taken and not read.', 5],
    metrics: ['Its metrics.', []],
    ...below('metrics[]', {
      name: ['Name after the prefix.', 'ready'],
      help: ['Text for HELP.', 'Whether the certificate is ready.'],
      ...labels,
      errorLogV: ['Taken and not read.', 5],
      each: ['How the values are found.', { type: 'Gauge', gauge: { path: ['status', 'replicas'] } }],
    }),
  }),
  ...below(each, {
    type: ['Type of the metric; the key of its name stands beside.', 'Gauge'],
    gauge: ['A number.', { path: ['status', 'replicas'] }],
    ...below('gauge', {
      ...found,
      labelFromKey,
      valueFrom,
      nilIsZero: ['A value that is not there is 0.', true],
    }),
    stateSet: [
      'A state of several.',
      { path: ['status', 'phase'], labelName: 'phase', list: ['Ready', 'Failed'] },
    ],
    ...below('stateSet', {
      ...found,
      labelName: ['Label for the state.', 'phase'],
      list: ['All states.', ['Ready', 'Failed']],
      valueFrom,
    }),
    info: ['A 1 with labels.', { labelsFromPath: { version: ['spec', 'version'] } }],
    ...below('info', { ...found, labelFromKey }),
  }),
  custom_resource_state_config_file: ['The same in a file, relative to this one.', 'custom-resources.yml'],
  custom_resource_state_only: ['List custom resources and nothing else.', true],
  use_apiserver_cache: ['Take what the API server has in its cache.', true],
  node: ['Only pods of this node; with `resources: [pods]`.', 'node-1'],
  track_unscheduled_pods: ['Only pods without a node; with `resources: [pods]`.', true],
  object_limit: ['Objects of a list that are looked at; 0 for all.', 1000],
  deadline: ['How long one listing may take.', '2m'],
};

function below(path: string, texts: KeyTexts): KeyTexts {
  return Object.fromEntries(Object.entries(texts).map(([key, text]) => [`${path}.${key}`, text]));
}
