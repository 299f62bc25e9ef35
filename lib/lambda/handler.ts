import { isDeepStrictEqual } from 'node:util';
import { type Logger as Powertools, Logger as PowertoolsLogger } from '@aws-lambda-powertools/logger';
import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import { Metrics } from '@aws-lambda-powertools/metrics';
import { logMetrics } from '@aws-lambda-powertools/metrics/middleware';
import middy from '@middy/core';
import { MusterError } from '../base/errors.ts';
import {
  type LogFields,
  type Logger,
  type LogLevel,
  loggerTo,
  logLevels,
  readLogLevel,
} from '../base/logger.ts';
import { metricDimensions, metricNamespace } from '../base/metrics.ts';
import { version } from '../base/version.ts';
import { createCredentialReader } from '../config/credentials.ts';
import { createAwsSecrets } from '../run/aws-secrets.ts';
import { openBucket } from '../store/s3/store.ts';
import { type ObjectLocation, parseFileUrl, parseStoreUrl, type S3Location } from '../store/url.ts';
import { followConfig } from './config-source.ts';
import { createInvocations, type Invoke } from './invocation.ts';
import { measureWith } from './measure.ts';
import type { FunctionConfig, ReadConfigInput } from './read-config.ts';
import { longestGap, periodOf } from './schedule.ts';
import { lambdaInvoker, shareTime, type Work, type WorkInput } from './task.ts';

/** The parts of a function that differ from those of the others. */
export interface Definition<Config extends FunctionConfig, Id extends object> {
  /** Name of the function: a mechanism's, or `kube-state`. */
  readonly name: string;
  /** Reads its part of a configuration. Throws if the configuration is wrong. */
  readonly read: (text: string, input: ReadConfigInput) => Config;
  readonly work: (input: WorkInput) => Work<Config, Id>;
}

/**
 * The handler of a function: Powertools' logger and metrics around an invocation. The first invocation reads the
 * settings, so that its log has their errors. The handler throws kind `config` for a missing or wrong setting.
 */
export function defineHandler<Config extends FunctionConfig, Id extends object>(
  definition: Definition<Config, Id>,
) {
  const { MUSTER_LOG_LEVEL: level } = process.env;
  // An unknown level is an error of the first invocation, which must be logged.
  const logger = new PowertoolsLogger({
    logLevel: logLevels.find((known) => known === level) ?? 'info',
    persistentKeys: { muster: version },
  });
  const metrics = new Metrics({
    namespace: metricNamespace,
    defaultDimensions: { [metricDimensions.mechanism]: definition.name },
  });
  const invokerOf = lambdaInvoker();
  let invoke: Invoke<Id> | undefined;

  return middy()
    .use(injectLambdaContext(logger, { resetKeys: true }))
    .use(logMetrics(metrics))
    .handler(async (event: unknown, context: InvocationContext) => {
      const time = shareTime(context.getRemainingTimeInMillis());
      invoke ??= open(definition, logger, metrics);
      return invoke(event, { time, invokeSelf: invokerOf(context.invokedFunctionArn) });
    });
}

/** The fields of Lambda's context that are used here. */
interface InvocationContext {
  readonly invokedFunctionArn: string;
  getRemainingTimeInMillis(): number;
}

function open<Config extends FunctionConfig, Id extends object>(
  { name, read, work }: Definition<Config, Id>,
  logger: PowertoolsLogger,
  metrics: Metrics,
): Invoke<Id> {
  const { env } = process;
  const { config: location, store: storeUrl, period, gap } = readSettings(env);
  const log = loggerOver(logger);
  const storeBucket = bucketOf(storeUrl);
  const store = openBucket(storeBucket);
  const { bucket, key } = objectOf(location);
  const directory = process.cwd();
  const readCredential = createCredentialReader({ directory, env, resolvers: createAwsSecrets() });
  const currentConfig = followConfig({
    location,
    from: isDeepStrictEqual(bucket, storeBucket) ? store : openBucket(bucket),
    key,
    store,
    lastGoodKey: `config/last-good/${name}.yml`,
    read: (text, origin) => read(text, { origin, store: store.url, directory, readCredential, log }),
    log,
  });
  const measure = measureWith(metrics, gap);
  return createInvocations({
    work: work({ store, log, measure }),
    ...{ store, period, currentConfig, log, measure },
  });
}

function bucketOf(url: string): S3Location {
  const location = parseStoreUrl(url);
  if (location.kind !== 's3')
    throw new MusterError('config', 'MUSTER_STORE must name a bucket, as in s3://bucket/prefix');
  return location;
}

function objectOf(location: string): ObjectLocation {
  const found = parseFileUrl(location);
  if ('path' in found)
    throw new MusterError('config', 'MUSTER_CONFIG must name an object, as in s3://bucket/config/muster.yml');
  return found;
}

/** The environment variables of a deployment's functions. */
export interface FunctionSettings {
  /** `s3://bucket/key` of the configuration: `MUSTER_CONFIG`. */
  readonly config: string;
  /** `s3://bucket/prefix` of the store that the function may write to: `MUSTER_STORE`. */
  readonly store: string;
  /** Milliseconds between two ticks, of `MUSTER_SCHEDULE`, as in `rate(1 minute)`. */
  readonly period: number;
  /** The lowest level that is logged: `MUSTER_LOG_LEVEL`. */
  readonly logLevel: LogLevel;
  /** The longest time between two ticks, in milliseconds. */
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

/** Muster's logger over Powertools', which writes a line of JSON with the invocation's own fields. */
export function loggerOver(powertools: Powertools): Logger {
  return loggerTo((level, message, fields) => powertools[level](message, plain(fields)));
}

/** Names that a line of Powertools has of its own. */
const taken = new Set(['level', 'message', 'timestamp', 'service', 'sampling_rate', 'xray_trace_id']);

/** The fields as plain JSON values, so that a Secret is masked before it is merged or copied. */
function plain(fields: LogFields): Record<string, unknown> {
  const text = JSON.stringify(fields, (_key, value: unknown) => {
    if (value instanceof Error) return value.message;
    return typeof value === 'bigint' ? String(value) : value;
  });
  const entries = Object.entries(asRecord(JSON.parse(text)));
  return Object.fromEntries(entries.map(([name, value]) => [taken.has(name) ? `${name}_` : name, value]));
}

function asRecord(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}
