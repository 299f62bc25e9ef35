import { isDeepStrictEqual } from 'node:util';
import { toMusterError } from '../errors.ts';
import { type AppConfig, type AppInput, readApp } from './app.ts';

/** Milliseconds between two looks at the configuration. */
const interval = 2000;

export interface ReloadingConfig {
  /** What is in force. */
  readonly current: () => Promise<AppConfig>;
  /** Why what the file says now is not in force; empty where it is. */
  readonly problem: () => string;
}

/**
 * A configuration that may change while it is used. It is read again every other second; one that
 * cannot be read or is wrong leaves the last good one in force, and is told to the log once, as is a new one that is
 * good. The store stays the one of the first configuration.
 */
export function reloadingConfig(location: string, first: AppConfig, input: AppInput): ReloadingConfig {
  let current = first;
  let readAt = Date.now();
  let said = '';
  return { problem: () => said, current: read };

  async function read(): Promise<AppConfig> {
    if (Date.now() - readAt < interval) return current;
    readAt = Date.now();
    try {
      const app = await readApp(location, input);
      if (!isDeepStrictEqual(app.storeConfig, first.storeConfig))
        say('the store changed: restart to use the new one');
      else if (app.isEmpty && !first.isEmpty)
        say('the configuration has no job with a provider: nothing is listed, and nothing retired');
      else say('');
      if (app.text !== current.text) {
        const { providers, outputs } = app;
        const counts = { providers: providers.length, outputs: outputs.length };
        input.log.info('the configuration has changed and is in force', { config: location, ...counts });
      }
      current = app;
    } catch (error) {
      if (input.signal?.aborted !== true)
        say(`the last good configuration stays in force: ${toMusterError(error).message}`);
    }
    return current;
  }

  function say(message: string): void {
    if (message !== said && message !== '') input.log.error(message, { config: location });
    if (message !== said && message === '')
      input.log.info('the configuration is good again', { config: location });
    said = message;
  }
}
