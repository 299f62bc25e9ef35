import { expect, test } from '@jest/globals';
import { podDisruptionBudget } from '../../../lib/kube-state/resources/poddisruptionbudget.ts';
import { linesOf } from './harness.ts';

const own = 'namespace="shop",poddisruptionbudget="web"';
const metadata = { name: 'web', namespace: 'shop' };

test('a budget that is being deleted has a sample in every family, however it is given', async () => {
  const object = {
    metadata: {
      ...metadata,
      generation: 9,
      creationTimestamp: '2026-01-31T12:00:00Z',
      deletionTimestamp: '2026-02-01T00:00:00Z',
      labels: { app: 'web' },
      annotations: { note: '1' },
    },
    spec: { maxUnavailable: '20%', minAvailable: 3 },
    status: {
      observedGeneration: 8,
      disruptedPods: { 'web-1': '2026-01-31T12:00:00Z' },
      disruptionsAllowed: 2,
      currentHealthy: 12,
      desiredHealthy: 10,
      expectedPods: 15,
    },
  };
  expect(await linesOf(podDisruptionBudget, object, { labels: ['*'], annotations: ['*'] })).toEqual([
    `kube_poddisruptionbudget_annotations{${own},annotation_note="1"} 1`,
    `kube_poddisruptionbudget_labels{${own},label_app="web"} 1`,
    `kube_poddisruptionbudget_created{${own}} 1.7698608e+09`,
    `kube_poddisruptionbudget_status_current_healthy{${own}} 12`,
    `kube_poddisruptionbudget_status_desired_healthy{${own}} 10`,
    `kube_poddisruptionbudget_status_pod_disruptions_allowed{${own}} 2`,
    `kube_poddisruptionbudget_status_expected_pods{${own}} 15`,
    `kube_poddisruptionbudget_status_observed_generation{${own}} 8`,
    `kube_poddisruptionbudget_deletion_timestamp{${own}} 1.769904e+09`,
  ]);
});

test('a budget which no controller has looked at has zeroes', async () => {
  expect(await linesOf(podDisruptionBudget, { metadata, spec: { minAvailable: '50%' } })).toEqual([
    `kube_poddisruptionbudget_status_current_healthy{${own}} 0`,
    `kube_poddisruptionbudget_status_desired_healthy{${own}} 0`,
    `kube_poddisruptionbudget_status_pod_disruptions_allowed{${own}} 0`,
    `kube_poddisruptionbudget_status_expected_pods{${own}} 0`,
    `kube_poddisruptionbudget_status_observed_generation{${own}} 0`,
  ]);
});
