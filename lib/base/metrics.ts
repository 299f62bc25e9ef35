/** A metric as data: the code that counts makes it from here, documentation and alert rules take their names here. */
export interface MetricTable {
  readonly [metric: string]: {
    readonly name: string;
    readonly help: string;
    readonly labels: readonly string[];
  };
}

/** What `muster dev` says of its configuration, beside what its mirror says. */
export const schedulerMetrics = {
  configGood: {
    name: 'muster_config_last_reload_successful',
    help: 'Whether muster.yml as it is now is in force (muster dev): 1, or 0.',
    labels: [],
  },
  configLoaded: {
    name: 'muster_config_last_reload_success_timestamp_seconds',
    help: 'When the muster.yml that is in force was taken over (muster dev), in Unix time.',
    labels: [],
  },
} as const satisfies MetricTable;

/**
 * What the sync sidecar says of itself on `/metrics`. `source` is there only where stores have names. What a status
 * says is as old as the last look at it: half of `--stale-after` at most for a provider that is well, a twentieth for
 * others.
 */
export const syncMetrics = {
  buildInfo: {
    name: 'muster_build_info',
    help: 'Always 1; the labels say which Muster runs on which Node.js.',
    labels: ['version', 'node_version'],
  },
  rounds: {
    name: 'muster_sync_rounds_total',
    help: 'Rounds of the mirror, by result: success or error.',
    labels: ['source', 'result'],
  },
  lastSuccess: {
    name: 'muster_sync_last_success_timestamp_seconds',
    help: 'When the last round without error ended, in Unix time; 0 before the first.',
    labels: ['source'],
  },
  duration: {
    name: 'muster_sync_duration_seconds',
    help: 'How long a round of the mirror took.',
    labels: ['source'],
  },
  files: {
    name: 'muster_sync_files',
    help: 'Target files which the mirror keeps in its folder.',
    labels: ['source'],
  },
  targets: {
    name: 'muster_sync_targets',
    help: 'Targets in the file of a provider.',
    labels: ['source', 'job', 'provider'],
  },
  fileChanges: {
    name: 'muster_sync_file_changes_total',
    help: 'How often the file of a provider was replaced or removed.',
    labels: ['source', 'job', 'provider'],
  },
  rejectedObjects: {
    name: 'muster_sync_rejected_objects',
    help: 'Objects in the bucket which the last round did not apply, by reason; the last good file stays.',
    labels: ['source', 'reason'],
  },
  bytes: {
    name: 'muster_sync_bytes_total',
    help: 'Bytes of target objects read from the store.',
    labels: ['source'],
  },
  orphanedTargets: {
    name: 'muster_sync_orphaned_targets',
    help: 'Targets in a file that the store no longer lists and that no tombstone retired; it stays.',
    labels: ['source', 'job', 'provider'],
  },
  incomplete: {
    name: 'muster_sync_incomplete',
    help: 'Always 1, for each provider in the store without a good file on disk; its job is not served.',
    labels: ['source', 'job', 'provider'],
  },
  providerLastSuccess: {
    name: 'muster_sync_provider_last_success_timestamp_seconds',
    help: 'When the last whole listing of a mirrored provider ended, in Unix time; where its status does not say, when this mirror first saw its list. Set in each round that reads the status: for a healthy provider once in half of --stale-after, for others once in a twentieth.',
    labels: ['source', 'job', 'provider'],
  },
  providerStale: {
    name: 'muster_sync_provider_stale',
    help: 'Of each mirrored file 1 when the last whole listing is older than --stale-after or its status does not tell, with the reason: old, missing, unreadable, newer, clock; else 0.',
    labels: ['source', 'job', 'provider', 'reason'],
  },
  providerHeld: {
    name: 'muster_sync_provider_held',
    help: 'Targets that the gate keeps published although the last listing of the provider lacks them.',
    labels: ['source', 'job', 'provider'],
  },
  providerFailures: {
    name: 'muster_sync_provider_failures',
    help: 'Cycles of a provider that failed in a row.',
    labels: ['source', 'job', 'provider'],
  },
  providerError: {
    name: 'muster_sync_provider_error_info',
    help: 'Always 1, for each provider whose last cycle failed, with the kind of the error.',
    labels: ['source', 'job', 'provider', 'kind'],
  },
  providerLastAttempt: {
    name: 'muster_sync_provider_last_attempt_timestamp_seconds',
    help: 'When the last cycle of a provider ended, good or bad, in Unix time.',
    labels: ['source', 'job', 'provider'],
  },
  providerPublished: {
    name: 'muster_sync_provider_published_timestamp_seconds',
    help: 'When the list of a provider last changed, in Unix time.',
    labels: ['source', 'job', 'provider'],
  },
  providerDamaged: {
    name: 'muster_sync_provider_damaged',
    help: 'Of a provider 1 when its last cycle found damage in the store, else 0.',
    labels: ['source', 'job', 'provider'],
  },
  providerRequests: {
    name: 'muster_sync_provider_requests',
    help: 'Requests that the last whole listing of a provider cost its backend, by its status; absent if they are not counted. What several share is counted for one of them.',
    labels: ['source', 'job', 'provider'],
  },
  providerConfirmed: {
    name: 'muster_sync_provider_confirmed',
    help: 'Targets of a provider that left within the last hour after a hold, without an operator.',
    labels: ['source', 'job', 'provider'],
  },
  providerPinned: {
    name: 'muster_sync_provider_pinned',
    help: 'Of a provider 1 while an operator has pinned its list, else 0.',
    labels: ['source', 'job', 'provider'],
  },
  providerRejected: {
    name: 'muster_sync_provider_rejected',
    help: 'Targets of a provider whose removal an operator has rejected, and which its backend does not have again.',
    labels: ['source', 'job', 'provider'],
  },
  rejectedObject: {
    name: 'muster_sync_rejected_object_info',
    help: 'Always 1, for each of the first objects which the last round did not apply.',
    labels: ['source', 'reason', 'key'],
  },
  notifications: {
    name: 'muster_sync_notifications_total',
    help: 'Messages of the queues by what became of them: mirrored, failed, ignored, unknown; error: no answer.',
    labels: ['result'],
  },
} as const satisfies MetricTable;

