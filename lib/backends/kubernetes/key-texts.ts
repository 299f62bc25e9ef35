import type { KeyTexts } from '../../config/key-texts.ts';

/** The keys of a connection, of `kubernetes_sd_configs` and of `kubernetes` in `kube_state_metrics`. */
export const connectionTexts: KeyTexts = {
  api_server: [
    'URL of the API server. Default: that of the cluster in which Muster runs.',
    'https://k8s.example:6443',
  ],
  kubeconfig_file: ['A kubeconfig, relative to this file. It has its own credentials.', 'kube/config'],
  namespaces: ['Namespaces that are listed. Default: all.', { names: ['web'] }],
  'namespaces.own_namespace': ['List the namespace in which Muster runs.', true],
  'namespaces.names': ['Namespaces that are listed.', ['web', 'api']],
  muster: ["Muster's settings of the connection.", { page_size: 1000 }],
  'muster.eks': [
    'An EKS cluster, reached with the AWS credentials of Muster.',
    { cluster: 'prod', region: 'eu-west-1' },
  ],
  'muster.eks.cluster': ["The cluster's name.", 'prod'],
  'muster.eks.region': ['Its region.', 'eu-west-1'],
  'muster.eks.role_arn': [
    'A role to take, as of another account.',
    'arn:aws:iam::123456789012:role/muster-reader',
  ],
  'muster.page_size': ['Objects of one page of a listing.', 1000],
  'muster.compression': ['Ask for compressed answers: for slow networks.', true],
};

/** The keys of `kubernetes_sd_configs`. */
export const kubernetesTexts: KeyTexts = {
  ...connectionTexts,
  role: ['What becomes targets.', 'pod'],
  selectors: ['Only objects that fit.', [{ role: 'pod', label: 'app=web' }]],
  'selectors[].role': ['Kind of object that is selected.', 'pod'],
  'selectors[].label': ['Label selector.', 'app=web,tier!=test'],
  'selectors[].field': ['Field selector.', 'spec.nodeName=node-1'],
  attach_metadata: ['More objects whose labels a target gets.', { node: true }],
  'attach_metadata.node': ['Those of its node. Roles pod, endpoints and endpointslice.', true],
  'attach_metadata.namespace': ['Those of its namespace.', true],
  'attach_metadata.deployment': ['The name of the deployment behind a pod. Lists replica sets.', true],
  'attach_metadata.job': ['The name of the job that controls a pod.', true],
  'attach_metadata.cronjob': ['The name of the cron job behind a pod. Lists jobs.', true],
};
