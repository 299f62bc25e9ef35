import type * as z from 'zod';
import { connectionFields, connectionRules } from '../backends/kubernetes/schema.ts';
import { formatDuration } from '../config/duration.ts';
import { bool, duration, int, leaf, nonEmptyText, unlessEmpty } from '../config/fields.ts';
import { withHttpClient } from '../config/http-client.ts';
import { nearest } from '../config/nearest.ts';
import { httpSdConfig } from '../config/sd-config.ts';
import { atMostOne, findings, rule, section } from '../config/section.ts';
import { longestAge } from '../target/gzip-head.ts';
import { isMetricsName } from '../target/names.ts';
import { customResourceState } from './custom/config.ts';
import { flagNames, flagPatterns, labelLists } from './flag-values.ts';
import { resources } from './registry.ts';

/** How the API server is reached: the connection keys of kubernetes_sd_configs. */
const connection = httpSdConfig('60s', connectionFields)
  .check(...connectionRules)
  .transform(withHttpClient);

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
 * An element of `kube_state_metrics`. Source: the flags of kube-state-metrics, docs/developer/cli-arguments, whose names
 * and meaning its keys have; `name`, `kubernetes` and `deadline` are of our own.
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
      ? 'can not go with metric_allowlist: one of them says which metrics there are'
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
      ? 'can not go with namespaces of kubernetes'
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
