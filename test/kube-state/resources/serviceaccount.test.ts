import { describe, expect, test } from '@jest/globals';
import { serviceAccount } from '../../../lib/kube-state/resources/serviceaccount.ts';
import { linesOf } from './harness.ts';

const own = 'namespace="shop",serviceaccount="deployer",uid="u-1"';
const metadata = { name: 'deployer', namespace: 'shop', uid: 'u-1' };

test('an account that is being deleted has a sample in every family', async () => {
  const object = {
    metadata: {
      ...metadata,
      creationTimestamp: '2026-01-31T12:00:00Z',
      deletionTimestamp: '2026-02-01T00:00:00Z',
      labels: { team: 'infra' },
      annotations: { note: 'by hand' },
    },
    secrets: [{ name: 'token-a' }, { kind: 'Secret', namespace: 'shop', name: 'token-b' }],
    imagePullSecrets: [{ name: 'registry-a' }, { name: 'registry-b' }],
    automountServiceAccountToken: true,
  };
  expect(await linesOf(serviceAccount, object, { labels: ['*'], annotations: ['*'] })).toEqual([
    `kube_serviceaccount_info{${own},automount_token="true"} 1`,
    `kube_serviceaccount_created{${own}} 1.7698608e+09`,
    `kube_serviceaccount_deleted{${own}} 1.769904e+09`,
    `kube_serviceaccount_secret{${own},name="token-a"} 1`,
    `kube_serviceaccount_secret{${own},name="token-b"} 1`,
    `kube_serviceaccount_image_pull_secret{${own},name="registry-a"} 1`,
    `kube_serviceaccount_image_pull_secret{${own},name="registry-b"} 1`,
    `kube_serviceaccount_annotations{${own},annotation_note="by hand"} 1`,
    `kube_serviceaccount_labels{${own},label_team="infra"} 1`,
  ]);
});

describe('whether its token is mounted is shown where the account says it', () => {
  test.each([
    ['yes', { automountServiceAccountToken: true }, 'true'],
    ['no', { automountServiceAccountToken: false }, 'false'],
    ['it does not say', {}, ''],
  ])('%s', async (_, field, shown) => {
    expect(await linesOf(serviceAccount, { metadata, ...field })).toEqual([
      `kube_serviceaccount_info{${own},automount_token="${shown}"} 1`,
    ]);
  });
});
