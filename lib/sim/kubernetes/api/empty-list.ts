import type { JsonObject } from '../wire/json.ts';

/** Kinds that every cluster has and of which this one has no objects: by path of their list. */
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

/** The empty list of such a kind, which is JSON whatever was asked for; undefined for another path. */
export function emptyList(path: string, version: number): JsonObject | undefined {
  const kind = Object.hasOwn(kinds, path) ? kinds[path] : undefined;
  if (kind === undefined) return undefined;
  const apiVersion = path.split('/').slice(2, -1).join('/');
  return { kind: `${kind}List`, apiVersion, metadata: { resourceVersion: `${version}` }, items: [] };
}
