import type { Described } from './family.ts';
import type { KubeStateConfig } from './options.ts';
import { resources } from './registry.ts';
import type { Selection } from './render.ts';
import type { KubeStateResource } from './resource.ts';
import { keepShard } from './sharding.ts';
import { type Allow, allowKeys, type LabelLists } from './text/label-names.ts';

/** What the options select, for one shard. The namespaces are the caller's, who may have to look for its own. */
export function selectionOf(
  config: KubeStateConfig,
  namespaces: readonly string[],
  shard: number,
): Selection {
  const keep = keepShard(shard, config.total_shards);
  const selected = selectedResources(config);
  const custom = config.custom_resource_state_config?.spec.resources;
  return {
    resources: selected,
    custom,
    namespaces,
    deniedNamespaces: config.namespaces_denylist,
    podField: podFieldOf(config),
    objectLimit: config.object_limit,
    wants: wantsFamily(config),
    allowedLabels: allowed(config.metric_labels_allowlist, selected),
    allowedAnnotations: allowed(config.metric_annotations_allowlist, selected),
    keep,
  };
}

/** Pods without a node stand before those of one. Source: kube-state-metrics, pkg/app. */
function podFieldOf({ node, track_unscheduled_pods: unscheduled }: KubeStateConfig): string {
  if (unscheduled) return 'spec.nodeName=';
  return node === undefined ? '' : `spec.nodeName=${node}`;
}

/** The resources that are listed: those that are named, or the default ones. */
export function selectedResources({
  resources: names,
  custom_resource_state_only: onlyCustom,
}: KubeStateConfig): readonly KubeStateResource[] {
  if (onlyCustom) return [];
  if (names.length === 0) return resources.filter(({ notByDefault }) => notByDefault !== true);
  return resources.filter(({ resource }) => names.includes(resource));
}

/** Patterns match anywhere in a name, as in kube-state-metrics. */
function wantsFamily({ metric_allowlist, metric_denylist, metric_opt_in_list }: KubeStateConfig) {
  return ({ name, optIn }: Described): boolean => {
    const matches = (pattern: RegExp) => pattern.test(name);
    if (optIn === true && !metric_opt_in_list.some(matches)) return false;
    if (metric_allowlist.length > 0) return metric_allowlist.some(matches);
    return !metric_denylist.some(matches);
  };
}

/** A list for `*` stands before all others. */
function allowed(lists: LabelLists, selected: readonly KubeStateResource[]): ReadonlyMap<string, Allow> {
  const { '*': forAll } = lists;
  const byName = new Map<string, Allow>();
  for (const { resource } of selected) {
    const keys = forAll ?? (Object.hasOwn(lists, resource) ? lists[resource] : undefined);
    if (keys !== undefined && keys.length > 0) byName.set(resource, allowKeys(keys));
  }
  return byName;
}
