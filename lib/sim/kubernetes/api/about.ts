import type { JsonObject } from '../wire/json.ts';
import { apiVersionOf, resources } from './resources.ts';

/** Returns the response about the server itself; undefined for another path. Removed groups are left out. */
export function about(path: string, missing: ReadonlySet<string>): JsonObject | undefined {
  switch (path) {
    case '/version':
      return version;
    case '/api':
      return { kind: 'APIVersions', versions: ['v1'], serverAddressByClientCIDRs: [] };
    case '/apis':
      return { kind: 'APIGroupList', apiVersion: 'v1', groups: groupNames(missing).map(groupEntry) };
  }
  const listed = Object.values(resources).filter(
    (resource) => path === pathOf(apiVersionOf(resource)) && !missing.has(resource.group),
  );
  const [first] = listed;
  if (first === undefined) return undefined;
  return {
    kind: 'APIResourceList',
    ...(first.group !== '' && { apiVersion: 'v1' }),
    groupVersion: apiVersionOf(first),
    resources: listed.map(({ name, kind, namespaced }) => ({
      name,
      singularName: kind.toLowerCase(),
      namespaced,
      kind,
      verbs: ['list', 'watch'],
    })),
  };
}

const version: JsonObject = {
  major: '1',
  minor: '36',
  emulationMajor: '1',
  emulationMinor: '36',
  minCompatibilityMajor: '1',
  minCompatibilityMinor: '35',
  gitVersion: 'v1.36.0-simulated',
  gitCommit: '0000000000000000000000000000000000000000',
  gitTreeState: '',
  buildDate: '1970-01-01T00:00:00Z',
  goVersion: 'go0',
  compiler: 'gc',
  platform: 'linux/amd64',
};

function pathOf(apiVersion: string): string {
  return apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
}

function groupNames(missing: ReadonlySet<string>): string[] {
  const groups = new Set(Object.values(resources).map(({ group }) => group));
  return [...groups].filter((group) => group !== '' && !missing.has(group));
}

function groupEntry(name: string): JsonObject {
  const preferred = { groupVersion: `${name}/v1`, version: 'v1' };
  return { name, versions: [preferred], preferredVersion: preferred };
}

/** Kinds of every cluster without objects in this one, by the path of their list. */
const kinds: Readonly<Record<string, string>> = {
  '/api/v1/configmaps': 'ConfigMap',
  '/api/v1/limitranges': 'LimitRange',
  '/api/v1/persistentvolumeclaims': 'PersistentVolumeClaim',
  '/api/v1/persistentvolumes': 'PersistentVolume',
  '/api/v1/replicationcontrollers': 'ReplicationController',
  '/api/v1/resourcequotas': 'ResourceQuota',
  '/api/v1/secrets': 'Secret',
  '/api/v1/serviceaccounts': 'ServiceAccount',
  '/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations': 'MutatingWebhookConfiguration',
  '/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations': 'ValidatingWebhookConfiguration',
  '/apis/apps/v1/daemonsets': 'DaemonSet',
  '/apis/apps/v1/deployments': 'Deployment',
  '/apis/apps/v1/statefulsets': 'StatefulSet',
  '/apis/autoscaling/v2/horizontalpodautoscalers': 'HorizontalPodAutoscaler',
  '/apis/batch/v1/cronjobs': 'CronJob',
  '/apis/certificates.k8s.io/v1/certificatesigningrequests': 'CertificateSigningRequest',
  '/apis/coordination.k8s.io/v1/leases': 'Lease',
  '/apis/networking.k8s.io/v1/ingressclasses': 'IngressClass',
  '/apis/networking.k8s.io/v1/networkpolicies': 'NetworkPolicy',
  '/apis/policy/v1/poddisruptionbudgets': 'PodDisruptionBudget',
  '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings': 'ClusterRoleBinding',
  '/apis/rbac.authorization.k8s.io/v1/clusterroles': 'ClusterRole',
  '/apis/rbac.authorization.k8s.io/v1/rolebindings': 'RoleBinding',
  '/apis/rbac.authorization.k8s.io/v1/roles': 'Role',
  '/apis/storage.k8s.io/v1/storageclasses': 'StorageClass',
  '/apis/storage.k8s.io/v1/volumeattachments': 'VolumeAttachment',
};

/** Returns the empty list of such a kind, always in JSON; undefined for another path. */
export function emptyList(path: string, version: number): JsonObject | undefined {
  const kind = Object.hasOwn(kinds, path) ? kinds[path] : undefined;
  if (kind === undefined) return undefined;
  const apiVersion = path.split('/').slice(2, -1).join('/');
  return { kind: `${kind}List`, apiVersion, metadata: { resourceVersion: `${version}` }, items: [] };
}
