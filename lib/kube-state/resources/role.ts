import { struct, word } from '../../backends/kubernetes/wire/fields.ts';
import { type KubeStateResource, resource } from '../resource.ts';
import { annotations, created, labels, resourceVersion } from './common.ts';

/** Source: kube-state-metrics, docs/metrics/auth/role-metrics. */
export const role = roleResource('role', {
  listKind: 'RoleList',
  namespaced: true,
  help: 'Information about role.',
  what: 'the role',
});

/** Source: kube-state-metrics, docs/metrics/auth/clusterrole-metrics. */
export const clusterRole = roleResource('clusterrole', {
  listKind: 'ClusterRoleList',
  namespaced: false,
  help: 'Information about cluster role.',
  what: 'the cluster role',
});

/** Source: kube-state-metrics, docs/metrics/auth/rolebinding-metrics. */
export const roleBinding = bindingResource('rolebinding', { listKind: 'RoleBindingList', namespaced: true });

/** Source: kube-state-metrics, docs/metrics/auth/clusterrolebinding-metrics. */
export const clusterRoleBinding = bindingResource('clusterrolebinding', {
  listKind: 'ClusterRoleBindingList',
  namespaced: false,
});

interface Described {
  readonly listKind: string;
  readonly namespaced: boolean;
}

function roleResource(
  name: string,
  { help, what, ...described }: Described & { readonly help: string; readonly what: string },
): KubeStateResource {
  return resource({
    ...common(name, described),
    fields: {},
    families: [
      annotations(name),
      labels(name),
      { name: `kube_${name}_info`, help, value: () => 1 },
      created(name),
      resourceVersion(name, what),
    ],
  });
}

function bindingResource(name: string, described: Described): KubeStateResource {
  return resource({
    ...common(name, described),
    fields: { roleRef: struct(3, { kind: word(2), name: word(3) }) },
    families: [
      annotations(name),
      labels(name),
      {
        name: `kube_${name}_info`,
        help: `Information about ${name}.`,
        labels: ['roleref_kind', 'roleref_name'],
        samples: ({ roleRef }, add) => add(1, roleRef.kind, roleRef.name),
      },
      created(name),
      resourceVersion(name, `the ${name}`),
    ],
  });
}

/** What the four resources of RBAC have in common. */
function common(name: string, { listKind, namespaced }: Described) {
  return {
    resource: `${name}s`,
    apiVersion: 'rbac.authorization.k8s.io/v1',
    listKind,
    namespaced,
    notByDefault: true,
    identity: [...(namespaced ? ['namespace'] : []), name],
  } as const;
}
