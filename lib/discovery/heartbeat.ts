import { countTargets } from '../target/canonical.ts';
import type { Loaded } from './load.ts';
import type { CycleInput, Provider } from './provider.ts';
import { type Held, type Status, type StoredStatus, writeStatus } from './status.ts';

/** What a cycle has to report. */
export interface News {
  readonly error?: { readonly kind: string; readonly message: string };
  readonly held?: Held;
  /** The published files; without them the last status' stay. */
  readonly files?: Status['files'];
  /** A new version was committed. */
  readonly changed?: boolean;
}

/** Writes the status of a cycle, good or bad. */
export async function beat(
  provider: Provider,
  input: CycleInput,
  started: Date,
  stored: StoredStatus,
  loaded: Loaded,
  news: News,
): Promise<void> {
  const status = nextStatus(provider, input, started, stored.status, loaded, news);
  await writeStatus(input.store, provider, status, stored.etag, input.signal);
}

function nextStatus(
  { job, provider }: Provider,
  { run, now, configError }: CycleInput,
  started: Date,
  old: Status | undefined,
  { version, groups }: Loaded,
  { error, held, files, changed }: News,
): Status {
  const ended = now();
  const failed = error !== undefined;
  const lastSuccess = failed ? old?.last_success : ended.toISOString();
  const lastChange = changed === true ? ended.toISOString() : old?.last_change;
  const nowHeld = failed ? old?.held : held;
  return {
    schema: 1,
    job,
    provider,
    run,
    last_attempt: started.toISOString(),
    ...(lastSuccess !== undefined && { last_success: lastSuccess }),
    ...(lastChange !== undefined && { last_change: lastChange }),
    duration_seconds: (ended.getTime() - started.getTime()) / 1000,
    version,
    published_version: files === undefined ? (old?.published_version ?? 0) : version,
    groups: groups.size,
    targets: countTargets(groups),
    files: files ?? old?.files ?? [],
    ...(failed && { error: { kind: error.kind, message: error.message } }),
    ...(configError !== undefined && { config_error: configError }),
    failures: failed ? (old?.failures ?? 0) + 1 : 0,
    ...(nowHeld && { held: nowHeld }),
  };
}
