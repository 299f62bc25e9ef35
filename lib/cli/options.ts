import type { LogFormat, Logger } from '../base/logger.ts';
import { parseDuration } from '../config/fields.ts';
import { type Io, type Option, UsageError } from './command.ts';

/** Options that several commands share. */
export const shared = {
  config: {
    value: 'FILE',
    short: 'c',
    env: 'MUSTER_CONFIG',
    default: 'muster.yml',
    help: 'Configuration: a file or an s3:// URL.',
  },
  strict: {
    help: 'Refuse SD configs that Muster does not read, instead of leaving them to Prometheus.',
  },
  store: {
    value: 'STORE',
    help: 'Read this store, as in s3://bucket/prefix, and no configuration.',
  },
  job: { value: 'JOB', help: 'Only this job.' },
  provider: { value: 'PROVIDER', help: 'Only this provider, as in consul-0.' },
  webConfig: {
    value: 'FILE',
    env: 'MUSTER_WEB_CONFIG',
    help: "TLS and who may read, in the format of Prometheus's --web.config.file.",
  },
  logFormat: {
    value: 'FORMAT',
    env: 'MUSTER_LOG_FORMAT',
    default: 'text',
    choices: ['text', 'json'],
    help: 'Log lines as text (logfmt) or json.',
  },
  output: { value: 'FORMAT', default: 'table', choices: ['table', 'json'], help: 'table or json.' },
} as const satisfies Readonly<Record<string, Option>>;

/** The log in the format of `--log-format`. */
export function logOf({ log, logAs }: Pick<Io, 'log' | 'logAs'>, format: LogFormat): Logger {
  return format === 'text' ? log : (logAs?.(format) ?? log);
}

/** The longest duration in milliseconds: timers count in 31 bits, and a longer one fires at once. */
const longestTimer = 2 ** 31 - 1;

/** Reads a duration: milliseconds, at least `min`. Throws `UsageError`. */
export function readDuration(option: string, text: string, min: number): number {
  const milliseconds = parseDuration(text);
  if (milliseconds === undefined || milliseconds < min || milliseconds > longestTimer)
    throw new UsageError(`--${option} is a duration from ${min}ms to 24d, as in 20s, not "${text}"`);
  return milliseconds;
}

/**
 * A moment, in milliseconds of Unix time: ISO 8601 (without a time zone it is UTC), or a duration ago as in 2h. Throws
 * `UsageError`.
 */
export function readTime(option: string, text: string, now: Date): number {
  const ago = parseDuration(text);
  if (ago !== undefined) return now.getTime() - ago;
  const hasZone = /(?:Z|[+-]\d\d:?\d\d)$/.test(text);
  const isTime = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?$/.test(text);
  const time = isTime ? Date.parse(hasZone || !text.includes('T') ? text : `${text}Z`) : Number.NaN;
  if (!Number.isNaN(time)) return time;
  throw new UsageError(
    `--${option} is a time as in 2026-11-28T03:00Z, or a duration ago as in 2h, not "${text}"`,
  );
}

/** Reads a whole number from 1 up. Throws `UsageError`. */
export function readCount(option: string, text: string): number {
  if (!/^[1-9]\d{0,11}$/.test(text))
    throw new UsageError(`--${option} is a whole number from 1 up, not "${text}"`);
  return Number(text);
}

const units: Readonly<Record<string, number>> = {
  B: 1,
  kB: 1e3,
  MB: 1e6,
  GB: 1e9,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
};

/** Reads a size: bytes, at least 1. Throws `UsageError`. */
export function readSize(option: string, text: string): number {
  const [, number, unit = ''] = /^(\d{1,12})(B|kB|MB|GB|KiB|MiB|GiB)$/.exec(text) ?? [];
  const bytes = Number(number) * (units[unit] ?? 0);
  if (bytes >= 1 && Number.isSafeInteger(bytes)) return bytes;
  throw new UsageError(`--${option} is a size with its unit, as in 256MiB, not "${text}"`);
}
