import { createLimit } from '../../base/concurrency.ts';
import type { Probes, Verdict } from '../mirror/health.ts';
import { isProvider, type MirrorView, targetFiles } from '../mirror/target-files.ts';
import { parseQuery } from '../search/query.ts';
import type { SearchResult } from '../search/search.ts';
import { type ChangePage, historyOf, newestChanges, type Point } from './change-feed.ts';
import { createHeldReader, type HeldPage } from './held.ts';
import { type ChangeDetail, createJournal } from './journal.ts';
import { createOutputsReader, type Outputs, readOutputs } from './outputs.ts';
import { createStatusReader, type Overview, readOverview } from './providers.ts';
import { createWorkThread } from './worker.ts';

/** What the page and its JSON show. Everything is read on demand, and bounded. */
export interface SidecarModel {
  readonly now: () => number;
  /** Milliseconds since the last success after which a provider is stale. */
  readonly staleAfter: number;
  /** How the mirror does. */
  readonly mirror: () => Verdict;
  /** How the configuration does, where a scheduler runs beside the mirror. */
  readonly configuration: () => (Verdict & { readonly note?: string }) | undefined;
  overview(): Promise<Overview>;
  /** The kube-state outputs, and how their cycles went. */
  outputs(): Promise<Outputs>;
  /** Targets that fit the query, of one job or of all. */
  search(input: SearchInput): Promise<SearchResult>;
  /** What the gate holds, of one job or of all, with a page of the targets. */
  held(input: HeldInput): Promise<HeldPage>;
  /** The newest changes, of all or some. */
  changes(input: ChangesInput): Promise<ChangePage>;
  /** One change in full; `undefined` where the journal has none. */
  change(input: ChangeInput): Promise<ChangeDetail | undefined>;
  /** Target counts of a job, oldest first. */
  history(job: string): Promise<readonly Point[]>;
}

interface SearchInput {
  readonly text: string;
  readonly job?: string | undefined;
  readonly offset: number;
  readonly limit: number;
  readonly signal: AbortSignal;
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

/** What the model reads from. */
export interface ModelOptions {
  readonly sources: readonly MirrorView[];
  readonly health: Probes;
  readonly staleAfter: number;
  readonly now: () => number;
  /** Says why the configuration as it is now is not in force, empty where it is. */
  readonly configProblem?: (() => string) | undefined;
  /** Says what of it is left to Prometheus; empty for nothing. */
  readonly configNote?: (() => string) | undefined;
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
}: ModelOptions): SidecarModel {
  const read = sources.map((source) => ({
    ...source,
    statuses: createStatusReader(source.store),
    outputs: createOutputsReader(source.store),
    journal: createJournal(source.store),
  }));
  const searches = createLimit(parallel);
  const readHeldOf = createHeldReader();
  const searcher = createWorkThread('search');
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
      return reason === undefined
        ? undefined
        : { ok: reason === '', reason: reason || 'ok', ...(note && { note }) };
    },
    overview,
    outputs: () => readOutputs(read, now()),
    search: ({ text, job, offset, limit, signal }) =>
      searches(async () => {
        signal.throwIfAborted();
        const files = targetFiles(sources, job);
        return searcher.run({ files, query: parseQuery(text), offset, limit }, signal);
      }),
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
    history: async (job) => historyOf(await journals({ job })),
  };
}
