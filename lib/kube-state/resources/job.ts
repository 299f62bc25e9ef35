import { condition } from '../../backends/kubernetes/kinds/messages.ts';
import { integer, list, optionalInteger, struct, word } from '../../backends/kubernetes/wire/fields.ts';
import { time } from '../../backends/kubernetes/wire/scalars.ts';
import { resource } from '../resource.ts';
import { addStatus, annotations, created, labels, oneIf, owner } from './common.ts';

const failureReasons = ['BackoffLimitExceeded', 'DeadlineExceeded', 'Evicted'];

/** Source: kube-state-metrics, docs/metrics/workload/job-metrics. */
export const job = resource({
  resource: 'jobs',
  apiVersion: 'batch/v1',
  listKind: 'JobList',
  namespaced: true,
  identity: ['namespace', 'job_name'],
  fields: {
    spec: struct(2, {
      parallelism: optionalInteger(1),
      completions: optionalInteger(2),
      activeDeadlineSeconds: optionalInteger(3),
    }),
    status: struct(3, {
      conditions: list(1, { ...condition, reason: word(5) }),
      startTime: time(2),
      completionTime: time(3),
      active: integer(4),
      succeeded: integer(5),
      failed: integer(6),
      ready: optionalInteger(9),
    }),
  },
  families: [
    annotations('job'),
    labels('job', { stable: true }),
    { name: 'kube_job_info', help: 'Information about job.', stable: true, value: () => 1 },
    created('job', { stable: true }),
    {
      name: 'kube_job_spec_parallelism',
      help: 'The maximum desired number of pods the job should run at any given time.',
      stable: true,
      value: ({ spec }) => spec.parallelism,
    },
    {
      name: 'kube_job_spec_completions',
      help: 'The desired number of successfully finished pods the job should be run with.',
      stable: true,
      value: ({ spec }) => spec.completions,
    },
    {
      name: 'kube_job_spec_active_deadline_seconds',
      help: 'The duration in seconds relative to the startTime that the job may be active before the system tries to terminate it.',
      stable: true,
      value: ({ spec }) => spec.activeDeadlineSeconds,
    },
    {
      name: 'kube_job_status_succeeded',
      help: 'The number of pods which reached Phase Succeeded.',
      stable: true,
      value: ({ status }) => status.succeeded,
    },
    {
      name: 'kube_job_status_failed',
      help: 'The number of pods which reached Phase Failed and the reason for failure.',
      stable: true,
      labelled({ status: { failed, conditions } }) {
        if (failed === 0) return [{ labels: [], value: 0 }];
        const found = conditions.filter(({ type }) => type === 'Failed').map(({ reason }) => reason);
        const samples = found.flatMap((reason) =>
          failureReasons.map((known) => ({
            labels: [['reason', known]] as const,
            value: oneIf(reason === known),
          })),
        );
        if (found.some((reason) => failureReasons.includes(reason))) return samples;
        return [...samples, { labels: [['reason', '']], value: failed }];
      },
    },
    {
      name: 'kube_job_status_active',
      help: 'The number of actively running pods.',
      stable: true,
      value: ({ status }) => status.active,
    },
    {
      name: 'kube_job_status_ready',
      help: 'The number of ready pods that belong to this Job.',
      value: ({ status }) => status.ready ?? 0,
    },
    {
      name: 'kube_job_complete',
      help: 'The job has completed its execution.',
      stable: true,
      labels: ['condition'],
      samples({ status: { conditions } }, add) {
        for (const { type, status } of conditions) if (type === 'Complete') addStatus(status, add);
      },
    },
    {
      name: 'kube_job_failed',
      help: 'The job has failed its execution.',
      stable: true,
      labels: ['condition'],
      samples({ status: { conditions } }, add) {
        for (const { type, status } of conditions) if (type === 'Failed') addStatus(status, add);
      },
    },
    {
      name: 'kube_job_status_start_time',
      help: 'StartTime represents time when the job was acknowledged by the Job Manager.',
      stable: true,
      value: ({ status }) => status.startTime,
    },
    {
      name: 'kube_job_status_completion_time',
      help: 'CompletionTime represents time when the job was completed.',
      stable: true,
      value: ({ status }) => status.completionTime,
    },
    {
      name: 'kube_job_status_suspended',
      help: 'The number of pods which reached Phase Suspended.',
      labels: [],
      samples({ status: { conditions } }, add) {
        for (const { type, status } of conditions) if (type === 'Suspended') add(oneIf(status === 'True'));
      },
    },
    owner('job', 'Job', { stable: true }),
  ],
});
