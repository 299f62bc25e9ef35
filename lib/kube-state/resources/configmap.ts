import { resource } from '../resource.ts';
import { annotations, created, labels, resourceVersion } from './common.ts';

/** Source: kube-state-metrics, docs/metrics/storage/configmap-metrics. */
export const configMap = resource({
  resource: 'configmaps',
  apiVersion: 'v1',
  listKind: 'ConfigMapList',
  namespaced: true,
  identity: ['namespace', 'configmap'],
  fields: {},
  families: [
    annotations('configmap'),
    labels('configmap', { stable: true }),
    { name: 'kube_configmap_info', help: 'Information about configmap.', stable: true, value: () => 1 },
    created('configmap', { stable: true }),
    resourceVersion('configmap', 'the configmap'),
  ],
});
