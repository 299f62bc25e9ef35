import { setTimeout as sleep } from 'node:timers/promises';
import type { Loaded } from '../discovery/load.ts';
import type { CycleResult } from '../discovery/provider.ts';
import { toMusterError } from '../errors.ts';
import { metricsKey, statusKey } from '../target/names.ts';
import type { AppConfig } from './app.ts';
import { type CyclesInput, cycleOnce, retireOthers } from './cycles.ts';
import { outputOnce } from './kube-state/cycle.ts';
import { retireOutputs } from './kube-state/stored.ts';
import type { AppProvider } from './providers.ts';

export interface SchedulerInput extends CyclesInput {
  /** What is configured at this moment; asked before each tick. */
  readonly config: () => Promise<Scheduled>;
  readonly onResult?: (result: CycleResult) => void;
  /** Milliseconds for which a kube-state output stays that left the configuration. Default: a quarter of an hour. */
  readonly retireOutputAfter?: number;
}

/** What of a configuration is run at intervals. */
export type Scheduled = Pick<AppConfig, 'providers' | 'outputs' | 'isEmpty'>;

/** Milliseconds between two looks at what is due. */
const tick = 250;

/** Milliseconds until retiring is tried again. */
const retireAgainAfter = 10_000;

/** Cycles under way at once. */
const concurrency = 8;

/** What comes round again and again: the cycle of a provider, or that of a kube-state output. */
interface Round {
  /** Of the provider's status, or of the output. */
  readonly key: string;
  readonly refreshInterval: number;
  readonly run: (slot: Slot) => Promise<void>;
}

/** What is known of the cycles under one key. */
interface Slot {
  startedAt: number;
  running: boolean;
  warm?: Loaded;
}

/** How far what left the configuration is retired. */
interface Retirement {
  /** The configured keys for which it is done. */
  done: string;
  nextAt: number;
}

/**
 * Runs every provider and every kube-state output at its refresh interval until the signal fires, then waits for the
 * cycles under way. Those that appear in the configuration start at once, those that left it are retired.
 */
export async function runScheduler(input: SchedulerInput): Promise<void> {
  const { signal } = input;
  const slots = new Map<string, Slot>();
  const running = new Set<Promise<void>>();
  const retirement: Retirement = { done: '', nextAt: 0 };
  while (!signal.aborted) {
    const config = await input.config();
    const rounds = roundsOf(config, input);
    await retireLeft(config, rounds, slots, retirement, input);
    for (const round of findDue(rounds, slots).slice(0, concurrency - running.size)) {
      const cycle = runSlot(round, slotOf(slots, round)).finally(() => running.delete(cycle));
      running.add(cycle);
    }
    await sleep(tick, undefined, { signal }).catch(() => undefined);
  }
  await Promise.all(running);
}

function roundsOf({ providers, outputs }: Scheduled, input: SchedulerInput): readonly Round[] {
  return [
    ...providers.map((provider) => ({
      key: statusKey(provider),
      refreshInterval: provider.refreshInterval,
      run: (slot: Slot) => runProvider(provider, slot, input),
    })),
    ...outputs.map((output) => ({
      key: metricsKey(output.object),
      refreshInterval: output.refreshInterval,
      async run() {
        await outputOnce(output, input);
      },
    })),
  ];
}

/** Not before the last cycle of what left has ended: that one might publish it anew. */
async function retireLeft(
  config: Scheduled,
  rounds: readonly Round[],
  slots: Map<string, Slot>,
  retirement: Retirement,
  input: SchedulerInput,
): Promise<void> {
  const keys = new Set(rounds.map(({ key }) => key));
  const configured = [...keys].join('\n');
  if (configured === retirement.done || retirement.nextAt > Date.now()) return;
  const left = [...slots].filter(([key]) => !keys.has(key));
  if (left.some(([, slot]) => slot.running)) return;
  for (const [key] of left) slots.delete(key);
  retirement.nextAt = Date.now() + retireAgainAfter;
  try {
    const { leaving } = await retireOutputs(config, input, {
      ...(input.retireOutputAfter !== undefined && { after: input.retireOutputAfter }),
    });
    const { missed } = await retireOthers(config.providers, input);
    if (missed.length > 0 || leaving.length > 0) return;
    retirement.done = configured;
    retirement.nextAt = 0;
  } catch (error) {
    if (!input.signal.aborted) input.log.error(`retiring failed: ${toMusterError(error).message}`);
  }
}

/** Who is due, the longest overdue first, so that slow ones do not keep others from their turn. */
function findDue(rounds: readonly Round[], slots: Map<string, Slot>): readonly Round[] {
  const now = Date.now();
  const dueAt = (round: Round) => slotOf(slots, round).startedAt + round.refreshInterval;
  return rounds
    .filter((round) => !slotOf(slots, round).running && dueAt(round) <= now)
    .sort((a, b) => dueAt(a) - dueAt(b));
}

async function runSlot(round: Round, slot: Slot): Promise<void> {
  slot.running = true;
  slot.startedAt = Date.now();
  await round.run(slot);
  slot.running = false;
}

async function runProvider(provider: AppProvider, slot: Slot, input: SchedulerInput): Promise<void> {
  const result = await cycleOnce(provider, input, slot.warm && { warm: slot.warm });
  // After a cycle that did not end well the store is read anew.
  if (result.outcome === 'failed' || result.outcome === 'superseded' || result.loaded === undefined)
    delete slot.warm;
  else slot.warm = result.loaded;
  input.onResult?.(result);
}

function slotOf(slots: Map<string, Slot>, { key }: Round): Slot {
  const slot = slots.get(key) ?? { startedAt: 0, running: false };
  slots.set(key, slot);
  return slot;
}
