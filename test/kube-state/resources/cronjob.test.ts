import { describe, expect, test } from '@jest/globals';
import { cronJob } from '../../../lib/kube-state/resources/cronjob.ts';
import { linesOf } from './harness.ts';

const own = 'namespace="shop",cronjob="nightly"';
const metadata = { name: 'nightly', namespace: 'shop' };

test('a cron job has a sample in every family but that of schedules which are none', async () => {
  const object = {
    metadata: {
      ...metadata,
      resourceVersion: '111111',
      creationTimestamp: '2026-01-31T12:00:00Z',
      labels: { app: 'nightly' },
      annotations: { note: '1' },
    },
    spec: {
      schedule: '0 3 * * *',
      timeZone: 'Europe/Vienna',
      concurrencyPolicy: 'Forbid',
      suspend: false,
      startingDeadlineSeconds: 300,
      successfulJobsHistoryLimit: 3,
      failedJobsHistoryLimit: 1,
    },
    status: {
      active: [{ kind: 'Job', name: 'nightly-1' }, {}],
      lastScheduleTime: '2026-02-01T02:00:00Z',
      lastSuccessfulTime: '2026-02-01T00:00:00Z',
    },
  };
  expect(await linesOf(cronJob, object, { labels: ['*'], annotations: ['*'] })).toEqual([
    `kube_cronjob_annotations{${own},annotation_note="1"} 1`,
    `kube_cronjob_labels{${own},label_app="nightly"} 1`,
    `kube_cronjob_info{${own},schedule="0 3 * * *",concurrency_policy="Forbid",timezone="Europe/Vienna"} 1`,
    `kube_cronjob_created{${own}} 1.7698608e+09`,
    `kube_cronjob_status_active{${own}} 2`,
    `kube_cronjob_status_last_schedule_time{${own}} 1.7699112e+09`,
    `kube_cronjob_status_last_successful_time{${own}} 1.769904e+09`,
    `kube_cronjob_spec_suspend{${own}} 0`,
    `kube_cronjob_spec_starting_deadline_seconds{${own}} 300`,
    `kube_cronjob_next_schedule_time{${own}} 1.7699976e+09`,
    `kube_cronjob_metadata_resource_version{${own}} 111111`,
    `kube_cronjob_spec_successful_job_history_limit{${own}} 3`,
    `kube_cronjob_spec_failed_job_history_limit{${own}} 1`,
  ]);
});

test('a cron job of which nothing is known has no schedule', async () => {
  expect(await linesOf(cronJob, { metadata })).toEqual([
    `kube_cronjob_info{${own},schedule="",concurrency_policy="",timezone="local"} 1`,
    `kube_cronjob_status_active{${own}} 0`,
    `kube_cronjob_spec_suspend{${own}} 0`,
    `kube_cronjob_schedule_invalid{${own}} 1`,
  ]);
});

test('zeroes that were set are samples', async () => {
  const spec = { startingDeadlineSeconds: 0, successfulJobsHistoryLimit: 0, failedJobsHistoryLimit: 0 };
  const families = [
    'kube_cronjob_spec_starting_deadline_seconds',
    'kube_cronjob_spec_successful_job_history_limit',
    'kube_cronjob_spec_failed_job_history_limit',
  ];
  expect(await linesOf(cronJob, { metadata, spec }, { families })).toEqual([
    `kube_cronjob_spec_starting_deadline_seconds{${own}} 0`,
    `kube_cronjob_spec_successful_job_history_limit{${own}} 0`,
    `kube_cronjob_spec_failed_job_history_limit{${own}} 0`,
  ]);
});

test.each([
  ['', []],
  ['0', [`kube_cronjob_metadata_resource_version{${own}} 0`]],
  ['18446744073709551616', [`kube_cronjob_metadata_resource_version{${own}} 1.8446744073709552e+19`]],
  ['no-number', []],
])('the resource version %p', async (resourceVersion, lines) => {
  const object = { metadata: { ...metadata, resourceVersion } };
  const families = ['kube_cronjob_metadata_resource_version'];
  expect(await linesOf(cronJob, object, { families })).toEqual(lines);
});

describe('the next time', () => {
  const families = [
    'kube_cronjob_spec_suspend',
    'kube_cronjob_next_schedule_time',
    'kube_cronjob_schedule_invalid',
  ];
  const goes = `kube_cronjob_spec_suspend{${own}} 0`;
  const rests = `kube_cronjob_spec_suspend{${own}} 1`;
  const invalid = `kube_cronjob_schedule_invalid{${own}} 1`;
  const next = (value: string) => `kube_cronjob_next_schedule_time{${own}} ${value}`;
  const created = { creationTimestamp: '2026-01-31T12:00:00Z' };
  const ran = { lastScheduleTime: '2026-02-01T00:00:00Z' };
  const hourly = { schedule: '0 * * * *' };

  test.each([
    ['after the last one', created, hourly, ran, [goes, next('1.7699076e+09')]],
    ['after the creation of one that never ran', created, hourly, {}, [goes, next('1.7698644e+09')]],
    ['of one that came from nowhere', {}, hourly, {}, [goes]],
    ['of one that is suspended', created, { ...hourly, suspend: true }, ran, [rests]],
    ['of one whose schedule is none', created, { schedule: '61 * * * *' }, ran, [goes, invalid]],
    [
      'of one that is suspended and no schedule',
      created,
      { schedule: 'x', suspend: true },
      ran,
      [rests, invalid],
    ],
    [
      'in a zone',
      created,
      { schedule: '30 2 * * *', timeZone: 'Asia/Kolkata' },
      ran,
      [goes, next('1.7699796e+09')],
    ],
    ['in no zone', created, { ...hourly, timeZone: '' }, ran, [goes, invalid]],
    ['in an unknown zone', created, { ...hourly, timeZone: 'Mars/Olympus' }, ran, [goes, invalid]],
    [
      'where the schedule names the zone',
      created,
      { schedule: 'TZ=Asia/Tokyo 0 9 * * *' },
      ran,
      [goes, next('1.7699904e+09')],
    ],
    ['where both name one', created, { schedule: 'TZ=UTC 0 9 * * *', timeZone: 'UTC' }, ran, [goes, invalid]],
    ['by a descriptor', created, { schedule: '@weekly' }, ran, [goes, next('1.7705088e+09')]],
    ['by an interval', created, { schedule: '@every 90m' }, ran, [goes, next('1.7699094e+09')]],
    ['that never comes', created, { schedule: '0 0 30 2 *' }, ran, [goes, next('-6.21355968e+10')]],
  ])('%s', async (_what, more, spec, status, lines) => {
    const object = { metadata: { ...metadata, ...more }, spec, status };
    expect(await linesOf(cronJob, object, { families })).toEqual(lines);
  });
});
