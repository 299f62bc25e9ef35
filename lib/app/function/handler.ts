import { isDeepStrictEqual } from 'node:util';
import { Logger as PowertoolsLogger } from '@aws-lambda-powertools/logger';
import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import { Metrics } from '@aws-lambda-powertools/metrics';
import { logMetrics } from '@aws-lambda-powertools/metrics/middleware';
import middy from '@middy/core';
import { createCredentialReader } from '../../config/credentials.ts';
import { MusterError } from '../../errors.ts';
import { openStore } from '../../store/open.ts';
import { type ObjectLocation, parseFileUrl, parseStoreUrl } from '../../store/url.ts';
import { logLevels } from '../../telemetry/log.ts';
import { metricDimensions, metricNamespace } from '../../telemetry/metrics.ts';
import { version } from '../../version.ts';
import { createAwsSecrets } from '../aws-secrets.ts';
import { followConfig } from './config-source.ts';
import { lambdaInvoker } from './fan-out.ts';
import { createInvocations, type Invoke } from './invocation.ts';
import { loggerOver } from './logger.ts';
import { measureWith } from './measure.ts';
import type { FunctionConfig, ReadConfigInput } from './read-config.ts';
import { readSettings } from './settings.ts';
import type { Work, WorkInput } from './task.ts';
import { shareTime } from './time.ts';

/** What makes one function out of what all have in common. */
export interface Definition<Config extends FunctionConfig, Id extends object> {
  /** Of the function: a mechanism's, or `kube-state`. */
  readonly name: string;
  /** Reads what concerns it of a configuration; throws for one that is wrong. */
  readonly read: (text: string, input: ReadConfigInput) => Config;
  readonly work: (input: WorkInput) => Work<Config, Id>;
}

/**
 * The handler of a function: Powertools' logger and metrics around an invocation. Settings are read with the first
 * invocation, so that what is wrong with them stands in its log.
 */
export function defineHandler<Config extends FunctionConfig, Id extends object>(
  definition: Definition<Config, Id>,
) {
  const { MUSTER_LOG_LEVEL: level } = process.env;
  // An unknown level is an error of the first invocation, which is to be logged.
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

/** What Lambda tells of an invocation, as far as it is used here. */
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
  const store = openStore(storeUrl);
  const { bucket, key } = objectOf(location);
  const directory = process.cwd();
  const readCredential = createCredentialReader({ directory, env, resolvers: createAwsSecrets() });
  const currentConfig = followConfig({
    location,
    from: isDeepStrictEqual(bucket, parseStoreUrl(storeUrl)) ? store : openStore(bucket),
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

function objectOf(location: string): ObjectLocation {
  const found = parseFileUrl(location);
  if ('path' in found)
    throw new MusterError('config', 'MUSTER_CONFIG must name an object, as in s3://bucket/config/muster.yml');
  return found;
}
