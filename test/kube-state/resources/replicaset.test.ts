import { expect, test } from '@jest/globals';
import { replicaSet } from '../../../lib/kube-state/resources/replicaset.ts';
import { linesOf } from './harness.ts';

const own = 'namespace="shop",replicaset="web-1"';
const metadata = { name: 'web-1', namespace: 'shop' };

test('a replica set of a deployment has a sample in every family', async () => {
  const object = {
    metadata: {
      ...metadata,
      generation: 14,
      creationTimestamp: '2026-01-31T12:00:00Z',
      labels: { app: 'web' },
      annotations: { note: 'by "hand"' },
      ownerReferences: [{ kind: 'Deployment', name: 'web', uid: 'u-2', controller: true }],
    },
    spec: { replicas: 5 },
    status: {
      replicas: 4,
      fullyLabeledReplicas: 3,
      observedGeneration: 13,
      readyReplicas: 2,
      terminatingReplicas: 1,
    },
  };
  expect(await linesOf(replicaSet, object, { labels: ['*'], annotations: ['*'] })).toEqual([
    `kube_replicaset_created{${own}} 1.7698608e+09`,
    `kube_replicaset_status_replicas{${own}} 4`,
    `kube_replicaset_status_fully_labeled_replicas{${own}} 3`,
    `kube_replicaset_status_ready_replicas{${own}} 2`,
    `kube_replicaset_status_terminating_replicas{${own}} 1`,
    `kube_replicaset_status_observed_generation{${own}} 13`,
    `kube_replicaset_spec_replicas{${own}} 5`,
    `kube_replicaset_metadata_generation{${own}} 14`,
    `kube_replicaset_owner{${own},owner_kind="Deployment",owner_name="web",owner_is_controller="true"} 1`,
    `kube_replicaset_annotations{${own},annotation_note="by \\"hand\\""} 1`,
    `kube_replicaset_labels{${own},label_app="web"} 1`,
  ]);
});

test('a replica set of which nothing is known has zeroes and no owner', async () => {
  expect(await linesOf(replicaSet, { metadata })).toEqual([
    `kube_replicaset_status_replicas{${own}} 0`,
    `kube_replicaset_status_fully_labeled_replicas{${own}} 0`,
    `kube_replicaset_status_ready_replicas{${own}} 0`,
    `kube_replicaset_status_observed_generation{${own}} 0`,
    `kube_replicaset_metadata_generation{${own}} 0`,
    `kube_replicaset_owner{${own},owner_kind="",owner_name="",owner_is_controller=""} 1`,
  ]);
});

test('a zero that was set is a sample', async () => {
  const object = { metadata, spec: { replicas: 0 }, status: { terminatingReplicas: 0 } };
  const families = ['kube_replicaset_status_terminating_replicas', 'kube_replicaset_spec_replicas'];
  expect(await linesOf(replicaSet, object, { families })).toEqual([
    `kube_replicaset_status_terminating_replicas{${own}} 0`,
    `kube_replicaset_spec_replicas{${own}} 0`,
  ]);
});

test('each owner says whether it is the controller', async () => {
  const ownerReferences = [
    { kind: 'Deployment', name: 'web', controller: true },
    { kind: 'Audit', name: 'log', controller: false },
    { kind: 'Team', name: 'infra' },
  ];
  const object = { metadata: { ...metadata, ownerReferences } };
  expect(await linesOf(replicaSet, object, { families: ['kube_replicaset_owner'] })).toEqual([
    `kube_replicaset_owner{${own},owner_kind="Deployment",owner_name="web",owner_is_controller="true"} 1`,
    `kube_replicaset_owner{${own},owner_kind="Audit",owner_name="log",owner_is_controller="false"} 1`,
    `kube_replicaset_owner{${own},owner_kind="Team",owner_name="infra",owner_is_controller="false"} 1`,
  ]);
});
