import { Logger as PowertoolsLogger } from '@aws-lambda-powertools/logger';
import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import { Metrics } from '@aws-lambda-powertools/metrics';
import { logMetrics } from '@aws-lambda-powertools/metrics/middleware';
import middy from '@middy/core';
import type { Mechanism, SdConfig } from '../../backends/mechanism.ts';
import { createCredentialReader } from '../../config/credentials.ts';
import { openStore } from '../../store/open.ts';
import { logLevels } from '../../telemetry/log.ts';
import { metricDimensions, metricNamespace } from '../../telemetry/metrics.ts';
import { createAwsSecrets } from '../aws-secrets.ts';
import { followConfig } from './config-source.ts';
import { lambdaInvoker } from './fan-out.ts';
import { createInvocations, type Invoke } from './invocation.ts';
import { loggerOver } from './logger.ts';
import { measureWith } from './measure.ts';
import { readFunctionConfig } from './read-config.ts';
import { readSettings } from './settings.ts';
import { shareTime } from './time.ts';

/**
 * The handler of a mechanism's function: Powertools' logger and metrics around an invocation. Settings are read with
 * the first invocation, so that what is wrong with them stands in its log.
 */
export function defineFunction<Config extends SdConfig>(mechanism: Mechanism<Config>) {
  const logger = new PowertoolsLogger({ logLevel: logLevel(process.env.MUSTER_LOG_LEVEL) });
  const metrics = new Metrics({
    namespace: metricNamespace,
    defaultDimensions: { [metricDimensions.mechanism]: mechanism.name },
  });
  const invokerOf = lambdaInvoker();
  let invoke: Invoke | undefined;

  return middy()
    .use(injectLambdaContext(logger, { resetKeys: true }))
    .use(logMetrics(metrics))
    .handler(async (event: unknown, context: InvocationContext) => {
      const time = shareTime(context.getRemainingTimeInMillis());
      invoke ??= open(mechanism, logger, metrics);
      return invoke(event, { time, invokeSelf: invokerOf(context.invokedFunctionArn) });
    });
}

/** What Lambda tells of an invocation, as far as it is used here. */
interface InvocationContext {
  readonly invokedFunctionArn: string;
  getRemainingTimeInMillis(): number;
}

function open<Config extends SdConfig>(
  mechanism: Mechanism<Config>,
  logger: PowertoolsLogger,
  metrics: Metrics,
): Invoke {
  const { env } = process;
  const { config: location, store: storeUrl, period } = readSettings(env);
  const log = loggerOver(logger);
  const store = openStore(storeUrl);
  const [, folder = '', key = ''] = /^(s3:\/\/[^/]+)\/(.+)$/.exec(location) ?? [];
  const directory = process.cwd();
  const readCredential = createCredentialReader({ directory, env, resolvers: createAwsSecrets() });
  const currentConfig = followConfig({
    location,
    from: folder === store.url ? store : openStore(folder),
    key,
    store,
    lastGoodKey: `config/last-good/${mechanism.name}.yml`,
    read: (text, origin) =>
      readFunctionConfig(text, mechanism, { origin, store: store.url, directory, readCredential, log }),
    log,
  });
  return createInvocations({
    mechanism: mechanism.name,
    store,
    period,
    currentConfig,
    log,
    measure: measureWith(metrics),
  });
}

function logLevel(name: string | undefined) {
  return logLevels.find((level) => level === name) ?? 'info';
}
