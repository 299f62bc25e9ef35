import type { Status } from '../../discovery/status.ts';
import { statusKey } from '../../target/names.ts';
import { type FaceSource, type TargetFile, targetFiles } from './source.ts';
import type { ReadStatuses } from './statuses.ts';

/** How a provider does, from the worst to the best. */
export const states = ['failing', 'held', 'stale', 'missing', 'behind', 'unknown', 'ok'] as const;
export type State = (typeof states)[number];

/** A provider as the page shows it. */
export interface ProviderView {
  readonly source: string;
  readonly job: string;
  readonly provider: string;
  readonly state: State;
  /** Why the state is what it is; empty when all is well. */
  readonly reason: string;
  /** Targets in the mirrored file; `undefined` where there is none. */
  readonly targets: number | undefined;
  /** What the function said last; `undefined` where the store has nothing or does not answer. */
  readonly status: Status | undefined;
}

export interface Overview {
  /** The worst state first, then by job and provider. */
  readonly providers: readonly ProviderView[];
  /** Why the statuses are not newer, of each store that did not answer. */
  readonly errors: readonly string[];
}

export interface OverviewInput {
  readonly sources: readonly (FaceSource & { readonly statuses: ReadStatuses })[];
  /** Milliseconds since the last success after which a provider is stale. */
  readonly staleAfter: number;
  /** Milliseconds of Unix time. */
  readonly now: number;
}

/** Every provider that has a status or a mirrored file. */
export async function readOverview({ sources, staleAfter, now }: OverviewInput): Promise<Overview> {
  const read = await Promise.all(
    sources.map(async (source) => ({ source, statuses: await source.statuses() })),
  );
  const providers = read.flatMap(({ source, statuses }) => {
    const files = new Map(targetFiles([source]).map((file) => [statusKey(file), file]));
    const keys = new Set([...files.keys(), ...statuses.byKey.keys()]);
    return [...keys].map((key) =>
      viewOf(source.name, files.get(key), statuses.byKey.get(key), statuses.error, now - staleAfter),
    );
  });
  return {
    providers: providers.filter((one) => one !== undefined).sort(byUrgency),
    errors: read.flatMap(({ statuses }) => statuses.error ?? []),
  };
}

function viewOf(
  source: string,
  file: TargetFile | undefined,
  found: { readonly job: string; readonly provider: string; readonly status: Status } | undefined,
  error: string | undefined,
  oldest: number,
): ProviderView | undefined {
  const id = file ?? found;
  if (id === undefined) return undefined;
  const { job, provider } = id;
  const status = found?.status;
  return { source, job, provider, ...judge(file, status, error, oldest), targets: file?.targets, status };
}

function judge(
  file: TargetFile | undefined,
  status: Status | undefined,
  error: string | undefined,
  oldest: number,
): { readonly state: State; readonly reason: string } {
  if (status === undefined) {
    return {
      state: 'unknown',
      reason: error ?? 'the store has no status of it: it is being retired, or its status cannot be read',
    };
  }
  if (status.error !== undefined)
    return { state: 'failing', reason: `${times(status.failures)}: ${status.error.message}` };
  if (status.held !== undefined) return { state: 'held', reason: status.held.message };
  if (status.config_error !== undefined)
    return { state: 'failing', reason: `the newest configuration is not in force: ${status.config_error}` };
  if (Date.parse(status.last_success ?? status.last_attempt) < oldest)
    return { state: 'stale', reason: 'no cycle has succeeded for too long; does its function still run?' };
  if (status.published_version < status.version)
    return { state: 'behind', reason: `version ${status.version} is not published yet` };
  if (file === undefined) {
    return status.files.length === 0
      ? { state: 'ok', reason: '' }
      : { state: 'missing', reason: 'its file is not mirrored; the log says why if this stays so' };
  }
  const mirrored = status.files.every(({ key, etag }) => file.etags.get(key) === etag);
  return mirrored
    ? { state: 'ok', reason: '' }
    : { state: 'behind', reason: 'its newest list is not mirrored yet' };
}

function times(failures: number): string {
  return failures === 1 ? 'the last cycle failed' : `the last ${failures} cycles failed`;
}

function byUrgency(a: ProviderView, b: ProviderView): number {
  const order = states.indexOf(a.state) - states.indexOf(b.state);
  return (
    order ||
    compareText(a.job, b.job) ||
    compareText(a.provider, b.provider) ||
    compareText(a.source, b.source)
  );
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
