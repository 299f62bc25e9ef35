import { stringify } from 'yaml';
import { rightsFor } from './custom/rights.ts';
import type { KubeStateConfig } from './options.ts';
import { selectedResources } from './select.ts';

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
