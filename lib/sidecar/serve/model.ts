import { createLimit } from '../../base/concurrency.ts';
import { isMusterError } from '../../base/errors.ts';
import { addressLabel } from '../../targets/group.ts';
import type { Probes, Verdict } from '../mirror/health.ts';
import { isProvider, type MirrorView, type TargetFile, targetFiles } from '../mirror/target-files.ts';
import type { DroppedResult } from '../search/dropped.ts';
import { parseQuery, type Query } from '../search/query.ts';
import type { SearchResult, TargetRow } from '../search/search.ts';
import { type ChangePage, type History, historyOf, newestChanges } from './change-feed.ts';
import { createHeldReader, type HeldPage } from './held.ts';
import { type ChangeDetail, createJournal } from './journal.ts';
import { createOutputsReader, type Outputs, readOutputs } from './outputs.ts';
import { createStatusReader, type Overview, type ProviderView, readOverview } from './providers.ts';
import { createWorkHost, createWorkThread } from './worker.ts';

/** What the page and its JSON show. Everything is read on demand, and bounded. */
export interface SidecarModel {
  /** Milliseconds of Unix time. */
  readonly now: () => number;
  /** Milliseconds since the last success after which a provider is stale. */
  readonly staleAfter: number;
  /** How the mirror does. */
  readonly mirror: () => Verdict;
  /** How the configuration does, where a scheduler runs beside the mirror. */
  readonly configuration: () => (Verdict & { readonly note?: string | undefined }) | undefined;
  overview(): Promise<Overview>;
  /** The kube-state outputs, and how their cycles went. */
  outputs(): Promise<Outputs>;
  /** Targets that fit the query, of one job or of all. */
  search(input: SearchInput): Promise<SearchResult>;
  /** The targets of a provider with this address. */
  targetsAt(input: TargetInput): Promise<readonly TargetRow[]>;
  /** What the rules of a job drop, where Prometheus runs them. */
  dropped(input: DroppedInput): Promise<DroppedResult>;
  /** The stores, and how their mirrors stand. */
  stores(): readonly StoreView[];
  /** The mirrored files of a job, or all. */
  files(job?: string): readonly TargetFile[];
  /** What the gate holds, of one job or of all, with a page of the targets. */
  held(input: HeldInput): Promise<HeldPage>;
  /** The newest changes, of all or some. */
  changes(input: ChangesInput): Promise<ChangePage>;
  /** One change in full; `undefined` if the journal has none. */
  change(input: ChangeInput): Promise<ChangeDetail | undefined>;
  /** The list of a provider as it was after a version: a page of the targets that fit. */
  past(input: PastInput): Promise<SearchResult>;
  /** Target counts of a job since a time, in milliseconds of Unix time. */
  history(job: string, since?: number): Promise<History>;
}

interface SearchInput {
  readonly text: string;
  readonly job?: string | undefined;
  readonly offset: number;
  readonly limit: number;
  readonly signal: AbortSignal;
}

interface TargetInput {
  readonly source: string;
  readonly job: string;
  readonly provider: string;
  readonly address: string;
  readonly signal: AbortSignal;
}

interface DroppedInput {
  readonly job: string;
  /** Index of the only rule that is of interest. */
  readonly rule?: number | undefined;
  readonly offset: number;
  readonly limit: number;
  readonly signal: AbortSignal;
}

/** A store and its mirror. */
export interface StoreView {
  readonly name: string;
  /** Without credentials. */
  readonly url: string;
  /** The folder that it is mirrored into. */
  readonly folder: string;
  readonly files: number;
  readonly targets: number;
  readonly ready: boolean;
}

interface HeldInput {
  readonly job?: string | undefined;
  readonly offset: number;
  readonly limit: number;
  readonly signal: AbortSignal;
}

interface ChangesInput {
  readonly job?: string | undefined;
  readonly provider?: string | undefined;
  /** Only versions below this one; means something with a provider only. */
  readonly before?: number | undefined;
  readonly limit: number;
  readonly signal: AbortSignal;
}

interface ChangeInput {
  readonly source: string;
  readonly job: string;
  readonly provider: string;
  readonly version: number;
  readonly offset: number;
  readonly limit: number;
  readonly signal: AbortSignal;
}

