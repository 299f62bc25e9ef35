import { word } from '../../backends/kubernetes/wire/fields.ts';
import { resource } from '../resource.ts';
import { annotations, created, labels, owner, resourceVersion } from './common.ts';

/** What a secret holds is never decoded. Source: kube-state-metrics, docs/metrics/storage/secret-metrics. */
export const secret = resource({
  resource: 'secrets',
  apiVersion: 'v1',
  listKind: 'SecretList',
  namespaced: true,
  identity: ['namespace', 'secret'],
  fields: { type: word(3) },
  families: [
    { name: 'kube_secret_info', help: 'Information about secret.', stable: true, value: () => 1 },
    {
      name: 'kube_secret_type',
      help: 'Type about secret.',
      stable: true,
      labels: ['type'],
      samples: ({ type }, add) => add(1, type),
    },
    annotations('secret'),
    labels('secret', { stable: true }),
    created('secret', { stable: true }),
    resourceVersion('secret', 'secret'),
    owner('secret', 'Secret'),
  ],
});
