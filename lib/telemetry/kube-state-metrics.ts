import type { MetricTable } from './metrics.ts';

/** What each kube-state output says of itself, at its end. */
export const kubeStateMetrics = {
  listed: {
    name: 'muster_kube_state_listing_timestamp_seconds',
    help: 'When the listing of the cluster began, of which this text was made, in Unix time.',
    labels: [],
  },
  seconds: {
    name: 'muster_kube_state_duration_seconds',
    help: 'How long listing the cluster and writing this text took.',
    labels: [],
  },
  listedObjects: {
    name: 'muster_kube_state_objects',
    help: 'Objects of which this text has samples.',
    labels: [],
  },
  written: {
    name: 'muster_kube_state_samples',
    help: 'Samples in this text, these ones apart.',
    labels: [],
  },
} as const satisfies MetricTable;
