import { parseDuration } from '../config/duration.ts';
import { type Option, UsageError } from './command.ts';

/** Options that several commands share. */
export const shared = {
  config: {
    value: 'FILE',
    short: 'c',
    env: 'MUSTER_CONFIG',
    default: 'muster.yml',
    help: 'Configuration: a file or an s3:// URL.',
  },
  job: { value: 'JOB', help: 'Only this job.' },
  provider: { value: 'PROVIDER', help: 'Only this provider, as in consul-0.' },
  webConfig: {
    value: 'FILE',
    env: 'MUSTER_WEB_CONFIG',
    help: "TLS and who may read, in the format of Prometheus's --web.config.file.",
  },
  output: { value: 'FORMAT', default: 'table', choices: ['table', 'json'], help: 'table or json.' },
} as const satisfies Readonly<Record<string, Option>>;

/** Timers count milliseconds in 31 bits; one that is set for longer fires at once. */
const longestTimer = 2 ** 31 - 1;

/** The value of an option that is a duration, in milliseconds, from `min` milliseconds up. */
export function readDuration(option: string, text: string, min: number): number {
  const milliseconds = parseDuration(text);
  if (milliseconds === undefined || milliseconds < min || milliseconds > longestTimer)
    throw new UsageError(`--${option} is a duration from ${min}ms to 24d, as in 20s, not "${text}"`);
  return milliseconds;
}
