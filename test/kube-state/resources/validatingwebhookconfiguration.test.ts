import { describe, expect, test } from '@jest/globals';
import { validatingWebhookConfiguration } from '../../../lib/kube-state/resources/webhookconfiguration.ts';
import { linesOf } from './harness.ts';

const own = 'namespace="",validatingwebhookconfiguration="check"';
const metadata = { name: 'check' };

function service(webhook: string, name: string, namespace: string): string {
  return `kube_validatingwebhookconfiguration_webhook_clientconfig_service{${own},webhook_name="${webhook}",service_name="${name}",service_namespace="${namespace}"} 1`;
}

describe('each webhook has a sample, one of a URL with an empty service', () => {
  const info = `kube_validatingwebhookconfiguration_info{${own}} 1`;

  test.each([
    ['none', [], [info]],
    [
      'by URL',
      [{ name: 'a', clientConfig: { url: 'https://hooks.example.com/a' } }],
      [info, service('a', '', '')],
    ],
    [
      'by service, by URL, by an empty service and by nothing',
      [
        { name: 'a', clientConfig: { service: { namespace: 'n', name: 's' } } },
        { name: 'b', clientConfig: { url: 'https://hooks.example.com/b' } },
        { name: 'c', clientConfig: { service: {} } },
        { name: 'd' },
      ],
      [info, service('a', 's', 'n'), service('b', '', ''), service('c', '', ''), service('d', '', '')],
    ],
  ])('%s', async (_, webhooks, lines) => {
    expect(await linesOf(validatingWebhookConfiguration, { metadata, webhooks })).toEqual(lines);
  });
});
