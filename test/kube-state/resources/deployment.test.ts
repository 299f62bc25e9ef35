import { describe, expect, test } from '@jest/globals';
import { deployment } from '../../../lib/kube-state/resources/deployment.ts';
import { linesOf } from './harness.ts';

const own = 'namespace="shop",deployment="web"';
const metadata = { name: 'web', namespace: 'shop' };

test('a deployment in the middle of a rollout has a sample in every family', async () => {
  const object = {
    metadata: {
      ...metadata,
      generation: 2 ** 62,
      creationTimestamp: '2026-01-31T12:00:00Z',
      deletionTimestamp: '2026-02-01T00:00:00Z',
      labels: { team: 'infra', 'app.kubernetes.io/name': 'web' },
      annotations: { 'deployment.kubernetes.io/revision': '7' },
      ownerReferences: [{ apiVersion: 'example.com/v1', kind: 'Shop', name: 'main', uid: 'u-2' }],
    },
    spec: {
      replicas: 10,
      paused: true,
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 3, maxSurge: 4 } },
    },
    status: {
      observedGeneration: 6,
      replicas: 12,
      updatedReplicas: 5,
      readyReplicas: 9,
      availableReplicas: 8,
      unavailableReplicas: 4,
      terminatingReplicas: 2,
      conditions: [{ type: 'Available', status: 'True', reason: 'MinimumReplicasAvailable' }],
    },
  };
  expect(await linesOf(deployment, object, { labels: ['*'], annotations: ['*'] })).toEqual([
    `kube_deployment_owner{${own},owner_kind="Shop",owner_name="main"} 1`,
    `kube_deployment_created{${own}} 1.7698608e+09`,
    `kube_deployment_status_replicas{${own}} 12`,
    `kube_deployment_status_replicas_ready{${own}} 9`,
    `kube_deployment_status_replicas_available{${own}} 8`,
    `kube_deployment_status_replicas_unavailable{${own}} 4`,
    `kube_deployment_status_replicas_updated{${own}} 5`,
    `kube_deployment_status_terminating_replicas{${own}} 2`,
    `kube_deployment_status_observed_generation{${own}} 6`,
    `kube_deployment_status_condition{${own},reason="MinimumReplicasAvailable",condition="Available",status="true"} 1`,
    `kube_deployment_status_condition{${own},reason="MinimumReplicasAvailable",condition="Available",status="false"} 0`,
    `kube_deployment_status_condition{${own},reason="MinimumReplicasAvailable",condition="Available",status="unknown"} 0`,
    `kube_deployment_spec_replicas{${own}} 10`,
    `kube_deployment_spec_paused{${own}} 1`,
    `kube_deployment_spec_strategy_rollingupdate_max_unavailable{${own}} 3`,
    `kube_deployment_spec_strategy_rollingupdate_max_surge{${own}} 4`,
    `kube_deployment_metadata_generation{${own}} 4.611686018427388e+18`,
    `kube_deployment_deletion_timestamp{${own}} 1.769904e+09`,
    `kube_deployment_annotations{${own},annotation_deployment_kubernetes_io_revision="7"} 1`,
    `kube_deployment_labels{${own},label_app_kubernetes_io_name="web",label_team="infra"} 1`,
  ]);
});

test('a deployment of which nothing is known has zeroes, and no sample of what may be absent', async () => {
  expect(await linesOf(deployment, { metadata }, { labels: ['*'], annotations: ['*'] })).toEqual([
    `kube_deployment_owner{${own},owner_kind="",owner_name=""} 1`,
    `kube_deployment_status_replicas{${own}} 0`,
    `kube_deployment_status_replicas_ready{${own}} 0`,
    `kube_deployment_status_replicas_available{${own}} 0`,
    `kube_deployment_status_replicas_unavailable{${own}} 0`,
    `kube_deployment_status_replicas_updated{${own}} 0`,
    `kube_deployment_status_observed_generation{${own}} 0`,
    `kube_deployment_spec_paused{${own}} 0`,
    `kube_deployment_metadata_generation{${own}} 0`,
    `kube_deployment_annotations{${own}} 1`,
    `kube_deployment_labels{${own}} 1`,
  ]);
});

test('a zero that was set is a sample', async () => {
  const object = { metadata, spec: { replicas: 0 }, status: { terminatingReplicas: 0 } };
  const families = ['kube_deployment_status_terminating_replicas', 'kube_deployment_spec_replicas'];
  expect(await linesOf(deployment, object, { families })).toEqual([
    `kube_deployment_status_terminating_replicas{${own}} 0`,
    `kube_deployment_spec_replicas{${own}} 0`,
  ]);
});

test('each owner is told, the controller not from the others', async () => {
  const ownerReferences = [
    { apiVersion: 'v1', kind: 'Shop', name: 'main', uid: 'u-2', controller: true },
    { apiVersion: 'v1', kind: 'Audit', name: 'log', uid: 'u-3', controller: false },
  ];
  const object = { metadata: { ...metadata, ownerReferences } };
  expect(await linesOf(deployment, object, { families: ['kube_deployment_owner'] })).toEqual([
    `kube_deployment_owner{${own},owner_kind="Shop",owner_name="main"} 1`,
    `kube_deployment_owner{${own},owner_kind="Audit",owner_name="log"} 1`,
  ]);
});

