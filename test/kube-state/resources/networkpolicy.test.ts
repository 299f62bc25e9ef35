import { describe, expect, test } from '@jest/globals';
import { networkPolicy } from '../../../lib/kube-state/resources/networkpolicy.ts';
import { linesOf } from './harness.ts';

const own = 'namespace="shop",networkpolicy="deny"';
const metadata = { name: 'deny', namespace: 'shop' };

test('a policy has a sample in every family', async () => {
  const object = {
    metadata: {
      ...metadata,
      creationTimestamp: '2026-01-31T12:00:00Z',
      labels: { team: 'infra' },
      annotations: { note: 'by hand' },
    },
    spec: {
      podSelector: { matchLabels: { app: 'web' } },
      policyTypes: ['Ingress', 'Egress'],
      ingress: [
        { from: [{ ipBlock: { cidr: '10.0.0.0/8', except: ['10.1.0.0/16'] } }] },
        { ports: [{ protocol: 'TCP', port: 80 }, { port: 'http' }] },
      ],
      egress: [{ to: [{ namespaceSelector: {} }], ports: [{ port: 1, endPort: 9 }] }],
    },
  };
  expect(await linesOf(networkPolicy, object, { labels: ['*'], annotations: ['*'] })).toEqual([
    `kube_networkpolicy_created{${own}} 1.7698608e+09`,
    `kube_networkpolicy_annotations{${own},annotation_note="by hand"} 1`,
    `kube_networkpolicy_labels{${own},label_team="infra"} 1`,
    `kube_networkpolicy_spec_ingress_rules{${own}} 2`,
    `kube_networkpolicy_spec_egress_rules{${own}} 1`,
  ]);
});

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
