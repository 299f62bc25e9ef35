import { list, pointer, struct, word } from '../../backends/kubernetes/wire/fields.ts';
import { type KubeStateResource, resource } from '../resource.ts';
import { created, resourceVersion } from './common.ts';

/** Source: kube-state-metrics, docs/metrics/policy/mutatingwebhookconfiguration-metrics. */
export const mutatingWebhookConfiguration = webhookConfiguration('mutating', 'MutatingWebhookConfiguration');

/** Source: kube-state-metrics, docs/metrics/policy/validatingwebhookconfiguration-metrics. */
export const validatingWebhookConfiguration = webhookConfiguration(
  'validating',
  'ValidatingWebhookConfiguration',
);

function webhookConfiguration(type: 'mutating' | 'validating', kind: string): KubeStateResource {
  const name = kind.toLowerCase();
  return resource({
    resource: `${name}s`,
    apiVersion: 'admissionregistration.k8s.io/v1',
    listKind: `${kind}List`,
    namespaced: false,
    identity: ['namespace', name],
    fields: {
      webhooks: list(2, {
        name: word(1),
        clientConfig: struct(2, { service: pointer(1, { namespace: word(1), name: word(2) }) }),
      }),
    },
    families: [
      { name: `kube_${name}_info`, help: `Information about the ${kind}.`, value: () => 1 },
      created(name, { help: 'Unix creation timestamp.' }),
      resourceVersion(name, `the ${kind}`),
      {
        name: `kube_${name}_webhook_clientconfig_service`,
        help: `Service used by the apiserver to connect to a ${type} webhook.`,
        labels: ['webhook_name', 'service_name', 'service_namespace'],
        samples(object, add) {
          // A webhook with a URL has no service.
          for (const { name, clientConfig } of object.webhooks)
            add(1, name, clientConfig.service?.name ?? '', clientConfig.service?.namespace ?? '');
        },
      },
    ],
  });
}
