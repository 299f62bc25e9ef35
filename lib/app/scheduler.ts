import { setTimeout as sleep } from 'node:timers/promises';
import type { Loaded } from '../discovery/load.ts';
import type { CycleResult } from '../discovery/provider.ts';
import { statusKey } from '../target/names.ts';
import { type CyclesInput, cycleOnce, retireOthers } from './cycles.ts';
import type { AppProvider } from './providers.ts';

export interface SchedulerInput extends CyclesInput {
  /** The providers as configured at this moment; asked before each tick. */
  readonly providers: () => Promise<readonly AppProvider[]>;
  readonly onResult?: (result: CycleResult) => void;
}

/** Milliseconds between two looks at what is due. */
const tick = 250;

/** Cycles under way at once. */
const concurrency = 8;

interface Slot {
  dueAt: number;
  running: boolean;
  warm?: Loaded;
}

/**
 * Runs every provider at its refresh interval until the signal fires, then waits for the cycles under way. Providers
 * that appear in the configuration start at once, those that left it are retired.
 */
export async function runScheduler(input: SchedulerInput): Promise<void> {
  const { signal } = input;
  const slots = new Map<string, Slot>();
  const running = new Set<Promise<void>>();
  let known = '';
  while (!signal.aborted) {
    const providers = await input.providers();
    const keys = providers.map(statusKey);
    if (keys.join('\n') !== known) {
      known = keys.join('\n');
      for (const key of slots.keys()) if (!keys.includes(key)) slots.delete(key);
      await retireOthers(providers, input).catch((error: Error) =>
        input.log.error(`retiring failed: ${error.message}`),
      );
    }
    for (const provider of providers) {
      const slot = slotOf(slots, statusKey(provider));
      if (slot.running || slot.dueAt > Date.now() || running.size >= concurrency) continue;
      const cycle = runSlot(provider, slot, input).finally(() => running.delete(cycle));
      running.add(cycle);
    }
    await sleep(tick, undefined, { signal }).catch(() => undefined);
  }
  await Promise.all(running);
}

async function runSlot(provider: AppProvider, slot: Slot, input: SchedulerInput): Promise<void> {
  slot.running = true;
  slot.dueAt = Date.now() + provider.refreshInterval;
  const result = await cycleOnce(provider, input, slot.warm && { warm: slot.warm });
  slot.running = false;
  // After a cycle that did not end well the store is read anew.
  if (result.outcome === 'failed' || result.outcome === 'superseded' || result.loaded === undefined)
    delete slot.warm;
  else slot.warm = result.loaded;
  input.onResult?.(result);
}

function slotOf(slots: Map<string, Slot>, key: string): Slot {
  const slot = slots.get(key) ?? { dueAt: 0, running: false };
  slots.set(key, slot);
  return slot;
}
