import { describe, expect, test } from '@jest/globals';
import { certificateSigningRequest } from '../../../lib/kube-state/resources/certificatesigningrequest.ts';
import { linesOf } from './harness.ts';

const own = 'certificatesigningrequest="kubelet-a",signer_name="kubernetes.io/kubelet-serving"';
const spec = {
  request: Buffer.from('a request').toString('base64'),
  signerName: 'kubernetes.io/kubelet-serving',
  username: 'system:node:a',
  groups: ['system:nodes'],
  usages: ['server auth'],
  expirationSeconds: 3600,
};

function condition(type: string) {
  return { type, status: 'True', reason: 'Why', lastUpdateTime: '2026-01-31T12:01:00Z' };
}

test('an issued request has a sample in every family', async () => {
  const object = {
    metadata: {
      name: 'kubelet-a',
      creationTimestamp: '2026-01-31T12:00:00Z',
      labels: { team: 'infra' },
      annotations: { note: 'by hand' },
    },
    spec,
    status: {
      conditions: [condition('Approved')],
      certificate: Buffer.from('twelve bytes').toString('base64'),
    },
  };
  expect(await linesOf(certificateSigningRequest, object, { labels: ['*'], annotations: ['*'] })).toEqual([
    `kube_certificatesigningrequest_annotations{${own},annotation_note="by hand"} 1`,
    `kube_certificatesigningrequest_labels{${own},label_team="infra"} 1`,
    `kube_certificatesigningrequest_created{${own}} 1.7698608e+09`,
    `kube_certificatesigningrequest_condition{${own},condition="approved"} 1`,
    `kube_certificatesigningrequest_condition{${own},condition="denied"} 0`,
    `kube_certificatesigningrequest_condition{${own},condition="failed"} 0`,
    `kube_certificatesigningrequest_cert_length{${own}} 12`,
  ]);
});

test('a request with nothing but a name has no signer, no condition and no certificate', async () => {
  const bare = 'certificatesigningrequest="bare",signer_name=""';
  const object = { metadata: { name: 'bare' } };
  expect(await linesOf(certificateSigningRequest, object)).toEqual([
    `kube_certificatesigningrequest_condition{${bare},condition="approved"} 0`,
    `kube_certificatesigningrequest_condition{${bare},condition="denied"} 0`,
    `kube_certificatesigningrequest_condition{${bare},condition="failed"} 0`,
    `kube_certificatesigningrequest_cert_length{${bare}} 0`,
  ]);
});

describe('conditions are counted by type, whatever their status', () => {
  test.each([
    ['none', [], [0, 0, 0]],
    ['denied', [condition('Denied')], [0, 1, 0]],
    ['approved, then failed', [condition('Approved'), condition('Failed')], [1, 0, 1]],
    ['approved and denied', [condition('Approved'), condition('Denied')], [1, 1, 0]],
    ['approved twice', [condition('Approved'), { ...condition('Approved'), status: 'False' }], [2, 0, 0]],
    ['a type of its own', [condition('Seen')], [0, 0, 0]],
    ['a type in lower case', [condition('approved')], [0, 0, 0]],
  ])('%s', async (_, conditions, [approved, denied, failed]) => {
    const object = { metadata: { name: 'kubelet-a' }, spec, status: { conditions } };
    const families = ['kube_certificatesigningrequest_condition'];
    expect(await linesOf(certificateSigningRequest, object, { families })).toEqual([
      `kube_certificatesigningrequest_condition{${own},condition="approved"} ${approved}`,
      `kube_certificatesigningrequest_condition{${own},condition="denied"} ${denied}`,
      `kube_certificatesigningrequest_condition{${own},condition="failed"} ${failed}`,
    ]);
  });
});

describe('the length is that of the certificate itself, not of its base64', () => {
  test.each([[0], [1], [2], [3], [200], [1431]])('%i bytes', async (length) => {
    const certificate = Buffer.alloc(length, 7).toString('base64');
    const object = { metadata: { name: 'kubelet-a' }, spec, status: { certificate } };
    const families = ['kube_certificatesigningrequest_cert_length'];
    expect(await linesOf(certificateSigningRequest, object, { families })).toEqual([
      `kube_certificatesigningrequest_cert_length{${own}} ${length}`,
    ]);
  });
});

test('a signer is shown as it is named', async () => {
  const object = { metadata: { name: 'b' }, spec: { ...spec, signerName: 'example.com/my "signer"' } };
  const families = ['kube_certificatesigningrequest_cert_length'];
  expect(await linesOf(certificateSigningRequest, object, { families })).toEqual([
    'kube_certificatesigningrequest_cert_length{certificatesigningrequest="b",signer_name="example.com/my \\"signer\\""} 0',
  ]);
});
