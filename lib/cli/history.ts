import { mapConcurrent } from '../base/concurrency.ts';
import { messageWithKey } from '../base/errors.ts';
import { decidedBy } from '../cycle/control.ts';
import {
  causeOf,
  committerOf,
  type Life,
  lifeOfTarget,
  listJournals,
  listVersions,
  type Version,
  type VersionRange,
} from '../cycle/history.ts';
import { decodeJournalEntry, type JournalEntry } from '../cycle/journal.ts';
import type { StoreView } from '../run/app.ts';
import { selectProviders } from '../run/providers.ts';
import { countChange } from '../targets/diff.ts';
import { addressLabel, type LabelSet } from '../targets/group.ts';
import { journalKey, type ProviderId } from '../targets/keys.ts';
import { relabel } from '../targets/relabel.ts';
import { changeData, changeText, printChange, summaryText } from './change-text.ts';
import { defineCommand, type ExitCode, exitCodes, type Io, UsageError } from './command.ts';
import { openView } from './open-view.ts';
import { readCount, readTime, shared } from './options.ts';
import { printable, printList } from './output.ts';

/** `muster history` */
export const history = defineCommand({
  name: 'history',
  description:
    'Lists the versions of a job, newest first: when, why, who, and how many targets there were after it; also of a job\n' +
    'that left the configuration. With --show, one version in full, as a diff. With --target, the life of one target over\n' +
    'all versions and, without a job, all jobs. An entry that cannot be read is named, and the others are shown; exits with\n' +
    '1 where none can be read, or where the target was never there.',
  examples: [
    'muster history api -c muster.yml',
    'muster history api --since 8h',
    'muster history --target 10.0.4.7:9100',
    'muster history --job api --provider consul-0 --show 42',
  ],
  argument: 'JOB',
  options: {
    config: shared.config,
    store: shared.store,
    job: { ...shared.job, help: 'The job, as an option.' },
    provider: shared.provider,
    limit: { value: 'N', default: '20', help: 'How many changes of each provider.' },
    since: {
      value: 'TIME',
      help: 'Only from this time on, without a limit: ISO 8601, or a duration ago as in 2h.',
    },
    until: { value: 'TIME', help: 'Only up to this time.' },
    target: {
      value: 'ADDRESS',
      help: 'The life of the target with this __address__, before or after the rules.',
    },
    show: { value: 'VERSION', help: 'Show this version in full.' },
    output: shared.output,
  },
  async run(values, io, argument) {
    const { config, store: url, job = argument, provider, target, output } = values;
    if (argument !== undefined && values.job !== undefined)
      throw new UsageError('name the job once: as the argument, or by --job');
    if (job === undefined && target === undefined) throw new UsageError('name the job');
    const wanted = values.show === undefined ? undefined : readCount('show', values.show);
    const range = readRange(values);
    const view = await openView('history', { location: config, url }, io);
    await using _store = view.store;
    if (target !== undefined) return printLives(view, { job, provider, target, output }, range, io);
    const ids = await journalProviders(view, { job, provider }, io.signal);
    if (wanted !== undefined) return printVersion(view, ids, { wanted, job, output }, io);
    const input = { store: view.store, signal: io.signal };
    const versions: Version[] = [];
    for (const id of ids) versions.push(...(await listVersions(id, range, input)));
    await printTable(versions, output, job, io);
    for (const { problem } of versions)
      if (problem !== undefined) io.err(`muster history: ${printable(problem)}\n`);
    const isRead = versions.length === 0 || versions.some(({ head }) => head !== undefined);
    return isRead ? exitCodes.good : exitCodes.failed;
  },
});

function readRange({
  since,
  until,
  limit,
}: {
  readonly since: string | undefined;
  readonly until: string | undefined;
  readonly limit: string;
}): VersionRange {
  const now = new Date();
  return {
    ...(since === undefined
      ? { limit: readCount('limit', limit) }
      : { since: readTime('since', since, now) }),
    ...(until !== undefined && { until: readTime('until', until, now) }),
  };
}

/**
 * The providers of a job that have a journal, also those that were retired. Throws a usage error without a job, and
 * kind `config` for an unknown job.
 */
export async function journalProviders(
  { store, configured }: StoreView,
  { job, provider }: { readonly job: string | undefined; readonly provider: string | undefined },
  signal: AbortSignal,
): Promise<readonly ProviderId[]> {
  if (job === undefined) throw new UsageError('name the job');
  const known = await listJournals({ store, signal }, job);
  const chosen = known.filter((id) => provider === undefined || id.provider === provider);
  // The store has nothing: either nothing has happened yet, or the name is wrong.
  if (chosen.length === 0 && configured !== undefined)
    selectProviders(configured.providers, { job, provider });
  return chosen;
}

async function printTable(
  versions: readonly Version[],
  output: 'table' | 'json',
  job: string | undefined,
  io: Io,
): Promise<void> {
  if (output === 'json') return io.out(`${JSON.stringify(versions.map(versionData), undefined, 2)}\n`);
  await printList(io, output, versions, {
    heading: ['PROVIDER', 'VERSION', 'AT', 'REASON', 'TARGETS', 'ADDED', 'REMOVED', 'CHANGED', 'BY'],
    row: versionRow,
    empty: `Job ${job} has no change yet.`,
  });
}

function versionRow({ provider, version, head, targets, counts }: Version): readonly string[] {
  if (head === undefined) return [provider, String(version), '-', 'unreadable', '-', '-', '-', '-', '-'];
  return [
    ...[provider, String(version), head.at, causeOf(head), String(targets ?? '-')],
    ...[`+${counts.added}`, `-${counts.removed}`, `~${counts.changed}`, byText(head)],
  ];
}

