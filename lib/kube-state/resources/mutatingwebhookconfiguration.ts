import { resource } from '../resource.ts';
import { created, resourceVersion, webhookServices, webhooks } from './common.ts';

/** Source: kube-state-metrics, docs/metrics/policy/mutatingwebhookconfiguration-metrics. */
export const mutatingWebhookConfiguration = resource({
  resource: 'mutatingwebhookconfigurations',
  apiVersion: 'admissionregistration.k8s.io/v1',
  listKind: 'MutatingWebhookConfigurationList',
  namespaced: false,
  identity: ['namespace', 'mutatingwebhookconfiguration'],
  fields: webhooks,
  families: [
    {
      name: 'kube_mutatingwebhookconfiguration_info',
      help: 'Information about the MutatingWebhookConfiguration.',
      value: () => 1,
    },
    created('mutatingwebhookconfiguration', { help: 'Unix creation timestamp.' }),
    resourceVersion('mutatingwebhookconfiguration', 'the MutatingWebhookConfiguration'),
    webhookServices('mutatingwebhookconfiguration', 'mutating'),
  ],
});
