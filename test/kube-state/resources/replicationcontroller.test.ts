import { expect, test } from '@jest/globals';
import { replicationController } from '../../../lib/kube-state/resources/replicaset.ts';
import { linesOf } from './harness.ts';

const own = 'namespace="shop",replicationcontroller="old"';
const metadata = { name: 'old', namespace: 'shop' };

test('a replication controller has a sample in every family', async () => {
  const object = {
    metadata: {
      ...metadata,
      generation: 8,
      creationTimestamp: '2026-01-31T12:00:00Z',
      ownerReferences: [
        { kind: 'DeploymentConfig', name: 'old', controller: true },
        { kind: 'Team', name: 'infra' },
        { kind: 'Audit', name: 'log', controller: false },
      ],
    },
    spec: { replicas: 0 },
    status: {
      replicas: 5,
      fullyLabeledReplicas: 4,
      observedGeneration: 7,
      readyReplicas: 3,
      availableReplicas: 2,
    },
  };
  const owner = `kube_replicationcontroller_owner{${own}`;
  expect(await linesOf(replicationController, object)).toEqual([
    `kube_replicationcontroller_created{${own}} 1.7698608e+09`,
    `kube_replicationcontroller_status_replicas{${own}} 5`,
    `kube_replicationcontroller_status_fully_labeled_replicas{${own}} 4`,
    `kube_replicationcontroller_status_ready_replicas{${own}} 3`,
    `kube_replicationcontroller_status_available_replicas{${own}} 2`,
    `kube_replicationcontroller_status_observed_generation{${own}} 7`,
    `kube_replicationcontroller_spec_replicas{${own}} 0`,
    `kube_replicationcontroller_metadata_generation{${own}} 8`,
    `${owner},owner_kind="DeploymentConfig",owner_name="old",owner_is_controller="true"} 1`,
    `${owner},owner_kind="Team",owner_name="infra",owner_is_controller="false"} 1`,
    `${owner},owner_kind="Audit",owner_name="log",owner_is_controller="false"} 1`,
  ]);
});

test('a replication controller of which nothing is known has zeroes and no owner', async () => {
  expect(await linesOf(replicationController, { metadata })).toEqual([
    `kube_replicationcontroller_status_replicas{${own}} 0`,
    `kube_replicationcontroller_status_fully_labeled_replicas{${own}} 0`,
    `kube_replicationcontroller_status_ready_replicas{${own}} 0`,
    `kube_replicationcontroller_status_available_replicas{${own}} 0`,
    `kube_replicationcontroller_status_observed_generation{${own}} 0`,
    `kube_replicationcontroller_metadata_generation{${own}} 0`,
    `kube_replicationcontroller_owner{${own},owner_kind="",owner_name="",owner_is_controller=""} 1`,
  ]);
});