function byText(head: NonNullable<Version['head']>): string {
  const why = head.control?.why;
  return why === undefined ? committerOf(head) : `${committerOf(head)}: ${why}`;
}

function versionData({ job, provider, version, key, head, targets, counts, problem }: Version) {
  const id = { kind: 'version', job, provider, version } as const;
  if (head === undefined) return { ...id, key, problem };
  const { at, reason, run, control } = head;
  const decided = control && { action: control.action, by: control.by, why: control.why };
  return { ...id, at, reason, run, ...decided, targets, summary: counts };
}

async function printVersion(
  { store }: StoreView,
  ids: readonly ProviderId[],
  {
    wanted,
    job,
    output,
  }: { readonly wanted: number; readonly job: string | undefined; readonly output: string },
  io: Io,
): Promise<ExitCode> {
  const rows = await mapConcurrent(ids, 8, io.signal, (id, signal) =>
    readVersion(id, wanted, { store, signal }),
  );
  const found = rows.flat();
  const entries = found.flatMap((row) => ('entry' in row ? [row] : []));
  if (output === 'json') {
    const data = found.map((row) => ('entry' in row ? entryData(row) : row));
    await io.out(`${JSON.stringify(data, undefined, 2)}\n`);
  } else
    for (const { id, entry } of entries) {
      const { version, at, change } = entry;
      const counts = summaryText(countChange(change));
      await io.out(
        printable(
          `${id.job}/${id.provider} version ${version}, ${at}, ${causeOf(entry)}${decidedText(entry)}: ${counts}`,
        ),
      );
      await io.out('\n');
      await printChange(io, change);
    }
  for (const row of found) if ('problem' in row) io.err(`muster history: ${printable(row.problem)}\n`);
  if (entries.length > 0) return exitCodes.good;
  if (found.length === 0)
    io.err(`muster history: there is no version ${wanted} in the journal of job ${job}\n`);
  return exitCodes.failed;
}

/** Who decided it, if an operator did. */
function decidedText({ control }: JournalEntry): string {
  return control === undefined || control.action === 'lapse' ? '' : decidedBy(control);
}

interface Entry {
  readonly id: ProviderId;
  readonly entry: JournalEntry;
}

interface Unreadable extends ProviderId {
  readonly kind: 'version';
  readonly version: number;
  readonly key: string;
  readonly problem: string;
}

function entryData({ id, entry }: Entry) {
  const { change, ...head } = entry;
  const { version, targets } = head;
  const counts = countChange(change);
  const key = journalKey(id, version);
  return {
    ...versionData({ ...id, version, key, head, targets, counts, problem: undefined }),
    ...changeData(change),
  };
}

async function readVersion(
  id: ProviderId,
  version: number,
  { store, signal }: Pick<StoreView, 'store'> & { readonly signal: AbortSignal },
): Promise<readonly (Entry | Unreadable)[]> {
  const key = journalKey(id, version);
  try {
    const found = await store.get(key, { signal });
    return found === undefined ? [] : [{ id, entry: await decodeJournalEntry(found.body, signal) }];
  } catch (error) {
    signal.throwIfAborted();
    return [{ kind: 'version', ...id, version, key, problem: messageWithKey(key, error) }];
  }
}

interface Question {
  readonly job: string | undefined;
  readonly provider: string | undefined;
  readonly target: string;
  readonly output: 'table' | 'json';
}

async function printLives(
  view: StoreView,
  { job, provider, target, output }: Question,
  range: VersionRange,
  io: Io,
): Promise<ExitCode> {
  const input = { store: view.store, signal: io.signal };
  const ids = (await listJournals(input, job)).filter(
    (id) => provider === undefined || id.provider === provider,
  );
  const lives: Life[] = [];
  for (const id of ids) {
    const isMeant = meansTarget(view, id, target);
    lives.push(await lifeOfTarget(id, { ...range, isMeant }, input));
  }
  const events = lives.flatMap(({ events: own, ...life }) => own.map((event) => ({ ...life, ...event })));
  for (const { job: of, provider: by, problems } of lives)
    for (const problem of problems) io.err(`muster history: ${printable(`${of}/${by} ${problem}`)}\n`);
  events.sort((a, b) => Date.parse(b.head.at) - Date.parse(a.head.at));
  if (events.length === 0) {
    io.err(`muster history: ${printable(target)} is in no change of ${lives.length} journals\n`);
    if (output === 'json') await io.out('[]\n');
    return exitCodes.failed;
  }
  if (output === 'json') {
    const data = events.map(({ head, change, version, ...life }) => ({
      kind: 'event',
      ...{ job: life.job, provider: life.provider, version },
      ...{ at: head.at, reason: causeOf(head), by: committerOf(head), why: head.control?.why },
      ...{
        change: change.kind,
        source: change.source,
        labels: change.labels,
        differences: change.differences,
      },
    }));
    await io.out(`${JSON.stringify(data, undefined, 2)}\n`);
    return exitCodes.good;
  }
  await printList(io, 'table', events, {
    heading: ['AT', 'JOB', 'PROVIDER', 'VERSION', 'REASON', 'BY', 'CHANGE'],
    row: ({ head, change, version, ...life }) => [
      ...[head.at, life.job, life.provider, String(version), causeOf(head), byText(head), changeText(change)],
    ],
    empty: '',
  });
  return exitCodes.good;
}

/** By the address that was published, or the one that the job's rules of today make of it. */
function meansTarget(
  { configured }: StoreView,
  { job }: ProviderId,
  target: string,
): (labels: LabelSet) => boolean {
  const own = configured?.jobs.find(({ name }) => name === job);
  const rules = own?.relabel === 'prometheus' ? own.relabel_configs : [];
  return (labels) =>
    labels[addressLabel] === target ||
    (rules.length > 0 && relabel(labels, rules)?.[addressLabel] === target);
}
