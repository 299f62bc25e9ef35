import { stringify } from 'yaml';
import { definitionsResource, needsDefinitions } from './custom/collect.ts';
import type { CustomResource } from './custom/config.ts';
import type { KubeStateConfig } from './options.ts';
import { selectedResources } from './render.ts';

/**
 * Returns the YAML manifest of a ClusterRole that may list the configured resources: no `watch`, no `get`. Bind it to the
 * user of the connection's credentials.
 */
export function clusterRoleFor(configs: readonly KubeStateConfig[]): string {
  const byGroup = new Map<string, Set<string>>();
  const listed = configs.flatMap((config) => [
    ...selectedResources(config).map(({ apiVersion, resource }) => ({
      group: apiVersion.includes('/') ? (apiVersion.split('/')[0] ?? '') : '',
      resource,
    })),
    ...rightsFor(config.custom_resource_state_config?.spec.resources ?? []),
  ]);
  for (const { group, resource } of listed) {
    const names = byGroup.get(group) ?? new Set();
    byGroup.set(group, names.add(resource));
  }
  const rules = [...byGroup]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([group, names]) => ({ apiGroups: [group], resources: [...names].sort(), verbs: ['list'] }));
  return stringify({
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRole',
    metadata: { name: 'muster-kube-state' },
    rules,
  });
}

/** The permission to list a resource; `*` means all resources of the group. */
interface ListRight {
  readonly group: string;
  readonly resource: string;
}

/** The permissions that custom resources need. The cluster is not read, so a plural may be a guess. */
function rightsFor(resources: readonly CustomResource[]): readonly ListRight[] {
  const group = definitionsResource.apiVersion.replace(/\/.*/, '');
  const definitions = { group, resource: definitionsResource.resource };
  return [
    ...resources.map(({ groupVersionKind: { group, kind }, resourcePlural }) => ({
      group,
      resource: kind === '*' ? '*' : resourcePlural || guessPlural(kind),
    })),
    ...(resources.some(needsDefinitions) ? [definitions] : []),
  ];
}

/**
 * Guesses the plural of a kind in API paths: the English plural in lower case, as controller-gen makes it. A definition
 * in the cluster may have another one. Source: gobuffalo/flect, which controller-gen uses.
 */
export function guessPlural(kind: string): string {
  const name = kind.toLowerCase();
  const [ending, plural] = endings.find(([ending]) => name.endsWith(ending)) ?? ['', 's'];
  return name.slice(0, name.length - ending.length) + plural;
}

/** Endings and their plurals; the first that fits counts. A name that ends in `s` is taken as a plural. */
const endings = [
  ['person', 'people'],
  ['child', 'children'],
  ['mouse', 'mice'],
  ['index', 'indices'],
  ['matrix', 'matrices'],
  ['vertex', 'vertices'],
  ['alias', 'aliases'],
  ['status', 'statuses'],
  ['bus', 'buses'],
  ['box', 'boxes'],
  ['man', 'men'],
  ['analysis', 'analyses'],
  ['ss', 'sses'],
  ['s', 's'],
  ['x', 'xes'],
  ['tz', 'tzes'],
  ['ch', 'ches'],
  ['sh', 'shes'],
  ['fe', 'ves'],
  ['lf', 'lves'],
  ['io', 'ios'],
  ['oo', 'oos'],
  ['o', 'oes'],
  ['ay', 'ays'],
  ['ey', 'eys'],
  ['oy', 'oys'],
  ['guy', 'guys'],
  ['y', 'ies'],
] as const;
