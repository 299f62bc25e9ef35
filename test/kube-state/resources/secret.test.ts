import { describe, expect, test } from '@jest/globals';
import { secret } from '../../../lib/kube-state/resources/secret.ts';
import { linesOf } from './harness.ts';

const own = 'namespace="shop",secret="token"';
const metadata = { name: 'token', namespace: 'shop' };

test('a secret has a sample in every family, and nothing of what it holds', async () => {
  const object = {
    metadata: {
      ...metadata,
      creationTimestamp: '2026-01-31T12:00:00Z',
      resourceVersion: '4711',
      labels: { team: 'infra' },
      annotations: { note: 'by hand' },
      ownerReferences: [
        { apiVersion: 'v1', kind: 'ServiceAccount', name: 'default', uid: 'u', controller: true },
      ],
    },
    type: 'kubernetes.io/service-account-token',
    data: { password: Buffer.from('canary').toString('base64') },
    immutable: true,
  };
  expect(await linesOf(secret, object, { labels: ['*'], annotations: ['*'] })).toEqual([
    `kube_secret_info{${own}} 1`,
    `kube_secret_type{${own},type="kubernetes.io/service-account-token"} 1`,
    `kube_secret_annotations{${own},annotation_note="by hand"} 1`,
    `kube_secret_labels{${own},label_team="infra"} 1`,
    `kube_secret_created{${own}} 1.7698608e+09`,
    `kube_secret_metadata_resource_version{${own}} 4711`,
    `kube_secret_owner{${own},owner_kind="ServiceAccount",owner_name="default",owner_is_controller="true"} 1`,
  ]);
});

test('a secret with nothing but a name has no type and no owner', async () => {
  expect(await linesOf(secret, { metadata })).toEqual([
    `kube_secret_info{${own}} 1`,
    `kube_secret_type{${own},type=""} 1`,
    `kube_secret_owner{${own},owner_kind="",owner_name="",owner_is_controller=""} 1`,
  ]);
});

describe('of several owners each has a sample', () => {
  test.each([
    [true, 'true'],
    [false, 'false'],
    [undefined, 'false'],
  ])('the last one with controller %p', async (controller, shown) => {
    const owner = { apiVersion: 'v1', uid: 'u' };
    const ownerReferences = [
      { ...owner, kind: 'Certificate', name: 'web' },
      { ...owner, kind: 'Issuer', name: 'ca', ...(controller !== undefined && { controller }) },
    ];
    const object = { metadata: { ...metadata, ownerReferences } };
    expect(await linesOf(secret, object, { families: ['kube_secret_owner'] })).toEqual([
      `kube_secret_owner{${own},owner_kind="Certificate",owner_name="web",owner_is_controller="false"} 1`,
      `kube_secret_owner{${own},owner_kind="Issuer",owner_name="ca",owner_is_controller="${shown}"} 1`,
    ]);
  });
});
