import type { Option } from './command.ts';

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
  output: { value: 'FORMAT', default: 'table', help: 'table or json.' },
} as const satisfies Readonly<Record<string, Option>>;
