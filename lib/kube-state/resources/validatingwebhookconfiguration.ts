import { resource } from '../resource.ts';
import { created, resourceVersion, webhookServices, webhooks } from './common.ts';

/** Source: kube-state-metrics, docs/metrics/policy/validatingwebhookconfiguration-metrics. */
export const validatingWebhookConfiguration = resource({
  resource: 'validatingwebhookconfigurations',
  apiVersion: 'admissionregistration.k8s.io/v1',
  listKind: 'ValidatingWebhookConfigurationList',
  namespaced: false,
  identity: ['namespace', 'validatingwebhookconfiguration'],
  fields: webhooks,
  families: [
    {
      name: 'kube_validatingwebhookconfiguration_info',
      help: 'Information about the ValidatingWebhookConfiguration.',
      value: () => 1,
    },
    created('validatingwebhookconfiguration', { help: 'Unix creation timestamp.' }),
    resourceVersion('validatingwebhookconfiguration', 'the ValidatingWebhookConfiguration'),
    webhookServices('validatingwebhookconfiguration', 'validating'),
  ],
});
