import type { SampleFamily } from '../family.ts';
import { type Slots, type Values, word } from '../object/fields.ts';
import { list, pointer, struct } from '../object/messages.ts';

/** `webhooks` of both kinds of webhook configuration. */
export const webhooks = {
  webhooks: list(2, {
    name: word(1),
    clientConfig: struct(2, { service: pointer(1, { namespace: word(1), name: word(2) }) }),
  }),
} satisfies Slots;

/** Which service each webhook is; empty where it is a URL. */
export function webhookServices(name: string, kind: string): SampleFamily<Values<typeof webhooks>> {
  return {
    name: `kube_${name}_webhook_clientconfig_service`,
    help: `Service used by the apiserver to connect to a ${kind} webhook.`,
    labels: ['webhook_name', 'service_name', 'service_namespace'],
    samples(object, add) {
      for (const { name, clientConfig } of object.webhooks)
        add(1, name, clientConfig.service?.name ?? '', clientConfig.service?.namespace ?? '');
    },
  };
}
