import { silentLogger } from '../base/logger.ts';
import { type LeavingProvider, reviewLeaving } from '../cycle/leaving.ts';
import { type Resolved, resolveNames } from '../cycle/naming.ts';
import { checkOwnership } from '../cycle/ownership.ts';
import type { CycleResult } from '../cycle/provider.ts';
import { readStatuses } from '../cycle/status.ts';
import { notesInMemory } from '../cycle/sums.ts';
import { findLeftOutputs } from '../kube-state/stored.ts';
import { isEmptyChange } from '../targets/diff.ts';
import type { Progress } from '../targets/discover.ts';
import { metricsKey, type ProviderId, statusKey } from '../targets/keys.ts';
import type { App } from './app.ts';
import { cycleOnce } from './provider-cycle.ts';
import { type AppProvider, selectProviders } from './providers.ts';
import { type Member, runGroups } from './together.ts';

/** What a configuration would do to what is published. */
export interface Plan {
  /** A dry run of each provider that was asked for; one that failed has its error, and hides none of the others. */
  readonly cycles: readonly CycleResult[];
  /** Providers that the store has and the configuration has not, and what becomes of them. */
  readonly leaving: readonly LeavingProvider[];
  /** Lists that go on under another name or in another job: they list the same. */
  readonly renames: readonly Rename[];
  /** Kube-state outputs that would be listed and published, by their objects. */
  readonly outputs: readonly { readonly output: string; readonly key: string }[];
  /** Outputs of the store that the configuration lacks. */
  readonly leftOutputs: readonly string[];
}

/** What one list is called in the store, and by the configuration. */
export interface Rename {
  readonly from: ProviderId;
  readonly to: ProviderId;
  /**
   * - `kept`: it keeps its name of the store, wherever it stands in the file;
   * - `moved`: it is published again in another job, and the old list retired;
   * - `other`: the name of its place belongs to a list of something else, so it gets a new one, `to`.
   */
  readonly how: 'kept' | 'moved' | 'other';
}

/** What a plan is made from. */
export interface PlanInput {
  readonly signal: AbortSignal;
  readonly job: string | undefined;
  readonly provider: string | undefined;
  readonly takeOver: boolean;
  /** Shows how far a listing is; called once for each provider. */
  readonly openProgress: (provider: ProviderId) => {
    readonly show: (progress: Progress) => void;
    readonly end: () => void;
  };
}

/** Providers whose backends are listed at once. */
const concurrency = 4;

/**
 * Lists every provider of a configuration and compares it with the store. Writes nothing. Throws kind `config` where
 * what was asked for is not in the configuration, or the store is another configuration's, and what the store throws.
 */
export async function makePlan(app: App, input: PlanInput): Promise<Plan> {
  const { store } = app;
  const { signal, job, provider, takeOver } = input;
  await checkOwnership(app.providers, { store, signal, owner: app.owner, takeOver, dryRun: true });
  const named = await resolveNames(app.providers, { store, signal });
  const selected = selectProviders(named, { job, provider });
  const hasOthers = named.length > 1;
  const dropNotes = notesInMemory(store);
  const planOne = async ({ provider: { stored, ...one }, beforeListing }: Member<Resolved<AppProvider>>) => {
    const progress = input.openProgress(one);
    try {
      const options = {
        ...{ dryRun: true, hasOthers, dropNotes, stored, beforeListing },
        onProgress: progress.show,
      };
      return await cycleOnce(one, { store, log: silentLogger, signal }, options);
    } finally {
      progress.end();
    }
  };
  const cycles = await runGroups(selected, planOne, { concurrency, signal });
  const everything = job === undefined && provider === undefined;
  const look = { store, signal, now: new Date(), dryRun: true };
  const leaving = everything ? await reviewLeaving(named, app.retireRules, look) : [];
  return {
    ...{ cycles, leaving },
    renames: [...keptNames(app.providers, named), ...(await movedLists(named, leaving, look))],
    outputs: everything ? app.outputs.map(({ object }) => ({ output: object, key: metricsKey(object) })) : [],
    leftOutputs: everything ? await findLeftOutputs(app, { store, signal }) : [],
  };
}

/** Whether the plan would change what is published, now or when what left has waited. */
export function changesAnything({ cycles, leaving, leftOutputs }: Plan): boolean {
  const changed = cycles.some(
    ({ change, held }) => held !== undefined || (change !== undefined && !isEmptyChange(change)),
  );
  return changed || leaving.length > 0 || leftOutputs.length > 0;
}

/** The place in the file says another name than the one that the list has, or gets. */
function keptNames(
  configured: readonly AppProvider[],
  named: readonly Resolved<AppProvider>[],
): readonly Rename[] {
  return configured.flatMap(({ job, provider }, index): readonly Rename[] => {
    const kept = named[index];
    if (kept === undefined || kept.provider === provider) return [];
    const isKnown = kept.stored?.status !== undefined;
    const [stored, place] = [
      { job, provider: kept.provider },
      { job, provider },
    ];
    return [isKnown ? { from: stored, to: place, how: 'kept' } : { from: place, to: stored, how: 'other' }];
  });
}

/** What leaves and what is new list the same. */
async function movedLists(
  named: readonly Resolved<AppProvider>[],
  leaving: readonly LeavingProvider[],
  look: { readonly store: App['store']; readonly signal: AbortSignal },
): Promise<readonly Rename[]> {
  if (leaving.length === 0) return [];
  const statuses = await readStatuses(leaving, look);
  return leaving.flatMap(({ job, provider }): readonly Rename[] => {
    const identity = statuses.get(statusKey({ job, provider }))?.status?.identity;
    const next = named.find(
      (one) => one.identity !== undefined && one.identity === identity && one.stored?.status === undefined,
    );
    if (next === undefined) return [];
    const to = { job: next.job, provider: next.provider };
    return [{ from: { job, provider }, to, how: 'moved' }];
  });
}