/** CloudWatch's namespace for what the functions count. */
export const metricNamespace = 'Muster';
/** Names of the dimensions that every metric of the functions has. */
export const metricDimensions = { stack: 'service', mechanism: 'mechanism' } as const;

/** What the functions say of themselves to CloudWatch; alarms and the dashboard take their names here. */
export const functionMetrics = {
  failures: {
    name: 'CycleFailures',
    help: 'Of a cycle 1 when it failed, else 0; the number of samples is that of the cycles.',
    unit: 'Count',
  },
  held: { name: 'CyclesHeld', help: 'Of a cycle 1 when the guard held its change, else 0.', unit: 'Count' },
  pinned: {
    name: 'CyclesPinned',
    help: 'Of a cycle 1 while an operator has pinned its list, else 0.',
    unit: 'Count',
  },
  rejected: {
    name: 'TargetsRejected',
    help: 'Targets whose removal an operator has rejected, and which the backend does not have again.',
    unit: 'Count',
  },
  overdue: {
    name: 'SecondsOverdue',
    help: 'How much older than its refresh_interval the last whole listing of a provider or kube-state output is; 0 when it is on time.',
    unit: 'Seconds',
  },
  duration: { name: 'CycleDuration', help: 'How long a cycle took.', unit: 'Milliseconds' },
  requests: {
    name: 'BackendRequests',
    help: 'Requests that a cycle cost its backend, where they are counted; what several share is counted for one of them.',
    unit: 'Count',
  },
  targets: { name: 'Targets', help: 'Targets of a provider after a cycle.', unit: 'Count' },
  samples: { name: 'Samples', help: 'Samples of a kube-state output after a cycle.', unit: 'Count' },
  configErrors: {
    name: 'ConfigErrors',
    help: 'Of an invocation 1 when the configuration as it is now is not in force, else 0.',
    unit: 'Count',
  },
} as const satisfies Readonly<
  Record<string, { name: string; help: string; unit: 'Count' | 'Seconds' | 'Milliseconds' }>
>;
