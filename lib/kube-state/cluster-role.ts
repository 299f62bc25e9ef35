import { stringify } from 'yaml';
import type { CustomResource } from './custom/config.ts';
import { definitionsResource, needsDefinitions } from './custom/definitions.ts';
import type { KubeStateConfig } from './options.ts';
import { selectedResources } from './selection.ts';

/**
 * The manifest of a ClusterRole that may list the resources which are switched on, and nothing else: no `watch`, no
 * `get`. It is bound to whoever the connection's credentials stand for.
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

/** A resource that may be listed; `*` stands for all of its group. */
interface ListRight {
  readonly group: string;
  readonly resource: string;
}

/** What has to be listed for these custom resources, without a look at the cluster: a plural may be a guess. */
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
 * The likely plural of a kind in paths of the API: that of English, in lower case, as controller-gen makes it up with
 * flect. What a definition says counts; this is for where there is none to be asked.
 */
export function guessPlural(kind: string): string {
  const name = kind.toLowerCase();
  const [ending, plural] = endings.find(([ending]) => name.endsWith(ending)) ?? ['', 's'];
  return name.slice(0, name.length - ending.length) + plural;
}

/** The first that fits. A name in `s` is taken for a plural. */
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
