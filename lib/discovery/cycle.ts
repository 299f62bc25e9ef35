import { toMusterError } from '../errors.ts';
import { countTargets } from '../target/canonical.ts';
import { diffGroups, isEmptyChange } from '../target/diff.ts';
import { collectTargets } from './collect.ts';
import { commitChange } from './commit.ts';
import { judgeChange } from './guard.ts';
import { beat, type News } from './heartbeat.ts';
import { type Loaded, loadProvider } from './load.ts';
import type { CycleInput, CycleResult, Outcome, Provider } from './provider.ts';
import { publishVersion } from './publish.ts';
import { readStatus, type StoredStatus } from './status.ts';

/**
 * One run of one provider: load, discover, diff, guard, commit, checkpoint, publish, status. Never throws: what
 * failed is in the result and, where the store allows, in the status.
 */
export async function runCycle(provider: Provider, input: CycleInput): Promise<CycleResult> {
  const started = input.now();
  const state: State = {};
  const end = (outcome: Outcome, rest: Partial<CycleResult> = {}): CycleResult => ({
    job: provider.job,
    provider: provider.provider,
    outcome,
    version: state.loaded?.version ?? 0,
    groups: state.loaded?.groups.size ?? 0,
    targets: state.loaded === undefined ? 0 : countTargets(state.loaded.groups),
    durationMs: input.now().getTime() - started.getTime(),
    ...(state.loaded && { loaded: state.loaded }),
    ...lastSuccess(outcome, state, input),
    ...rest,
  });
  try {
    return await runSteps(provider, input, started, state, end);
  } catch (cause) {
    const error = toMusterError(cause);
    if (state.loaded !== undefined && state.stored !== undefined && input.dryRun !== true) {
      // The cycle's own error is what counts; a status that cannot be written either is the same trouble.
      await beat(provider, input, started, state.stored, state.loaded, { error }).catch(() => undefined);
    }
    return end('failed', { error });
  }
}

/** How far a cycle has come, so that a failure can be reported with what was known by then. */
interface State {
  loaded?: Loaded;
  stored?: StoredStatus;
}

/** A cycle that found the whole list has succeeded, also when the guard holds it. */
function lastSuccess(
  outcome: Outcome,
  { stored }: State,
  { now }: CycleInput,
): Pick<CycleResult, 'lastSuccess'> {
  const failed = outcome === 'failed' || outcome === 'superseded';
  const at = failed ? stored?.status?.last_success : now().toISOString();
  return at === undefined ? {} : { lastSuccess: at };
}

async function runSteps(
  provider: Provider,
  input: CycleInput,
  started: Date,
  state: State,
  end: (outcome: Outcome, rest?: Partial<CycleResult>) => CycleResult,
): Promise<CycleResult> {
  const { store, signal, dryRun } = input;
  const [loaded, stored] = await Promise.all([
    loadProvider(store, provider, input),
    readStatus(store, provider, signal),
  ]);
  state.loaded = loaded;
  state.stored = stored;
  const report = (now: Loaded, news: News) => beat(provider, input, started, stored, now, news);

  const listing = await collectTargets(provider, input, loaded.groups, loaded.cursor);
  const change = diffGroups(loaded.groups, listing.groups);
  const damaged = loaded.damaged !== undefined;
  const verdict = judgeChange({
    config: provider.guard,
    change,
    before: damaged ? (stored.status?.targets ?? 0) : countTargets(loaded.groups),
    after: listing.groups,
    held: stored.status?.held,
    now: started,
  });
  if (dryRun === true)
    return end('dry-run', { change, ...(!verdict.pass && { held: verdict.held.message }) });
  if (!verdict.pass) {
    await report(loaded, { held: verdict.held });
    return end('held', { change, held: verdict.held.message });
  }

  const changed = !isEmptyChange(change) || damaged;
  const reason = damaged ? 'rebuilt' : verdict.reason;
  const current = changed
    ? await commitChange(provider, input, loaded, listing, change, reason)
    : { ...loaded, cursor: listing.cursor };
  if (current === undefined) return end('superseded');
  state.loaded = current;
  const published = await publishVersion(provider, input, current, stored.status, change);
  if (published === undefined) return end('superseded');
  state.loaded = published.loaded;
  await report(published.loaded, { files: published.files, changed });
  if (changed) return end('published', { change });
  return end(published.wrote ? 'healed' : 'unchanged');
}
