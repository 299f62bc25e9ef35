import { list, optionalFlag, word } from '../../backends/kubernetes/wire/fields.ts';
import { resource } from '../resource.ts';
import { annotations, created, labels } from './common.ts';

/** Source: kube-state-metrics, docs/metrics/auth/serviceaccount-metrics. */
export const serviceAccount = resource({
  resource: 'serviceaccounts',
  apiVersion: 'v1',
  listKind: 'ServiceAccountList',
  namespaced: true,
  notByDefault: true,
  identity: ['namespace', 'serviceaccount', 'uid'],
  fields: {
    secrets: list(2, { name: word(3) }),
    imagePullSecrets: list(3, { name: word(1) }),
    automountServiceAccountToken: optionalFlag(4),
  },
  families: [
    {
      name: 'kube_serviceaccount_info',
      help: 'Information about a service account',
      labels: ['automount_token'],
      samples: ({ automountServiceAccountToken: automount }, add) => add(1, `${automount ?? ''}`),
    },
    created('serviceaccount'),
    {
      name: 'kube_serviceaccount_deleted',
      help: 'Unix deletion timestamp',
      value: ({ deletionTimestamp }) => deletionTimestamp,
    },
    {
      name: 'kube_serviceaccount_secret',
      help: 'Secret being referenced by a service account',
      labels: ['name'],
      samples({ secrets }, add) {
        for (const { name } of secrets) add(1, name);
      },
    },
    {
      name: 'kube_serviceaccount_image_pull_secret',
      help: 'Secret being referenced by a service account for the purpose of pulling images',
      labels: ['name'],
      samples({ imagePullSecrets }, add) {
        for (const { name } of imagePullSecrets) add(1, name);
      },
    },
    annotations('serviceaccount'),
    labels('serviceaccount'),
  ],
});
