import { describe, expect, test } from '@jest/globals';
import { networkPolicy } from '../../../lib/kube-state/resources/networkpolicy.ts';
import { linesOf } from './harness.ts';

const own = 'namespace="shop",networkpolicy="deny"';
const metadata = { name: 'deny', namespace: 'shop' };

describe('rules are counted, empty ones too', () => {
  test.each([
    [{}, 0, 0],
    [{ ingress: [], egress: [] }, 0, 0],
    [{ ingress: [{}] }, 1, 0],
    [{ egress: [{}, {}, {}] }, 0, 3],
  ])('%j', async (spec, ingress, egress) => {
    const families = ['kube_networkpolicy_spec_ingress_rules', 'kube_networkpolicy_spec_egress_rules'];
    expect(await linesOf(networkPolicy, { metadata, spec }, { families })).toEqual([
      `kube_networkpolicy_spec_ingress_rules{${own}} ${ingress}`,
      `kube_networkpolicy_spec_egress_rules{${own}} ${egress}`,
    ]);
  });
});

test('a policy without a time of creation shows the first second of the year 1, as no other kind does', async () => {
  expect(await linesOf(networkPolicy, { metadata })).toEqual([
    `kube_networkpolicy_created{${own}} -6.21355968e+10`,
    `kube_networkpolicy_spec_ingress_rules{${own}} 0`,
    `kube_networkpolicy_spec_egress_rules{${own}} 0`,
  ]);
});
