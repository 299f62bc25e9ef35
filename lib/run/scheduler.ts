import { isMusterError, toMusterError } from '../base/errors.ts';
import type { CycleInput, CycleResult } from '../cycle/provider.ts';
import { retireOutputs } from '../kube-state/stored.ts';
import { metricsKey, statusKey } from '../targets/keys.ts';
import type { AppConfig } from './app.ts';
import { outputOnce } from './kube-state-cycle.ts';
import { type CyclesInput, cycleOnce } from './provider-cycle.ts';
import type { AppProvider } from './providers.ts';
import { retireLeft } from './retirement.ts';
import { chooseRounds, deadlineOf, heldInterval, newSlot, type Round, type Slot } from './slots.ts';
import { groupsOf, type Member, runTogether } from './together.ts';

/** What the scheduler runs, and where results go. */
export interface SchedulerInput extends CyclesInput {
  /** What is configured at this moment; asked before each tick. */
  readonly config: () => Promise<Scheduled>;
  readonly onResult?: ((result: CycleResult) => void) | undefined;
  /** Milliseconds for which a kube-state output stays that left the configuration. Default: a quarter of an hour. */
  readonly retireOutputAfter?: number;
}

/** What of a configuration is run at intervals. */
export type Scheduled = Pick<AppConfig, 'providers' | 'outputs' | 'isEmpty' | 'retireRules'>;

/**
 * Milliseconds between two looks at what is due: usually, and at least while more is due than may run at once. A look
 * at 5,000 providers takes half a millisecond.
 */
const pauses = { usual: 250, busy: 25 } as const;

/** Milliseconds until retiring is tried again: after a failure, and while something waits for its time. */
const retireAgainAfter = { missed: 10_000, waiting: 60_000 } as const;

interface RunningRound extends Round {
  group?: string | undefined;
  readonly slot: Slot;
  /** Of a provider's round, which its group takes along. */
  readonly provider?: AppProvider;
  /** Whether the cycle held something, and what it failed of. */
  readonly run: (slot: Slot, member: RoundMember) => Promise<Ended>;
}

/** How a round is run: with the deadline of its slot, and as a member of its group. */
type RoundMember = Partial<Member<AppProvider>> & { readonly deadline: number };

interface Ended {
  readonly held: boolean;
  readonly error: unknown;
  readonly result?: CycleResult;
}

/** How far what left the configuration is retired. */
interface Retirement {
  /** The configured keys for which it is done. */
  done: string;
  /** By the monotonic clock. */
  nextAt: number;
}

/**
 * Runs every provider and every kube-state output at its refresh interval until the signal fires, then waits for the
 * cycles under way. Those that appear in the configuration start at once, those that left it are retired when they have
 * waited. All times are of the monotonic clock: a wall clock that is set back stops nothing.
 */
export async function runScheduler(input: SchedulerInput): Promise<void> {
  const { signal } = input;
  const slots = new Map<string, Slot>();
  const running = new Set<Promise<void>>();
  const retirement: Retirement = { done: '', nextAt: 0 };
  const sleeper = createSleeper(signal);
  let config: Scheduled | undefined;
  let plan: Plan | undefined;
  while (!signal.aborted) {
    config = await currentConfig(input, config);
    let isMoreDue = false;
    if (config !== undefined) {
      if (plan?.config !== config) plan = planOf(config, slots, input);
      plan.regroup();
      await retireThoseThatLeft(plan, { slots, retirement }, input);
      const chosen = chooseRounds(plan.rounds, ({ slot }) => slot, slots.values(), performance.now());
      isMoreDue = chosen.isMoreDue;
      for (const group of chosen.groups) {
        for (const run of runGroup(group, input)) {
          const cycle = run.finally(() => {
            running.delete(cycle);
            sleeper.wake();
          });
          running.add(cycle);
        }
      }
    }
    await sleeper.sleep(isMoreDue);
  }
  await Promise.all(running);
}