describe('a condition', () => {
  const families = ['kube_deployment_status_condition'];

  test.each([
    ['True', [1, 0, 0]],
    ['False', [0, 1, 0]],
    ['Unknown', [0, 0, 1]],
    ['', [0, 0, 0]],
    ['true', [0, 0, 0]],
  ])('%p', async (status, [yes, no, unknown]) => {
    const object = { metadata, status: { conditions: [{ type: 'Progressing', status }] } };
    const labels = `${own},reason="",condition="Progressing"`;
    expect(await linesOf(deployment, object, { families })).toEqual([
      `kube_deployment_status_condition{${labels},status="true"} ${yes}`,
      `kube_deployment_status_condition{${labels},status="false"} ${no}`,
      `kube_deployment_status_condition{${labels},status="unknown"} ${unknown}`,
    ]);
  });

  test.each([
    ['ReplicaSetUpdated', 'ReplicaSetUpdated'],
    ['ReplicaSetCreateError', 'ReplicaSetCreateError'],
    ['NewReplicaSetCreated', 'NewReplicaSetCreated'],
    ['FoundNewReplicaSet', 'FoundNewReplicaSet'],
    ['NewReplicaSetAvailable', 'NewReplicaSetAvailable'],
    ['ProgressDeadlineExceeded', 'ProgressDeadlineExceeded'],
    ['DeploymentPaused', 'DeploymentPaused'],
    ['DeploymentResumed', 'DeploymentResumed'],
    ['MinimumReplicasAvailable', 'MinimumReplicasAvailable'],
    ['MinimumReplicasUnavailable', 'MinimumReplicasUnavailable'],
    ['', ''],
    ['SomethingElse', 'unknown'],
    ['replicasetupdated', 'unknown'],
  ])('for the reason %p shows %p', async (reason, shown) => {
    const object = { metadata, status: { conditions: [{ type: 'Progressing', status: 'True', reason }] } };
    const [first] = await linesOf(deployment, object, { families });
    expect(first).toBe(
      `kube_deployment_status_condition{${own},reason="${shown}",condition="Progressing",status="true"} 1`,
    );
  });

  test('of a type that nobody knows is shown as any other', async () => {
    const conditions = [
      { type: 'Available', status: 'False' },
      { type: 'Odd "one"', status: 'Unknown' },
    ];
    const lines = await linesOf(deployment, { metadata, status: { conditions } }, { families });
    expect(lines.filter((line) => line.endsWith(' 1'))).toEqual([
      `kube_deployment_status_condition{${own},reason="",condition="Available",status="false"} 1`,
      `kube_deployment_status_condition{${own},reason="",condition="Odd \\"one\\"",status="unknown"} 1`,
    ]);
  });
});

describe('in a rolling update', () => {
  const unavailable = 'kube_deployment_spec_strategy_rollingupdate_max_unavailable';
  const surge = 'kube_deployment_spec_strategy_rollingupdate_max_surge';
  const families = [unavailable, surge];

  test.each([
    ['25%', 10, 2, 3],
    ['25%', 0, 0, 0],
    ['0%', 10, 0, 0],
    ['100%', 7, 7, 7],
    ['150%', 3, 4, 5],
    ['1%', 1, 0, 1],
    ['+50%', 4, 2, 2],
    ['-25%', 10, -3, -2],
    [0, 10, 0, 0],
    [-1, 10, -1, -1],
    [2 ** 31 - 1, 1, 2147483647, 2147483647],
  ])('%p of %p pods are %p that may be missing and %p too many', async (value, replicas, fewer, more) => {
    const rollingUpdate = { maxUnavailable: value, maxSurge: value };
    const object = { metadata, spec: { replicas, strategy: { rollingUpdate } } };
    const shown = (number: number) => (number === 2147483647 ? '2.147483647e+09' : `${number}`);
    expect(await linesOf(deployment, object, { families })).toEqual([
      `${unavailable}{${own}} ${shown(fewer)}`,
      `${surge}{${own}} ${shown(more)}`,
    ]);
  });

  test.each([
    ['no rolling update', { replicas: 3, strategy: { type: 'Recreate' } }],
    ['neither of the two', { replicas: 3, strategy: { rollingUpdate: {} } }],
    ['no number of pods', { strategy: { rollingUpdate: { maxUnavailable: 1, maxSurge: '25%' } } }],
    ['a text that is no percentage', rolling('25')],
    ['a text that is no number', rolling('a few%')],
    ['a percentage with a fraction', rolling('12.5%')],
    ['an empty text', rolling('')],
    ['more than 64 bits hold', rolling('99999999999999999999%')],
  ])('%s: no sample', async (_what, spec) => {
    expect(await linesOf(deployment, { metadata, spec }, { families })).toEqual([]);
  });

  function rolling(value: string) {
    return { replicas: 3, strategy: { rollingUpdate: { maxUnavailable: value, maxSurge: value } } };
  }
});
