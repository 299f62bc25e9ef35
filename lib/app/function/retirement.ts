import type { CyclesInput } from '../cycles.ts';
import type { InForce } from './config-source.ts';
import type { FunctionConfig } from './read-config.ts';
import type { Work } from './task.ts';

/** Milliseconds after which is looked again although nothing changed: a slow run may have come back to life. */
const lookAgainAfter = 5 * 60_000;

/** Retires what left the configuration; see `createRetirement`. */
export type Retire<Config, Id> = (config: InForce<Config>, input: CyclesInput) => Promise<readonly Id[]>;

/**
 * Looks for what left when the configuration changed, and every few minutes, which spares a quiet tick the listing. A
 * configuration that is not the newest, one that only one look has found, and an empty one, retire nothing.
 */
export function createRetirement<Config extends FunctionConfig, Id extends object>({
  retire,
}: Pick<Work<Config, Id>, 'retire'>): Retire<Config, Id> {
  let done: { readonly etag: string; readonly at: number } | undefined;
  return async (config, input) => {
    if (config.error !== undefined || config.isEmpty || !config.isSettled) return [];
    const now = performance.now();
    if (done?.etag === config.etag && now - done.at < lookAgainAfter) return [];
    const { retired, missed } = await retire(config, input);
    if (missed.length === 0) done = { etag: config.etag, at: now };
    return retired;
  };
}
