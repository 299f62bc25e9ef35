import { describe, expect, test } from '@jest/globals';
import { statefulSet } from '../../../lib/kube-state/resources/statefulset.ts';
import { linesOf } from './harness.ts';

const own = 'namespace="shop",statefulset="db"';
const metadata = { name: 'db', namespace: 'shop' };

test('a stateful set that is being updated and deleted has a sample in every family', async () => {
  const object = {
    metadata: {
      ...metadata,
      generation: 3,
      creationTimestamp: '2026-01-31T12:00:00Z',
      deletionTimestamp: '2026-02-01T00:00:00Z',
      labels: { app: 'db' },
      annotations: { note: '1' },
    },
    spec: {
      replicas: 4,
      ordinals: { start: 2 },
      persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Delete', whenScaled: 'Retain' },
    },
    status: {
      observedGeneration: 2,
      replicas: 7,
      readyReplicas: 6,
      currentReplicas: 5,
      updatedReplicas: 3,
      availableReplicas: 1,
      currentRevision: 'db-1',
      updateRevision: 'db-2',
    },
  };
  expect(await linesOf(statefulSet, object, { labels: ['*'], annotations: ['*'] })).toEqual([
    `kube_statefulset_created{${own}} 1.7698608e+09`,
    `kube_statefulset_status_replicas{${own}} 7`,
    `kube_statefulset_status_replicas_available{${own}} 1`,
    `kube_statefulset_status_replicas_current{${own}} 5`,
    `kube_statefulset_status_replicas_ready{${own}} 6`,
    `kube_statefulset_status_replicas_updated{${own}} 3`,
    `kube_statefulset_status_observed_generation{${own}} 2`,
    `kube_statefulset_replicas{${own}} 4`,
    `kube_statefulset_ordinals_start{${own}} 2`,
    `kube_statefulset_metadata_generation{${own}} 3`,
    `kube_statefulset_persistentvolumeclaim_retention_policy{${own},when_deleted="Delete",when_scaled="Retain"} 1`,
    `kube_statefulset_annotations{${own},annotation_note="1"} 1`,
    `kube_statefulset_labels{${own},label_app="db"} 1`,
    `kube_statefulset_status_current_revision{${own},revision="db-1"} 1`,
    `kube_statefulset_status_update_revision{${own},revision="db-2"} 1`,
    `kube_statefulset_deletion_timestamp{${own}} 1.769904e+09`,
  ]);
});

test('a stateful set of which nothing is known has zeroes and empty revisions', async () => {
  expect(await linesOf(statefulSet, { metadata })).toEqual([
    `kube_statefulset_status_replicas{${own}} 0`,
    `kube_statefulset_status_replicas_available{${own}} 0`,
    `kube_statefulset_status_replicas_current{${own}} 0`,
    `kube_statefulset_status_replicas_ready{${own}} 0`,
    `kube_statefulset_status_replicas_updated{${own}} 0`,
    `kube_statefulset_status_observed_generation{${own}} 0`,
    `kube_statefulset_metadata_generation{${own}} 0`,
    `kube_statefulset_status_current_revision{${own},revision=""} 1`,
    `kube_statefulset_status_update_revision{${own},revision=""} 1`,
  ]);
});

test('zeroes that were set are samples', async () => {
  const families = ['kube_statefulset_replicas', 'kube_statefulset_ordinals_start'];
  expect(await linesOf(statefulSet, { metadata, spec: { replicas: 0, ordinals: {} } }, { families })).toEqual(
    [`kube_statefulset_replicas{${own}} 0`, `kube_statefulset_ordinals_start{${own}} 0`],
  );
});

describe('what becomes of claims', () => {
  const family = 'kube_statefulset_persistentvolumeclaim_retention_policy';

  test.each([
    ['nothing is said', undefined, []],
    ['a policy says nothing', {}, []],
    [
      'only deletion is said',
      { whenDeleted: 'Retain' },
      [`${family}{${own},when_deleted="Retain",when_scaled=""} 1`],
    ],
    [
      'only scaling is said',
      { whenScaled: 'Delete' },
      [`${family}{${own},when_deleted="",when_scaled="Delete"} 1`],
    ],
  ])('%s', async (_what, persistentVolumeClaimRetentionPolicy, lines) => {
    const spec = { ...(persistentVolumeClaimRetentionPolicy && { persistentVolumeClaimRetentionPolicy }) };
    expect(await linesOf(statefulSet, { metadata, spec }, { families: [family] })).toEqual(lines);
  });
});
