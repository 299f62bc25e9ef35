import { describe, expect, test } from '@jest/globals';
import { job } from '../../../lib/kube-state/resources/job.ts';
import { linesOf } from './harness.ts';

const own = 'namespace="shop",job_name="import"';
const metadata = { name: 'import', namespace: 'shop' };

test('an indexed job that ran into its deadline has a sample in every family but that of completion', async () => {
  const object = {
    metadata: {
      ...metadata,
      creationTimestamp: '2026-01-31T12:00:00Z',
      labels: { app: 'import' },
      annotations: { note: '1' },
      ownerReferences: [{ kind: 'CronJob', name: 'nightly', controller: true }],
    },
    spec: {
      parallelism: 3,
      completions: 9,
      activeDeadlineSeconds: 600,
      completionMode: 'Indexed',
      suspend: true,
      backoffLimitPerIndex: 1,
    },
    status: {
      conditions: [
        { type: 'Suspended', status: 'False', reason: 'JobResumed' },
        { type: 'FailureTarget', status: 'True', reason: 'DeadlineExceeded' },
        { type: 'Failed', status: 'True', reason: 'DeadlineExceeded' },
      ],
      startTime: '2026-01-31T12:00:01Z',
      active: 1,
      ready: 2,
      succeeded: 4,
      failed: 5,
      completedIndexes: '0,2-4',
      failedIndexes: '1',
    },
  };
  expect(await linesOf(job, object, { labels: ['*'], annotations: ['*'] })).toEqual([
    `kube_job_annotations{${own},annotation_note="1"} 1`,
    `kube_job_labels{${own},label_app="import"} 1`,
    `kube_job_info{${own}} 1`,
    `kube_job_created{${own}} 1.7698608e+09`,
    `kube_job_spec_parallelism{${own}} 3`,
    `kube_job_spec_completions{${own}} 9`,
    `kube_job_spec_active_deadline_seconds{${own}} 600`,
    `kube_job_status_succeeded{${own}} 4`,
    `kube_job_status_failed{${own},reason="BackoffLimitExceeded"} 0`,
    `kube_job_status_failed{${own},reason="DeadlineExceeded"} 1`,
    `kube_job_status_failed{${own},reason="Evicted"} 0`,
    `kube_job_status_active{${own}} 1`,
    `kube_job_status_ready{${own}} 2`,
    `kube_job_failed{${own},condition="true"} 1`,
    `kube_job_failed{${own},condition="false"} 0`,
    `kube_job_failed{${own},condition="unknown"} 0`,
    `kube_job_status_start_time{${own}} 1.769860801e+09`,
    `kube_job_status_suspended{${own}} 0`,
    `kube_job_owner{${own},owner_kind="CronJob",owner_name="nightly",owner_is_controller="true"} 1`,
  ]);
});

test('a job of which nothing is known has zeroes and no owner', async () => {
  expect(await linesOf(job, { metadata })).toEqual([
    `kube_job_info{${own}} 1`,
    `kube_job_status_succeeded{${own}} 0`,
    `kube_job_status_failed{${own}} 0`,
    `kube_job_status_active{${own}} 0`,
    `kube_job_status_ready{${own}} 0`,
    `kube_job_owner{${own},owner_kind="",owner_name="",owner_is_controller=""} 1`,
  ]);
});

test('zeroes that were set are samples', async () => {
  const spec = { parallelism: 0, completions: 0, activeDeadlineSeconds: 0 };
  const families = [
    'kube_job_spec_parallelism',
    'kube_job_spec_completions',
    'kube_job_spec_active_deadline_seconds',
  ];
  expect(await linesOf(job, { metadata, spec }, { families })).toEqual([
    `kube_job_spec_parallelism{${own}} 0`,
    `kube_job_spec_completions{${own}} 0`,
    `kube_job_spec_active_deadline_seconds{${own}} 0`,
  ]);
});

test('a deadline may be as long as 64 bits can say', async () => {
  const object = { metadata, spec: { activeDeadlineSeconds: 2 ** 62 } };
  const families = ['kube_job_spec_active_deadline_seconds'];
  expect(await linesOf(job, object, { families })).toEqual([
    `kube_job_spec_active_deadline_seconds{${own}} 4.611686018427388e+18`,
  ]);
});