/** Waits between two looks, and no longer where the signal fires. */
function createSleeper(signal: AbortSignal) {
  let end = () => {};
  let isBusy = false;
  signal.addEventListener('abort', () => end(), { once: true });
  return {
    /** A place is free: a loop that waits for one goes on at once. */
    wake() {
      if (isBusy) end();
    },
    async sleep(isMoreDue: boolean) {
      if (isMoreDue) await wait(pauses.busy);
      isBusy = isMoreDue;
      await wait(pauses.usual - (isMoreDue ? pauses.busy : 0));
      isBusy = false;
    },
  };

  function wait(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, signal.aborted ? 0 : milliseconds);
      end = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

/** If the configuration cannot be read, the last one stays in force. */
async function currentConfig(
  { config, log }: SchedulerInput,
  last: Scheduled | undefined,
): Promise<Scheduled | undefined> {
  try {
    return await config();
  } catch (error) {
    log.error(`no configuration: ${toMusterError(error).message}`);
    return last;
  }
}

/** What a configuration comes to; made once for each. */
interface Plan {
  readonly config: Scheduled;
  readonly rounds: readonly RunningRound[];
  readonly keys: ReadonlySet<string>;
  /** All keys as one text. */
  readonly configured: string;
  /** Forms the groups again where the sizes of their lists have changed. */
  readonly regroup: () => void;
}

function planOf(config: Scheduled, slots: Map<string, Slot>, input: SchedulerInput): Plan {
  const { providers, outputs } = config;
  const hasOthers = providers.length > 1;
  const byGroup = Map.groupBy(providers, (provider) => provider.sharing?.group ?? provider);
  const mates = new Set(
    byGroup
      .values()
      .filter(({ length }) => length > 1)
      .toArray()
      .flat(),
  );
  let isRegrouped = mates.size === 0;
  const ofProviders = providers.map((provider): RunningRound & { readonly provider: AppProvider } => {
    const key = statusKey(provider);
    const server = provider.server ?? key;
    return {
      provider,
      key,
      server,
      slot: slotIn(slots, { key, server }),
      refreshInterval: provider.refreshInterval,
      heldInterval: heldInterval(provider.guard.confirm_after),
      deadline: provider.deadline,
      async run(slot, { provider: own = provider, deadline, beforeListing }) {
        const before = slot.targets;
        const ended = await runProvider({ ...own, deadline }, slot, { hasOthers, beforeListing }, input);
        if (slot.targets !== before && mates.has(provider)) isRegrouped = false;
        return ended;
      },
    };
  });
  const ofOutputs = outputs.map((output): RunningRound => {
    const key = metricsKey(output.object);
    const server = `kube-state ${output.name}`;
    return {
      key,
      server,
      slot: slotIn(slots, { key, server }),
      refreshInterval: output.refreshInterval,
      heldInterval: output.refreshInterval,
      deadline: output.deadline,
      async run(_, { deadline }) {
        const { error } = await outputOnce(output, input, new Date(Date.now() + deadline));
        return { held: false, error };
      },
    };
  });
  const rounds = [...ofProviders, ...ofOutputs];
  const keys = new Set(rounds.map(({ key }) => key));
  return {
    config,
    rounds,
    keys,
    configured: [...keys].join('\n'),
    regroup() {
      if (isRegrouped) return;
      isRegrouped = true;
      const grouped = ofProviders
        .filter(({ provider }) => mates.has(provider))
        .map((round) => ({ round, sharing: round.provider.sharing }));
      for (const [number, members] of groupsOf(grouped, ({ round }) => round.slot.targets).entries())
        for (const { round } of members) round.group = members.length > 1 ? String(number) : undefined;
    },
  };
}

/** Not before the last cycle of what left has ended: that one might publish it again. */
async function retireThoseThatLeft(
  { config, keys, configured }: Plan,
  { slots, retirement }: { readonly slots: Map<string, Slot>; readonly retirement: Retirement },
  input: SchedulerInput,
): Promise<void> {
  const now = performance.now();
  if (configured === retirement.done || retirement.nextAt > now) return;
  const left = [...slots].filter(([key]) => !keys.has(key));
  if (left.some(([, slot]) => slot.running)) return;
  for (const [key] of left) slots.delete(key);
  retirement.nextAt = now + retireAgainAfter.missed;
  try {
    const { leaving } = await retireOutputs(config, input, {
      after: input.retireOutputAfter,
    });
    const { missed, waiting } = await retireLeft(config.providers, config.retireRules, input);
    if (missed.length > 0 || leaving.length > 0) return;
    if (waiting.length > 0) {
      // What is held waits for an operator, the others for their time.
      const waits = waiting
        .filter(({ state }) => state === 'waiting')
        .map(({ wait }) => Math.max(1000, wait));
      retirement.nextAt = now + Math.min(retireAgainAfter.waiting, ...waits);
      return;
    }
    retirement.done = configured;
    retirement.nextAt = 0;
  } catch (error) {
    if (!input.signal.aborted) input.log.error(`retiring failed: ${toMusterError(error).message}`);
  }
}

/** Starts the rounds of a group, which share their listings. */
function runGroup(rounds: readonly RunningRound[], input: SchedulerInput): readonly Promise<void>[] {
  const start = Symbol('start');
  const begin = (round: RunningRound, member: Partial<Member<AppProvider>> = {}) =>
    runSlot(round, Object.assign(round.slot, { start }), member, input);
  const members = rounds.flatMap((round) => (round.provider ? [{ ...round.provider, round }] : []));
  if (members.length < rounds.length) return rounds.map((round) => begin(round));
  return runTogether(members, ({ provider: { round, ...provider }, beforeListing }) =>
    begin(round, { provider, beforeListing }),
  );
}

/** Never throws: even if a cycle or the callback on its result throws, the next cycle starts when it is due. */
async function runSlot(
  round: RunningRound,
  slot: Slot,
  member: Partial<Member<AppProvider>>,
  { log, onResult }: SchedulerInput,
): Promise<void> {
  slot.running = true;
  slot.startedAt = performance.now();
  try {
    const { held, error, result } = await round.run(slot, { ...member, deadline: deadlineOf(round, slot) });
    slot.held = held;
    slot.timeouts = isMusterError(error, 'timeout') ? slot.timeouts + 1 : 0;
    if (result !== undefined) onResult?.(result);
  } catch (error) {
    log.error(`${round.key}: the cycle ended badly: ${toMusterError(error).message}`);
  } finally {
    slot.running = false;
    slot.endedAt = performance.now();
  }
}

async function runProvider(
  provider: AppProvider,
  slot: Slot,
  options: Pick<CycleInput, 'hasOthers' | 'beforeListing'>,
  input: SchedulerInput,
): Promise<Ended> {
  const { warm, reported } = slot;
  const result = await cycleOnce(provider, input, { ...options, warm, reported });
  slot.targets = result.targets;
  // After a cycle that did not end well the store is read again.
  if (result.outcome === 'failed' || result.outcome === 'superseded' || result.loaded === undefined)
    delete slot.warm;
  else slot.warm = result.loaded;
  slot.reported = result.reported;
  // A cycle that failed knows nothing of what is held, which stays so.
  const held = result.outcome === 'failed' ? slot.held : result.held !== undefined;
  return { held, error: result.error, result };
}

function slotIn(slots: Map<string, Slot>, { key, server }: Pick<Round, 'key' | 'server'>): Slot {
  const slot = slots.get(key) ?? newSlot(server);
  slot.server = server;
  slots.set(key, slot);
  return slot;
}
