import { newRunId } from '../base/version.ts';
import {
  type ConfiguredProvider,
  type LeavingProvider,
  noteRetirement,
  type RetireRules,
  reviewLeaving,
} from '../cycle/leaving.ts';
import { clearRetired, retireProvider } from '../cycle/retire.ts';
import { type ProviderId, statusKey } from '../targets/keys.ts';
import type { CyclesInput } from './provider-cycle.ts';

/** What retiring came to. */
export interface Retirement {
  readonly retired: readonly LeavingProvider[];
  /** Those that wait, or are held. */
  readonly waiting: readonly LeavingProvider[];
  /** Those that another run retired first, to be tried again. */
  readonly missed: readonly ProviderId[];
}

/** Looks at what left the configuration, and retires what is due. Logs each. */
export async function retireLeft(
  configured: readonly ConfiguredProvider[],
  rules: RetireRules,
  { store, log, signal }: CyclesInput,
  mechanism?: string,
): Promise<Retirement> {
  const now = () => new Date();
  const look = { store, signal, mechanism, now: now() };
  const leaving = await reviewLeaving(configured, rules, look);
  const retired: LeavingProvider[] = [];
  const missed: ProviderId[] = [];
  for (const one of leaving) {
    const { job, provider, targets, reason, state } = one;
    const fields = { job, provider, targets };
    if (state === 'held') log.warn(`not retired: ${reason}`, fields);
    if (state !== 'due') continue;
    if (
      await retireProvider({ job, provider }, { store, signal, now, run: newRunId(now()), ifLeaving: true })
    ) {
      retired.push(one);
      await noteRetirement(one, look);
      log.info(`retired: ${reason}`, fields);
    } else missed.push({ job, provider });
  }
  if (retired.length > 0) {
    const names = new Set(configured.map(statusKey));
    await clearRetired(rules.keep, (id) => names.has(statusKey(id)), look);
  }
  return { retired, waiting: leaving.filter(({ state }) => state !== 'due'), missed };
}
