import { describe, expect, test } from '@jest/globals';
import { resourceQuota } from '../../../lib/kube-state/resources/resourcequota.ts';
import { linesOf } from './harness.ts';

const own = 'namespace="shop",resourcequota="quota"';
const metadata = { name: 'quota', namespace: 'shop' };

function quota(resource: string, type: 'hard' | 'used', value: string): string {
  return `kube_resourcequota{${own},resource="${resource}",type="${type}"} ${value}`;
}

test('a quota has a sample in every family, of what its status says and not its spec', async () => {
  const object = {
    metadata: {
      ...metadata,
      creationTimestamp: '2026-01-31T12:00:00Z',
      labels: { team: 'infra' },
      annotations: { note: 'by hand' },
    },
    spec: {
      hard: { pods: '99' },
      scopes: ['NotTerminating'],
      scopeSelector: { matchExpressions: [{ scopeName: 'PriorityClass', operator: 'In', values: ['high'] }] },
    },
    status: { hard: { pods: '10' }, used: { pods: '3' } },
  };
  expect(await linesOf(resourceQuota, object, { labels: ['*'], annotations: ['*'] })).toEqual([
    `kube_resourcequota_created{${own}} 1.7698608e+09`,
    quota('pods', 'hard', '10'),
    quota('pods', 'used', '3'),
    `kube_resourcequota_annotations{${own},annotation_note="by hand"} 1`,
    `kube_resourcequota_labels{${own},label_team="infra"} 1`,
  ]);
});

describe('there is no sample', () => {
  test.each([
    ['without a status', { spec: { hard: { pods: '99' } } }],
    ['of an empty status', { status: { hard: {}, used: {} } }],
  ])('%s', async (_, fields) => {
    expect(await linesOf(resourceQuota, { metadata, ...fields })).toEqual([]);
  });
});

test('what is used is shown though nothing limits it any more', async () => {
  const object = { metadata, status: { used: { services: '2' } } };
  expect(await linesOf(resourceQuota, object)).toEqual([quota('services', 'used', '2')]);
});

describe('resources keep their names, and quantities come to the thousandth, as far as Go can count them', () => {
  test.each([
    ['cpu', '0', '0'],
    ['requests.cpu', '1500m', '1.5'],
    ['limits.cpu', '1u', '0.001'],
    ['limits.cpu', '2500001n', '0.003'],
    ['requests.memory', '1Gi', '1.073741824e+09'],
    ['limits.memory', '1.5Gi', '1.610612736e+09'],
    ['requests.storage', '500G', '5e+11'],
    ['gold.storageclass.storage.k8s.io/requests.storage', '1Ei', '1.152921504606847e+18'],
    ['requests.ephemeral-storage', '12e3', '12000'],
    ['hugepages-2Mi', '512Ki', '524288'],
    ['requests.nvidia.com/gpu', '4', '4'],
    ['count/deployments.apps', '1k', '1000'],
    ['services.loadbalancers', '9999999', '9.999999e+06'],
    ['configmaps', '9223372036854775807', '9.223372036854776e+18'],
    ['secrets', '10Ei', '9.223372036854776e+18'],
    ['secrets', '100E', '0'],
  ])('%s: %s', async (name, quantity, value) => {
    const object = { metadata, status: { hard: { [name]: quantity }, used: { [name]: '0' } } };
    expect(await linesOf(resourceQuota, object)).toEqual([
      quota(name, 'hard', value),
      quota(name, 'used', '0'),
    ]);
  });
});
