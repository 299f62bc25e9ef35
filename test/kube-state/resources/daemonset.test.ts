import { expect, test } from '@jest/globals';
import { daemonSet } from '../../../lib/kube-state/resources/daemonset.ts';
import { linesOf } from './harness.ts';

const own = 'namespace="kube-system",daemonset="proxy"';
const metadata = { name: 'proxy', namespace: 'kube-system' };

test('a daemon set that is being rolled out and deleted has a sample in every family', async () => {
  const object = {
    metadata: {
      ...metadata,
      generation: 21,
      creationTimestamp: '2026-01-31T12:00:00Z',
      deletionTimestamp: '2026-02-01T00:00:00Z',
      labels: { tier: 'node' },
      annotations: { 'deprecated.daemonset.template.generation': '3' },
    },
    status: {
      currentNumberScheduled: 15,
      numberMisscheduled: 10,
      desiredNumberScheduled: 16,
      numberReady: 11,
      observedGeneration: 20,
      updatedNumberScheduled: 12,
      numberAvailable: 9,
      numberUnavailable: 7,
    },
  };
  expect(await linesOf(daemonSet, object, { labels: ['*'], annotations: ['*'] })).toEqual([
    `kube_daemonset_created{${own}} 1.7698608e+09`,
    `kube_daemonset_status_current_number_scheduled{${own}} 15`,
    `kube_daemonset_status_desired_number_scheduled{${own}} 16`,
    `kube_daemonset_status_number_available{${own}} 9`,
    `kube_daemonset_status_number_misscheduled{${own}} 10`,
    `kube_daemonset_status_number_ready{${own}} 11`,
    `kube_daemonset_status_number_unavailable{${own}} 7`,
    `kube_daemonset_status_observed_generation{${own}} 20`,
    `kube_daemonset_status_updated_number_scheduled{${own}} 12`,
    `kube_daemonset_metadata_generation{${own}} 21`,
    `kube_daemonset_deletion_timestamp{${own}} 1.769904e+09`,
    `kube_daemonset_annotations{${own},annotation_deprecated_daemonset_template_generation="3"} 1`,
    `kube_daemonset_labels{${own},label_tier="node"} 1`,
  ]);
});

test('a daemon set of which nothing is known has zeroes', async () => {
  expect(await linesOf(daemonSet, { metadata: { ...metadata, creationTimestamp: null } })).toEqual([
    `kube_daemonset_status_current_number_scheduled{${own}} 0`,
    `kube_daemonset_status_desired_number_scheduled{${own}} 0`,
    `kube_daemonset_status_number_available{${own}} 0`,
    `kube_daemonset_status_number_misscheduled{${own}} 0`,
    `kube_daemonset_status_number_ready{${own}} 0`,
    `kube_daemonset_status_number_unavailable{${own}} 0`,
    `kube_daemonset_status_observed_generation{${own}} 0`,
    `kube_daemonset_status_updated_number_scheduled{${own}} 0`,
    `kube_daemonset_metadata_generation{${own}} 0`,
  ]);
});