interface PastInput extends ChangeInput {
  readonly text: string;
}

/** What a scheduler beside the sidecar says of its configuration. All is undefined if there is none. */
export interface ConfigReport {
  /** Why the newest configuration is not in force; empty if it is. */
  readonly configProblem?: (() => string) | undefined;
  /** When the configuration in force was loaded, in milliseconds of Unix time. */
  readonly configLoadedAt?: (() => number) | undefined;
  /** The parts of the configuration that are left to Prometheus; empty for none. */
  readonly configNote?: (() => string) | undefined;
}

/** What the model reads from. */
export interface ModelOptions extends Omit<ConfigReport, 'configLoadedAt'> {
  readonly sources: readonly MirrorView[];
  readonly health: Probes;
  readonly staleAfter: number;
  /** Milliseconds of Unix time. */
  readonly now: () => number;
  /** Ends the threads that search. */
  readonly ended?: AbortSignal | undefined;
}

/** Searches at a time, in their thread: each may take a second of CPU. */
const parallel = 2;

/** The model over these mirrors. It reads nothing before it is called. */
export function createModel({
  sources,
  health,
  staleAfter,
  now,
  configProblem,
  configNote,
  ended,
}: ModelOptions): SidecarModel {
  const read = sources.map((source) => ({
    ...source,
    statuses: createStatusReader(source.store),
    outputs: createOutputsReader(source.store),
    journal: createJournal(source.store),
  }));
  const searches = createLimit(parallel);
  const readHeldOf = createHeldReader();
  const host = createWorkHost(ended);
  const searcher = createWorkThread('search', host);
  const dropper = createWorkThread('dropped', host);
  // A whole list in memory: where it is too large, only this thread ends.
  const rebuilder = createWorkThread('past', createWorkHost(ended));
  const rebuilds = createLimit(1);
  const keptSearches = createKept<SearchResult>();
  const keptDrops = createKept<DroppedResult>();
  const find = (files: readonly TargetFile[], query: Query, page: Page, signal: AbortSignal) =>
    keptSearches(stampOf(files, [query, page]), () =>
      searches(async () => {
        signal.throwIfAborted();
        return searcher.run({ files, query, ...page }, signal);
      }),
    );
  const overview = () => readOverview({ sources: read, staleAfter, now: now() });
  const journals = async ({ job, provider }: Pick<ChangesInput, 'job' | 'provider'>) => {
    const { providers } = await overview();
    return providers.flatMap((view) => {
      const source = read.find(({ name }) => name === view.source);
      const wanted = (job ?? view.job) === view.job && (provider ?? view.provider) === view.provider;
      return source !== undefined && wanted && view.status !== undefined && view.status.version > 0
        ? [{ ...view, status: view.status, journal: source.journal }]
        : [];
    });
  };
  return {
    now,
    staleAfter,
    mirror: () => health.live(),
    configuration() {
      const reason = configProblem?.();
      const note = configNote?.();
      return reason === undefined ? undefined : { ok: reason === '', reason: reason || 'ok', note };
    },
    overview,
    outputs: () => readOutputs(read, now()),
    search: ({ text, job, offset, limit, signal }) =>
      orProblem(() => find(targetFiles(sources, job), parseQuery(text), { offset, limit }, signal)),
    async targetsAt({ source, job, provider, address, signal }) {
      const files = targetFiles(sources, job).filter(
        (file) => file.source === source && file.provider === provider,
      );
      const query: Query = [[{ kind: 'equals', name: addressLabel, text: address, not: false }]];
      return (await find(files, query, { offset: 0, limit: mostOfAddress }, signal)).rows;
    },
    async dropped({ job, rule, offset, limit, signal }) {
      const { providers } = await overview();
      const lists = targetFiles(sources, job).flatMap((file) => {
        const settings = settingsFor(providers, file)?.status?.settings;
        return settings?.relabel === 'prometheus' ? [{ file, settings }] : [];
      });
      const files = lists.map(({ file }) => file);
      const rules = lists.map(({ settings }) => [settings.scrape_labels, settings.relabel_configs]);
      return keptDrops(stampOf(files, [rules, rule, offset, limit]), () =>
        searches(() => dropper.run({ lists, rule, offset, limit }, signal)),
      );
    },
    stores: () =>
      sources.map(({ name, store, folder, ready }) => {
        const own = targetFiles(sources).filter((file) => file.source === name);
        const targets = own.reduce((sum, file) => sum + file.targets, 0);
        return { name, url: store.url, folder: folder.path, files: own.length, targets, ready: ready() };
      }),
    files: (job) => targetFiles(sources, job),
    async held({ job, ...rows }) {
      const { providers } = await overview();
      const own = providers.filter((one) => (job ?? one.job) === one.job);
      const stored = own.flatMap((one) => {
        const source = read.find(({ name }) => name === one.source);
        return source === undefined ? [] : [{ ...one, store: source.store }];
      });
      return readHeldOf(stored, rows);
    },
    changes: async ({ limit, before, signal, ...which }) =>
      newestChanges(await journals(which), { limit, before, signal }),
    async change({ source, offset, limit, signal, ...id }) {
      const found = read.find(({ name }) => name === source);
      return isProvider(id) ? found?.journal.detail(id, { offset, limit, signal }) : undefined;
    },
    past: ({ source, text, signal, ...options }) =>
      orProblem(async () => {
        const store = read.find(({ name }) => name === source)?.store;
        const { job, provider, version } = options;
        if (store === undefined || !isProvider({ job, provider })) return noResult;
        const patient = AbortSignal.any([signal, AbortSignal.timeout(longestRebuild)]);
        const ask = { source, query: parseQuery(text), ...options };
        return rebuilds(() => rebuilder.run(ask, patient, store)).catch((error: unknown) => {
          if (signal.aborted || !patient.aborted) throw error;
          const why = `version ${version} was not rebuilt within ${longestRebuild / 1000} s; the command has more time`;
          return { ...noResult, problems: [why] };
        });
      }),
    history: async (job, since) => historyOf(await journals({ job }), since),
  };
}

