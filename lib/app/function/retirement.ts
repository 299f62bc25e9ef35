import type { ProviderId } from '../../target/names.ts';
import { type CyclesInput, retireOthers } from '../cycles.ts';
import type { ConfigInForce } from './config-source.ts';

/** Milliseconds after which is looked again although nothing changed: a slow run may have come back to life. */
const lookAgainAfter = 5 * 60_000;

/** Retires the providers of one mechanism that left the configuration; see `createRetirement`. */
export type Retire = (config: ConfigInForce, input: CyclesInput) => Promise<readonly ProviderId[]>;

/**
 * Looks for providers that left when the configuration changed, and every few minutes, which spares a quiet tick the
 * listing. A configuration that is not the newest, and an empty one, retire nothing.
 */
export function createRetirement(mechanism: string): Retire {
  let done: { readonly etag: string; readonly at: number } | undefined;
  return async (config, input) => {
    if (config.error !== undefined || config.configured.length === 0) return [];
    if (done?.etag === config.etag && Date.now() - done.at < lookAgainAfter) return [];
    const { retired, missed } = await retireOthers(config.configured, input, mechanism);
    if (missed.length === 0) done = { etag: config.etag, at: Date.now() };
    return retired.map(({ job, provider }) => ({ job, provider }));
  };
}
