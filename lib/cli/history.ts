import { mapConcurrent } from '../base/concurrency.ts';
import { toMusterError } from '../base/errors.ts';
import { decodeJournalEntry, type JournalEntry } from '../cycle/journal.ts';
import { selectProviders } from '../run/providers.ts';
import type { ObjectStore } from '../store/store.ts';
import { countChange } from '../targets/diff.ts';
import { encodeJob, folders, journalKey, type ProviderId, parseJournalVersion } from '../targets/keys.ts';
import { changeData, printChange, summaryText } from './change-text.ts';
import { defineCommand, exitCodes, type Io } from './command.ts';
import { openView } from './open-view.ts';
import { readCount, shared } from './options.ts';
import { printable, printList } from './output.ts';

/** `muster history` */
export const history = defineCommand({
  name: 'history',
  description:
    'Reads the journal of a job, newest change first, also for a job that left the configuration. With --show it prints one\n' +
    'version in full, as a diff. It names an entry that it cannot read, and shows the others. Exits with 1 when it can read\n' +
    'none.',
  examples: [
    'muster history -c muster.yml --job api',
    'muster history --job api --provider consul-0 --show 42',
  ],
  options: {
    config: shared.config,
    store: shared.store,
    job: { ...shared.job, required: true, help: 'The job.' },
    provider: shared.provider,
    limit: { value: 'N', default: '20', help: 'How many changes of each provider.' },
    show: { value: 'VERSION', help: 'Show this version in full.' },
    output: shared.output,
  },
  async run({ config, store: url, job, provider, limit, show, output }, io) {
    const wanted = show === undefined ? undefined : readCount('show', show);
    const count = readCount('limit', limit);
    const view = await openView('history', { location: config, url }, io);
    await using store = view.store;
    const { configured } = view;
    const found = await listChanges(store, job, io.signal);
    const known = found.filter(({ id }) => provider === undefined || id.provider === provider);
    // Nothing in the store: either nothing happened yet, or nobody knows that name.
    if (known.length === 0 && configured !== undefined)
      selectProviders(configured.providers, { job, provider });
    const chosen =
      wanted === undefined ? newest(known, count) : known.filter(({ version }) => version === wanted);
    const rows = await readEntries(store, chosen, io.signal);
    if (wanted === undefined) await printTable(rows, output, job, io);
    else await printVersion(rows, output, io);
    for (const row of rows) if ('problem' in row) io.err(`muster history: ${printable(row.problem)}\n`);
    const isRead = rows.length === 0 || rows.some((row) => 'entry' in row);
    if (wanted === undefined || rows.length > 0) return isRead ? exitCodes.good : exitCodes.failed;
    io.err(`muster history: there is no version ${wanted} in the journal of job ${job}\n`);
    return exitCodes.failed;
  },
});

interface JournalObject {
  readonly key: string;
  readonly id: ProviderId;
  readonly version: number;
}

/** An entry, or the reason why it cannot be read. */
type Row = Pick<JournalObject, 'key' | 'id' | 'version'> &
  ({ readonly entry: JournalEntry } | { readonly problem: string });

/** The journal entries of a job: by provider, oldest version first. */
async function listChanges(
  store: ObjectStore,
  job: string,
  signal: AbortSignal,
): Promise<readonly JournalObject[]> {
  const folder = `${folders.journal}${encodeJob(job)}/`;
  return (await store.list(folder, { signal })).flatMap(({ key }) => {
    const id = { job, provider: key.slice(folder.length, key.lastIndexOf('/')) };
    const version = parseJournalVersion(key);
    return version !== undefined && key === journalKey(id, version) ? [{ key, id, version }] : [];
  });
}

/** The newest changes of each provider, newest first. */
function newest(objects: readonly JournalObject[], count: number): readonly JournalObject[] {
  const byProvider = Map.groupBy(objects, ({ id }) => id.provider);
  return [...byProvider.values()].flatMap((own) => own.slice(-count).reverse());
}

async function readEntries(
  store: ObjectStore,
  objects: readonly JournalObject[],
  signal: AbortSignal,
): Promise<readonly Row[]> {
  const entries = await mapConcurrent(objects, 8, signal, async (object, each): Promise<readonly Row[]> => {
    try {
      const found = await store.get(object.key, { signal: each });
      if (found === undefined) return [];
      return [{ ...object, entry: await decodeJournalEntry(found.body, each) }];
    } catch (error) {
      each.throwIfAborted();
      const { message } = toMusterError(error);
      // An error of the store names the key already.
      return [{ ...object, problem: message.includes(object.key) ? message : `${object.key}: ${message}` }];
    }
  });
  return entries.flat();
}

async function printTable(
  rows: readonly Row[],
  output: 'table' | 'json',
  job: string,
  io: Io,
): Promise<void> {
  await printList(io, output, rows.map(rowData), {
    heading: ['PROVIDER', 'VERSION', 'AT', 'REASON', 'ADDED', 'REMOVED', 'CHANGED'],
    row: (one) =>
      'problem' in one
        ? [one.provider, String(one.version), '-', 'unreadable', '-', '-', '-']
        : [
            ...[one.provider, String(one.version), one.at, one.reason],
            ...[`+${one.summary.added}`, `-${one.summary.removed}`, `~${one.summary.changed}`],
          ],
    empty: `Job ${job} has no change yet.`,
  });
}

async function printVersion(rows: readonly Row[], output: 'table' | 'json', io: Io): Promise<void> {
  if (output === 'json') {
    const data = rows.map((row) => ({
      ...rowData(row),
      ...('entry' in row && changeData(row.entry.change)),
    }));
    await io.out(`${JSON.stringify(data, undefined, 2)}\n`);
    return;
  }
  for (const row of rows) {
    if ('problem' in row) continue;
    const { id, entry } = row;
    const { version, at, reason, change } = entry;
    await io.out(
      printable(
        `${id.job}/${id.provider} version ${version}, ${at}, ${reason}: ${summaryText(countChange(change))}`,
      ),
    );
    await io.out('\n');
    await printChange(io, change);
  }
}

function rowData(row: Row) {
  const { id, key, version } = row;
  if ('problem' in row) return { ...id, version, key, problem: row.problem };
  const { at, reason, run, change } = row.entry;
  return { ...id, version, at, reason, run, summary: countChange(change) };
}
