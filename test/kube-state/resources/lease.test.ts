import { describe, expect, test } from '@jest/globals';
import { lease } from '../../../lib/kube-state/resources/lease.ts';
import { linesOf } from './harness.ts';

const metadata = { name: 'node-a', namespace: 'kube-node-lease' };
const owner = { apiVersion: 'v1', uid: 'u' };

test('a lease that is held shows its owner, its holder and when it was renewed', async () => {
  const object = {
    metadata: { ...metadata, ownerReferences: [{ ...owner, kind: 'Node', name: 'node-a' }] },
    spec: {
      holderIdentity: 'node-a',
      leaseDurationSeconds: 40,
      acquireTime: '2026-01-31T11:00:00.000000Z',
      renewTime: '2026-01-31T12:00:00.999999Z',
      leaseTransitions: 3,
    },
  };
  expect(await linesOf(lease, object)).toEqual([
    'kube_lease_owner{lease="node-a",owner_kind="Node",owner_name="node-a",namespace="kube-node-lease",lease_holder="node-a"} 1',
    'kube_lease_renew_time{lease="node-a",namespace="kube-node-lease"} 1.7698608e+09',
  ]);
});

describe('a lease that nobody holds has an empty holder', () => {
  test.each([
    ['without a spec', {}],
    ['without a holder', { spec: {} }],
    ['with an empty holder', { spec: { holderIdentity: '' } }],
    ['with a next holder in sight', { spec: { preferredHolder: 'b', strategy: 'OldestEmulationVersion' } }],
  ])('%s', async (_, fields) => {
    expect(await linesOf(lease, { metadata, ...fields })).toEqual([
      'kube_lease_owner{lease="node-a",owner_kind="",owner_name="",namespace="kube-node-lease",lease_holder=""} 1',
    ]);
  });
});

test('of several owners each has a sample', async () => {
  const ownerReferences = [
    { ...owner, kind: 'Node', name: 'node-a', controller: true },
    { ...owner, kind: 'Pod', name: 'scheduler' },
  ];
  const object = { metadata: { ...metadata, ownerReferences }, spec: { holderIdentity: 'scheduler_1' } };
  expect(await linesOf(lease, object)).toEqual([
    'kube_lease_owner{lease="node-a",owner_kind="Node",owner_name="node-a",namespace="kube-node-lease",lease_holder="scheduler_1"} 1',
    'kube_lease_owner{lease="node-a",owner_kind="Pod",owner_name="scheduler",namespace="kube-node-lease",lease_holder="scheduler_1"} 1',
  ]);
});

describe('the time of renewal', () => {
  test.each([
    ['1970-01-01T00:00:00Z', '0'],
    ['1969-12-31T23:59:59.500000Z', '-1'],
    ['2026-01-31T12:00:00+05:30', '1.769841e+09'],
  ])('%s is %s seconds of Unix time', async (renewTime, seconds) => {
    const object = { metadata, spec: { renewTime } };
    expect(await linesOf(lease, object, { families: ['kube_lease_renew_time'] })).toEqual([
      `kube_lease_renew_time{lease="node-a",namespace="kube-node-lease"} ${seconds}`,
    ]);
  });
});
