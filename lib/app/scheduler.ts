import { setTimeout as sleep } from 'node:timers/promises';
import type { Loaded } from '../discovery/load.ts';
import type { CycleResult } from '../discovery/provider.ts';
import { toMusterError } from '../errors.ts';
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

/** Milliseconds until retiring is tried again. */
const retireAgainAfter = 10_000;

/** Cycles under way at once. */
const concurrency = 8;

/** What is known of one provider's cycles. */
interface Slot {
  startedAt: number;
  running: boolean;
  warm?: Loaded;
}

/** How far the providers that left the configuration are retired. */
interface Retirement {
  /** The configured providers for which it is done. */
  done: string;
  nextAt: number;
}

/**
 * Runs every provider at its refresh interval until the signal fires, then waits for the cycles under way. Providers
 * that appear in the configuration start at once, those that left it are retired.
 */
export async function runScheduler(input: SchedulerInput): Promise<void> {
  const { signal } = input;
  const slots = new Map<string, Slot>();
  const running = new Set<Promise<void>>();
  const retirement: Retirement = { done: '', nextAt: 0 };
  while (!signal.aborted) {
    const providers = await input.providers();
    await retireLeft(providers, slots, retirement, input);
    for (const provider of findDue(providers, slots).slice(0, concurrency - running.size)) {
      const cycle = runSlot(provider, slotOf(slots, provider), input).finally(() => running.delete(cycle));
      running.add(cycle);
    }
    await sleep(tick, undefined, { signal }).catch(() => undefined);
  }
  await Promise.all(running);
}

/** Not before the last cycle of such a provider has ended: that one might publish it anew. */
async function retireLeft(
  providers: readonly AppProvider[],
  slots: Map<string, Slot>,
  retirement: Retirement,
  input: SchedulerInput,
): Promise<void> {
  const keys = new Set(providers.map(statusKey));
  const configured = [...keys].join('\n');
  if (configured === retirement.done || retirement.nextAt > Date.now()) return;
  const left = [...slots].filter(([key]) => !keys.has(key));
  if (left.some(([, slot]) => slot.running)) return;
  for (const [key] of left) slots.delete(key);
  retirement.nextAt = Date.now() + retireAgainAfter;
  try {
    const { missed } = await retireOthers(providers, input);
    if (missed.length > 0) return;
    retirement.done = configured;
    retirement.nextAt = 0;
  } catch (error) {
    if (!input.signal.aborted) input.log.error(`retiring failed: ${toMusterError(error).message}`);
  }
}

/** Who is due, the longest overdue first, so that slow providers do not keep others from their turn. */
function findDue(providers: readonly AppProvider[], slots: Map<string, Slot>): readonly AppProvider[] {
  const now = Date.now();
  const dueAt = (provider: AppProvider) => slotOf(slots, provider).startedAt + provider.refreshInterval;
  return providers
    .filter((provider) => !slotOf(slots, provider).running && dueAt(provider) <= now)
    .sort((a, b) => dueAt(a) - dueAt(b));
}

async function runSlot(provider: AppProvider, slot: Slot, input: SchedulerInput): Promise<void> {
  slot.running = true;
  slot.startedAt = Date.now();
  const result = await cycleOnce(provider, input, slot.warm && { warm: slot.warm });
  slot.running = false;
  // After a cycle that did not end well the store is read anew.
  if (result.outcome === 'failed' || result.outcome === 'superseded' || result.loaded === undefined)
    delete slot.warm;
  else slot.warm = result.loaded;
  input.onResult?.(result);
}

function slotOf(slots: Map<string, Slot>, provider: AppProvider): Slot {
  const key = statusKey(provider);
  const slot = slots.get(key) ?? { startedAt: 0, running: false };
  slots.set(key, slot);
  return slot;
}
