import { errorData, type MusterError } from '../base/errors.ts';
import { version as musterVersion } from '../base/version.ts';
import { retryConflict } from '../store/errors.ts';
import { type Control, pinAt } from './control.ts';
import type { Hold } from './gate.ts';
import type { CycleInput, Provider } from './provider.ts';
import {
  clockSkew,
  emptyStatus,
  type Held,
  readStatus,
  type Status,
  type StoredStatus,
  writeStatus,
} from './status.ts';

/** What a cycle has to report. */
export interface Report {
  /** When the cycle started. */
  readonly started: Date;
  readonly list: ListFacts;
  readonly error?: MusterError | undefined;
  readonly hold?: Hold | undefined;
  /** Names of the backend that was listed. */
  readonly backend?: readonly string[] | undefined;
  /** The published files; without them the last status' stay. */
  readonly files?: Status['files'];
  /** A new version was committed. */
  readonly changed?: boolean;
  /** Targets that left after a hold, without an operator. */
  readonly confirmed?: number | undefined;
  /** What an operator should know of the list; without it the last status' words stay. */
  readonly warnings?: readonly string[];
  /** Requests that the listing cost the backend. */
  readonly requests?: number | undefined;
  /** Damage that was found. */
  readonly damaged?: string | undefined;
  /** What operators have decided; without it the last status' words stay. */
  readonly control?: Control | undefined;
}

/** What a status says of the list. */
export type ListFacts = Pick<Status, 'version' | 'groups' | 'targets'>;

/** Milliseconds for which it is shown that targets left without an operator, and that the store was damaged. */
const shownFor = 60 * 60_000;

/**
 * Writes the status of a cycle, good or bad, over the one that was read. Returns what was written, or undefined if a
 * newer one stays. Throws what the store throws.
 */
export async function writeHeartbeat(
  provider: Provider,
  input: CycleInput,
  stored: StoredStatus,
  report: Report,
): Promise<StoredStatus | undefined> {
  const status = nextStatus(provider, input, stored.status, report);
  return writeStatus(provider, status, stored.etag, { store: input.store, signal: input.signal });
}

function nextStatus(
  { job, provider, identity, server, settings }: Provider,
  { run, now, configError, storeId }: CycleInput,
  old: Status | undefined,
  {
    started,
    list,
    error,
    hold,
    backend,
    files,
    changed,
    confirmed,
    warnings,
    requests,
    damaged,
    control,
  }: Report,
): Status {
  const { version, groups, targets } = list;
  const ended = now();
  const failed = error !== undefined;
  const at = ended.toISOString();
  const lastSuccess = failed ? old?.last_success : at;
  const lastChange = changed === true ? at : old?.last_change;
  const held = failed ? old?.held : hold && heldFacts(hold, ended, old?.held);
  const confirmedNow = confirmed ? { at, targets: confirmed } : recent(old?.confirmed, ended);
  const damage = damaged === undefined ? recent(old?.damaged, ended) : { at, message: damaged };
  const names = backend ?? old?.backend;
  const shown = warnings ?? old?.warnings ?? [];
  return {
    schema: 1,
    job,
    provider,
    run,
    muster: musterVersion,
    identity,
    server,
    settings,
    store: storeId,
    ...(names !== undefined && names.length > 0 && { backend: [...names] }),
    first_attempt: old?.first_attempt ?? old?.last_attempt ?? started.toISOString(),
    last_attempt: started.toISOString(),
    last_success: lastSuccess,
    last_change: lastChange,
    requests: failed ? old?.requests : requests,
    duration_seconds: Math.max(0, ended.getTime() - started.getTime()) / 1000,
    version,
    published_version: files === undefined ? (old?.published_version ?? 0) : version,
    groups,
    targets,
    files: files ?? old?.files ?? [],
    error: error && errorData(error),
    config_error: configError,
    ...(shown.length > 0 && { warnings: [...shown] }),
    failures: failed ? (old?.failures ?? 0) + 1 : 0,
    held,
    ...(control === undefined
      ? { pinned: old?.pinned, rejected: old?.rejected }
      : controlFacts(control, ended)),
    confirmed: confirmedNow,
    damaged: damage,
  };
}

/** What a status says of operators' decisions. */
export function controlFacts(control: Control, now: Date): Pick<Status, 'pinned' | 'rejected'> {
  const pin = pinAt(control, now);
  const { rejected } = control;
  return {
    pinned: pin && { since: pin.at, until: pin.until, by: pin.by, why: pin.why },
    rejected: rejected && {
      since: rejected.at,
      by: rejected.by,
      why: rejected.why,
      targets: rejected.ids.length,
    },
  };
}

function heldFacts({ kind, targets, listed, wait, message }: Hold, now: Date, old: Held | undefined): Held {
  return {
    kind,
    since: old?.since ?? now.toISOString(),
    targets: targets.length,
    listed,
    ...(wait !== undefined && { until: new Date(now.getTime() + wait).toISOString() }),
    message,
  };
}

/**
 * Writes a status before a target file is created. No file is in the store without a status, so that a later look finds
 * it, whenever this run dies, and a retirement that is under way sees that the provider is back: so it is written also over
 * a newer status. Returns what will be replaced next.
 */
export async function announceFile(
  provider: Pick<Provider, 'job' | 'provider' | 'identity'>,
  { store, run, now, signal }: Pick<CycleInput, 'store' | 'run' | 'now' | 'signal'>,
  stored: StoredStatus,
): Promise<StoredStatus> {
  return retryConflict(async (attempt) => {
    const over = attempt === 1 ? stored : await readStatus(store, provider, signal);
    const { retiring: _, ...known } = over.status ?? emptyStatus(provider, run, now());
    const { identity = known.identity } = provider;
    const status = { ...known, run, ...(identity !== undefined && { identity }) };
    const written = await writeStatus(provider, status, over.etag, { store, signal, merge: false });
    return { ...over, etag: written?.etag };
  });
}

/** What is not older than an hour; a time in the future is unknown, and ends at once. */
function recent<T extends { readonly at: string }>(fact: T | undefined, now: Date): T | undefined {
  if (fact === undefined) return undefined;
  const age = now.getTime() - Date.parse(fact.at);
  return age >= -clockSkew && age < shownFor ? fact : undefined;
}