interface Page {
  readonly offset: number;
  readonly limit: number;
}

const noResult: SearchResult = { rows: [], total: 0, problems: [], unknown: [] };

/** A query that cannot be read finds nothing, and says why. */
async function orProblem(find: () => Promise<SearchResult>): Promise<SearchResult> {
  try {
    return await find();
  } catch (error) {
    if (!isMusterError(error, 'config')) throw error;
    return { ...noResult, problems: [error.message] };
  }
}

/** Milliseconds that a list may take to be rebuilt. */
const longestRebuild = 30_000;

/** Targets of one address that are looked at. */
const mostOfAddress = 200;

/** The provider of a file. */
function settingsFor(providers: readonly ProviderView[], file: TargetFile): ProviderView | undefined {
  return providers.find(
    ({ source, job, provider }) => source === file.source && job === file.job && provider === file.provider,
  );
}

/** Answers that are kept, and the targets of one: pages that follow what happens ask the same again and again. */
const mostKept = 24;
const keptFor = 60_000;

/** A name for a question about files; undefined if nothing shows whether a file changed. */
function stampOf(files: readonly TargetFile[], question: readonly unknown[]): string | undefined {
  const stamps = files.map(({ path, made }) => made && [path, made.key, made.etag]);
  return stamps.includes(undefined) ? undefined : JSON.stringify([stamps, question]);
}

/** Keeps the last answers for a while; what fails is not kept. */
function createKept<T extends { readonly problems: readonly string[] }>() {
  const kept = new Map<string, { readonly at: number; readonly answer: T }>();
  return async (stamp: string | undefined, find: () => Promise<T>): Promise<T> => {
    const before = stamp === undefined ? undefined : kept.get(stamp);
    if (before !== undefined && performance.now() - before.at < keptFor) return before.answer;
    const answer = await find();
    if (stamp === undefined || answer.problems.length > 0) return answer;
    kept.delete(stamp);
    if (kept.size >= mostKept) kept.delete(kept.keys().next().value ?? '');
    kept.set(stamp, { at: performance.now(), answer });
    return answer;
  };
}
