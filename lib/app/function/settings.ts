import { MusterError } from '../../errors.ts';
import { type LogLevel, readLogLevel } from '../../telemetry/log.ts';
import { longestGap, periodOf } from './schedule.ts';

/** What a deployment tells its functions, by environment variables. */
export interface FunctionSettings {
  /** `s3://bucket/key` of the configuration: `MUSTER_CONFIG`. */
  readonly config: string;
  /** `s3://bucket/prefix` of the store that the function may write to: `MUSTER_STORE`. */
  readonly store: string;
  /** Milliseconds between two ticks, of `MUSTER_SCHEDULE`, as in `rate(1 minute)`. */
  readonly period: number;
  /** The least that is logged: `MUSTER_LOG_LEVEL`. */
  readonly logLevel: LogLevel;
  /** Milliseconds that can lie between two ticks at most. */
  readonly gap: number;
}

/** Reads the settings. Throws (kind `config`) with the name of the variable that is missing or wrong. */
export function readSettings(env: Readonly<Record<string, string | undefined>>): FunctionSettings {
  const schedule = env.MUSTER_SCHEDULE ?? '';
  const period = periodOf(schedule);
  return {
    config: required(env, 'MUSTER_CONFIG', 's3://bucket/config/muster.yml'),
    store: required(env, 'MUSTER_STORE', 's3://bucket'),
    period,
    logLevel: readLogLevel(env),
    gap: longestGap(schedule) ?? period,
  };
}

function required(env: Readonly<Record<string, string | undefined>>, name: string, example: string): string {
  const value = env[name] ?? '';
  if (!/^s3:\/\//i.test(value))
    throw new MusterError('config', `${name} must be set, as in ${example}: serverless.yml does that`);
  return value;
}