describe('pods that failed', () => {
  const family = 'kube_job_status_failed';
  const known = (reason: string) =>
    ['BackoffLimitExceeded', 'DeadlineExceeded', 'Evicted'].map(
      (each) => `${family}{${own},reason="${each}"} ${each === reason ? 1 : 0}`,
    );
  const unknown = `${family}{${own},reason=""} 4`;
  const failed = (reason: string) => ({ type: 'Failed', status: 'True', reason });

  test.each([
    ['none, whatever the conditions say', 0, [failed('Evicted')], [`${family}{${own}} 0`]],
    ['with no condition yet', 4, [], [unknown]],
    ['with a condition of another type', 4, [{ ...failed('Evicted'), type: 'FailureTarget' }], [unknown]],
    ['for too many tries', 4, [failed('BackoffLimitExceeded')], known('BackoffLimitExceeded')],
    ['for the deadline', 4, [failed('DeadlineExceeded')], known('DeadlineExceeded')],
    ['for an eviction', 4, [failed('Evicted')], known('Evicted')],
    ['of a condition that does not hold', 4, [{ ...failed('Evicted'), status: 'False' }], known('Evicted')],
    ['for a reason that is not listed', 4, [failed('PodFailurePolicy')], [...known(''), unknown]],
    ['for no reason', 4, [failed('')], [...known(''), unknown]],
    [
      'for two reasons, one of them listed',
      4,
      [failed('MaxFailedIndexesExceeded'), failed('Evicted')],
      [...known(''), ...known('Evicted')],
    ],
  ])('%s', async (_what, count, conditions, lines) => {
    const object = { metadata, status: { failed: count, conditions } };
    expect(await linesOf(job, object, { families: [family] })).toEqual(lines);
  });
});

describe('the condition', () => {
  test.each([
    ['Complete', 'True', [1, 0, 0]],
    ['Complete', 'False', [0, 1, 0]],
    ['Complete', 'Unknown', [0, 0, 1]],
    ['Failed', 'True', [1, 0, 0]],
    ['Failed', 'False', [0, 1, 0]],
    ['Failed', 'Unknown', [0, 0, 1]],
  ])('%s is %s', async (type, status, [yes, no, unknown]) => {
    const object = { metadata, status: { conditions: [{ type, status }] } };
    const family = type === 'Complete' ? 'kube_job_complete' : 'kube_job_failed';
    const families = ['kube_job_complete', 'kube_job_failed', 'kube_job_status_suspended'];
    expect(await linesOf(job, object, { families })).toEqual([
      `${family}{${own},condition="true"} ${yes}`,
      `${family}{${own},condition="false"} ${no}`,
      `${family}{${own},condition="unknown"} ${unknown}`,
    ]);
  });

  test.each([
    ['True', 1],
    ['False', 0],
    ['Unknown', 0],
  ])('Suspended is %s', async (status, value) => {
    const object = { metadata, status: { conditions: [{ type: 'Suspended', status }] } };
    const families = ['kube_job_complete', 'kube_job_failed', 'kube_job_status_suspended'];
    expect(await linesOf(job, object, { families })).toEqual([`kube_job_status_suspended{${own}} ${value}`]);
  });
});

test('a job that is done says since when, and by how many pods', async () => {
  const object = {
    metadata,
    status: {
      conditions: [{ type: 'Complete', status: 'True' }],
      startTime: '1970-01-01T00:00:00Z',
      completionTime: '2026-02-01T00:00:00Z',
      succeeded: 1,
    },
  };
  const families = [
    'kube_job_status_succeeded',
    'kube_job_complete',
    'kube_job_status_start_time',
    'kube_job_status_completion_time',
  ];
  expect(await linesOf(job, object, { families })).toEqual([
    `kube_job_status_succeeded{${own}} 1`,
    `kube_job_complete{${own},condition="true"} 1`,
    `kube_job_complete{${own},condition="false"} 0`,
    `kube_job_complete{${own},condition="unknown"} 0`,
    `kube_job_status_start_time{${own}} 0`,
    `kube_job_status_completion_time{${own}} 1.769904e+09`,
  ]);
});

test('each owner says whether it is the controller', async () => {
  const ownerReferences = [
    { kind: 'Audit', name: 'log', controller: false },
    { kind: 'Team', name: 'infra' },
  ];
  const object = { metadata: { ...metadata, ownerReferences } };
  expect(await linesOf(job, object, { families: ['kube_job_owner'] })).toEqual([
    `kube_job_owner{${own},owner_kind="Audit",owner_name="log",owner_is_controller="false"} 1`,
    `kube_job_owner{${own},owner_kind="Team",owner_name="infra",owner_is_controller="false"} 1`,
  ]);
});
