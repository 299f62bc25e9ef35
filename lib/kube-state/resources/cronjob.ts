import {
  list,
  type MessageSpec,
  optionalFlag,
  optionalInteger,
  optionalWord,
  struct,
  word,
} from '../../backends/kubernetes/wire/fields.ts';
import { time } from '../../backends/kubernetes/wire/scalars.ts';
import { nextTime, parseSchedule } from '../cron.ts';
import type { ObjectOf } from '../resource.ts';
import { resource } from '../resource.ts';
import { annotations, created, labels, oneIf, resourceVersion } from './common.ts';

const fields = {
  spec: struct(2, {
    schedule: word(1),
    startingDeadlineSeconds: optionalInteger(2),
    concurrencyPolicy: word(3),
    suspend: optionalFlag(4),
    successfulJobsHistoryLimit: optionalInteger(6),
    failedJobsHistoryLimit: optionalInteger(7),
    timeZone: optionalWord(8),
  }),
  status: struct(3, { active: list(1, {}), lastScheduleTime: time(4), lastSuccessfulTime: time(5) }),
} satisfies MessageSpec;

/** Source: kube-state-metrics, docs/metrics/workload/cronjob-metrics. */
export const cronJob = resource({
  resource: 'cronjobs',
  apiVersion: 'batch/v1',
  listKind: 'CronJobList',
  namespaced: true,
  identity: ['namespace', 'cronjob'],
  fields,
  families: [
    annotations('cronjob'),
    labels('cronjob', { stable: true }),
    {
      name: 'kube_cronjob_info',
      help: 'Info about cronjob.',
      stable: true,
      labels: ['schedule', 'concurrency_policy', 'timezone'],
      samples: ({ spec }, add) => add(1, spec.schedule, spec.concurrencyPolicy, spec.timeZone ?? 'local'),
    },
    created('cronjob', { stable: true }),
    {
      name: 'kube_cronjob_status_active',
      help: 'Active holds pointers to currently running jobs.',
      stable: true,
      value: ({ status }) => status.active.length,
    },
    {
      name: 'kube_cronjob_status_last_schedule_time',
      help: 'LastScheduleTime keeps information of when was the last time the job was successfully scheduled.',
      stable: true,
      value: ({ status }) => status.lastScheduleTime,
    },
    {
      name: 'kube_cronjob_status_last_successful_time',
      help: 'LastSuccessfulTime keeps information of when was the last time the job was completed successfully.',
      stable: true,
      value: ({ status }) => status.lastSuccessfulTime,
    },
    {
      name: 'kube_cronjob_spec_suspend',
      help: 'Suspend flag tells the controller to suspend subsequent executions.',
      stable: true,
      value: ({ spec }) => oneIf(spec.suspend),
    },
    {
      name: 'kube_cronjob_spec_starting_deadline_seconds',
      help: 'Deadline in seconds for starting the job if it misses scheduled time for any reason.',
      stable: true,
      value: ({ spec }) => spec.startingDeadlineSeconds,
    },
    {
      name: 'kube_cronjob_next_schedule_time',
      help: "Next time the cronjob should be scheduled. The time after lastScheduleTime, or after the cron job's creation time if it's never been scheduled. Use this to determine if the job is delayed.",
      stable: true,
      value: nextScheduleTime,
    },
    {
      name: 'kube_cronjob_schedule_invalid',
      help: 'Emitted with value 1 for cronjobs whose schedule, in its configured timezone, cannot be parsed.',
      value: (cronJob) => (scheduleOf(cronJob) === undefined ? 1 : undefined),
    },
    resourceVersion('cronjob', 'the cronjob', { stable: true }),
    {
      name: 'kube_cronjob_spec_successful_job_history_limit',
      help: 'Successful job history limit tells the controller how many completed jobs should be preserved.',
      value: ({ spec }) => spec.successfulJobsHistoryLimit,
    },
    {
      name: 'kube_cronjob_spec_failed_job_history_limit',
      help: 'Failed job history limit tells the controller how many failed jobs should be preserved.',
      value: ({ spec }) => spec.failedJobsHistoryLimit,
    },
  ],
});

type CronJob = ObjectOf<typeof fields>;

function scheduleOf({ spec: { schedule, timeZone } }: CronJob) {
  return parseSchedule(timeZone === undefined ? schedule : `CRON_TZ=${timeZone} ${schedule}`);
}

function nextScheduleTime(cronJob: CronJob): number | undefined {
  if (cronJob.spec.suspend === true) return undefined;
  const schedule = scheduleOf(cronJob);
  const after = cronJob.status.lastScheduleTime ?? cronJob.creationTimestamp;
  return schedule === undefined || after === undefined ? undefined : nextTime(schedule, after);
}
