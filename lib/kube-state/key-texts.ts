import type { KeyTexts } from '../config/key-texts.ts';

const labelled = 'Labels whose values are found in the object.';
const found = {
  path: ['Where in the object the value is.', ['status', 'replicas']],
  labelsFromPath: [labelled, { team: ['metadata', 'labels', 'team'] }],
} as const;
const labels: KeyTexts = {
  commonLabels: ['Labels with fixed values.', { team: 'a' }],
  labelsFromPath: found.labelsFromPath,
};
const valueFrom = ['Path below `path` of the value.', ['ready']] as const;
const labelFromKey = ['Label for the key, where the path leads to a mapping.', 'type'] as const;
const resource = 'custom_resource_state_config.spec.resources[]';
const each = `${resource}.metrics[].each`;

/** The keys of `kube_state_metrics`. */
export const kubeStateTexts: KeyTexts = {
  name: ['Name of the output, and of its path at the sidecar.', 'prod'],
  kubernetes: ['How the API server is reached.', { api_server: 'https://k8s.example:6443' }],
  resources: ['Resources that are listed. Default: those of kube-state-metrics.', ['pods', 'nodes']],
  namespaces: ['Namespaces that are listed. Default: all.', ['web']],
  namespaces_denylist: ['Namespaces that are left out.', ['kube-system']],
  metric_allowlist: ['Only families whose name matches one of these.', ['kube_pod_.*']],
  metric_denylist: ['No families whose name matches one of these.', ['kube_pod_tolerations']],
  metric_opt_in_list: ['Families to add that are off by default.', ['kube_pod_nodeselectors']],
  metric_labels_allowlist: ['Labels of objects that become labels of `kube_*_labels`.', 'pods=[app,team]'],
  metric_annotations_allowlist: ['The same for annotations.', 'namespaces=[owner]'],
  shard: ['The one shard that is written. Default: each.', 0],
  total_shards: ['Number of shards.', 4],
  custom_resource_state_config: [
    'Metrics of custom resources, as in kube-state-metrics.',
    { spec: { resources: [] } },
  ],
  'custom_resource_state_config.kind': ['Kind of the document.', 'CustomResourceStateMetrics'],
  'custom_resource_state_config.spec': ['The document itself.', { resources: [] }],
  'custom_resource_state_config.spec.resources': ['Custom resources that are listed.', []],
  ...below(resource, {
    groupVersionKind: [
      'Which resource; `*` for any.',
      { group: 'cert-manager.io', version: 'v1', kind: 'Certificate' },
    ],
    'groupVersionKind.group': ['Its API group.', 'cert-manager.io'],
    'groupVersionKind.version': ['Its version.', 'v1'],
    'groupVersionKind.kind': ['Its kind.', 'Certificate'],
    metricNamePrefix: ["Stands before the metrics' names.", 'cert'],
    ...labels,
    resourcePlural: ['Plural in the paths of the API.', 'certificates'],
    errorLogV: ['Taken and not read.', 5],
    metrics: ['Its metrics.', []],
    ...below('metrics[]', {
      name: ['Name after the prefix.', 'ready'],
      help: ['Text for HELP.', 'Whether the certificate is ready.'],
      ...labels,
      errorLogV: ['Taken and not read.', 5],
      each: ['How the values are found.', { type: 'Gauge', gauge: { path: ['status', 'replicas'] } }],
    }),
  }),
  ...below(each, {
    type: ['Type of the metric; the key of its name stands beside.', 'Gauge'],
    gauge: ['A number.', { path: ['status', 'replicas'] }],
    ...below('gauge', {
      ...found,
      labelFromKey,
      valueFrom,
      nilIsZero: ['A value that is not there is 0.', true],
    }),
    stateSet: [
      'A state of several.',
      { path: ['status', 'phase'], labelName: 'phase', list: ['Ready', 'Failed'] },
    ],
    ...below('stateSet', {
      ...found,
      labelName: ['Label for the state.', 'phase'],
      list: ['All states.', ['Ready', 'Failed']],
      valueFrom,
    }),
    info: ['A 1 with labels.', { labelsFromPath: { version: ['spec', 'version'] } }],
    ...below('info', { ...found, labelFromKey }),
  }),
  custom_resource_state_config_file: ['The same in a file, relative to this one.', 'custom-resources.yml'],
  custom_resource_state_only: ['List custom resources and nothing else.', true],
  use_apiserver_cache: ['Take what the API server has in its cache.', true],
  node: ['Only pods of this node; with `resources: [pods]`.', 'node-1'],
  track_unscheduled_pods: ['Only pods without a node; with `resources: [pods]`.', true],
  object_limit: ['Objects of a list that are looked at; 0 for all.', 1000],
  deadline: ['How long one listing may take.', '2m'],
};

function below(path: string, texts: KeyTexts): KeyTexts {
  return Object.fromEntries(Object.entries(texts).map(([key, text]) => [`${path}.${key}`, text]));
}
