import type { KubeStateResource } from './resource.ts';
import { certificateSigningRequest } from './resources/certificatesigningrequest.ts';
import { clusterRole } from './resources/clusterrole.ts';
import { clusterRoleBinding } from './resources/clusterrolebinding.ts';
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
import { mutatingAdmissionPolicy } from './resources/mutatingadmissionpolicy.ts';
import { mutatingAdmissionPolicyBinding } from './resources/mutatingadmissionpolicybinding.ts';
import { mutatingWebhookConfiguration } from './resources/mutatingwebhookconfiguration.ts';
import { namespace } from './resources/namespace.ts';
import { networkPolicy } from './resources/networkpolicy.ts';
import { node } from './resources/node.ts';
import { persistentVolume } from './resources/persistentvolume.ts';
import { persistentVolumeClaim } from './resources/persistentvolumeclaim.ts';
import { pod } from './resources/pod.ts';
import { podDisruptionBudget } from './resources/poddisruptionbudget.ts';
import { replicaSet } from './resources/replicaset.ts';
import { replicationController } from './resources/replicationcontroller.ts';
import { resourceQuota } from './resources/resourcequota.ts';
import { role } from './resources/role.ts';
import { roleBinding } from './resources/rolebinding.ts';
import { secret } from './resources/secret.ts';
import { service } from './resources/service.ts';
import { serviceAccount } from './resources/serviceaccount.ts';
import { statefulSet } from './resources/statefulset.ts';
import { storageClass } from './resources/storageclass.ts';
import { validatingAdmissionPolicy } from './resources/validatingadmissionpolicy.ts';
import { validatingAdmissionPolicyBinding } from './resources/validatingadmissionpolicybinding.ts';
import { validatingWebhookConfiguration } from './resources/validatingwebhookconfiguration.ts';
import { volumeAttachment } from './resources/volumeattachment.ts';

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
