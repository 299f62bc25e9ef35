import type { KubeStateResource } from './resource.ts';
import {
  mutatingAdmissionPolicy,
  mutatingAdmissionPolicyBinding,
  validatingAdmissionPolicy,
  validatingAdmissionPolicyBinding,
} from './resources/admissionpolicy.ts';
import { certificateSigningRequest } from './resources/certificatesigningrequest.ts';
import { configMap } from './resources/configmap.ts';
import { cronJob } from './resources/cronjob.ts';
import { daemonSet } from './resources/daemonset.ts';
import { deployment } from './resources/deployment.ts';
import { endpoints } from './resources/endpoints.ts';
import { endpointSlice } from './resources/endpointslice.ts';
import { horizontalPodAutoscaler } from './resources/horizontalpodautoscaler.ts';
import { ingress } from './resources/ingress.ts';
import { ingressClass } from './resources/ingressclass.ts';
import { job } from './resources/job.ts';
import { lease } from './resources/lease.ts';
import { limitRange } from './resources/limitrange.ts';
import { namespace } from './resources/namespace.ts';
import { networkPolicy } from './resources/networkpolicy.ts';
import { node } from './resources/node.ts';
import { persistentVolume } from './resources/persistentvolume.ts';
import { persistentVolumeClaim } from './resources/persistentvolumeclaim.ts';
import { pod } from './resources/pod.ts';
import { podDisruptionBudget } from './resources/poddisruptionbudget.ts';
import { replicaSet, replicationController } from './resources/replicaset.ts';
import { resourceQuota } from './resources/resourcequota.ts';
import { clusterRole, clusterRoleBinding, role, roleBinding } from './resources/role.ts';
import { secret } from './resources/secret.ts';
import { service } from './resources/service.ts';
import { serviceAccount } from './resources/serviceaccount.ts';
import { statefulSet } from './resources/statefulset.ts';
import { storageClass } from './resources/storageclass.ts';
import { volumeAttachment } from './resources/volumeattachment.ts';
import {
  mutatingWebhookConfiguration,
  validatingWebhookConfiguration,
} from './resources/webhookconfiguration.ts';

/** All resources, in the order of the original's documentation. Source: kube-state-metrics, docs/metrics. */
export const resources: readonly KubeStateResource[] = [
  certificateSigningRequest,
  clusterRoleBinding,
  clusterRole,
  configMap,
  cronJob,
  daemonSet,
  deployment,
  endpoints,
  endpointSlice,
  horizontalPodAutoscaler,
  ingressClass,
  ingress,
  job,
  lease,
  limitRange,
  mutatingAdmissionPolicy,
  mutatingAdmissionPolicyBinding,
  mutatingWebhookConfiguration,
  namespace,
  networkPolicy,
  node,
  persistentVolumeClaim,
  persistentVolume,
  podDisruptionBudget,
  pod,
  replicaSet,
  replicationController,
  resourceQuota,
  roleBinding,
  role,
  secret,
  serviceAccount,
  service,
  statefulSet,
  storageClass,
  validatingAdmissionPolicy,
  validatingAdmissionPolicyBinding,
  validatingWebhookConfiguration,
  volumeAttachment,
];
