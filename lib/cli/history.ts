import { loadApp } from '../app/app.ts';
import { selectProviders } from '../app/select.ts';
import type { JournalEntry } from '../discovery/journal.ts';
import { decodeJournalEntry } from '../discovery/journal-lines.ts';
import { mapConcurrent } from '../http/concurrency.ts';
import type { ObjectStore } from '../store/store.ts';
import { encodeJob, folders, journalKey, type ProviderId, parseJournalVersion } from '../target/names.ts';
import { countChange } from '../target/target-changes.ts';
import { changeData, summaryText } from './change-text.ts';
import { defineCommand, exitCodes, type Io } from './command.ts';
import { readCount, shared } from './options.ts';
import { printList } from './output.ts';
import { printChange } from './print-change.ts';
import { printable } from './table.ts';

/** `muster history` */
export const history = defineCommand({
  name: 'history',
  description:
    'Reads the journal of a job, newest change first; also of a job that left the configuration. With --show, one\n' +
    'version in full, as a diff.',
  examples: [
    'muster history -c muster.yml --job api',
    'muster history --job api --provider consul-0 --show 42',
  ],
  options: {
    config: shared.config,
    job: { ...shared.job, required: true, help: 'The job.' },
    provider: shared.provider,
    limit: { value: 'N', default: '20', help: 'How many changes of each provider.' },
    show: { value: 'VERSION', help: 'Show this version in full.' },
    output: shared.output,
  },
  async run({ config, job, provider, limit, show, output }, io) {
    const wanted = show === undefined ? undefined : readCount('show', show);
    const count = readCount('limit', limit);
    const { providers, store } = await loadApp(config, io);
    try {
      const found = await listChanges(store, job, io.signal);
      const known = found.filter(({ id }) => provider === undefined || id.provider === provider);
      // Nothing in the store: either nothing happened yet, or nobody knows that name.
      if (known.length === 0) selectProviders(providers, { job, provider });
      const chosen =
        wanted === undefined ? newest(known, count) : known.filter(({ version }) => version === wanted);
      const rows = await readEntries(store, chosen, io.signal);
      if (wanted === undefined) await printTable(rows, output, job, io);
      else await printVersion(rows, output, io);
      if (wanted === undefined || rows.length > 0) return exitCodes.good;
      io.err(`muster history: there is no version ${wanted} in the journal of job ${job}\n`);
      return exitCodes.failed;
    } finally {
      await store.close();
    }
  },
});

interface JournalObject {
  readonly key: string;
  readonly id: ProviderId;
  readonly version: number;
}

interface Row {
  readonly id: ProviderId;
  readonly entry: JournalEntry;
}

/** What the journal holds of a job: provider by provider, oldest version first. */
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

/** So many of the newest changes of each provider, newest first. */
function newest(objects: readonly JournalObject[], count: number): readonly JournalObject[] {
  const byProvider = Map.groupBy(objects, ({ id }) => id.provider);
  return [...byProvider.values()].flatMap((own) => own.slice(-count).reverse());
}

async function readEntries(
  store: ObjectStore,
  objects: readonly JournalObject[],
  signal: AbortSignal,
): Promise<readonly Row[]> {
  const entries = await mapConcurrent(objects, 8, signal, async ({ key, id }, each) => {
    const found = await store.get(key, { signal: each });
    return found === undefined || found === 'unchanged'
      ? undefined
      : { id, entry: await decodeJournalEntry(found.body, each) };
  });
  return entries.filter((row) => row !== undefined);
}

async function printTable(
  rows: readonly Row[],
  output: 'table' | 'json',
  job: string,
  io: Io,
): Promise<void> {
  await printList(io, output, rows.map(rowData), {
    heading: ['PROVIDER', 'VERSION', 'AT', 'REASON', 'ADDED', 'REMOVED', 'CHANGED'],
    row: ({ provider, version, at, reason, summary: { added, removed, changed } }) => [
      ...[provider, String(version), at, reason],
      ...[`+${added}`, `-${removed}`, `~${changed}`],
    ],
    empty: `Job ${job} has no change yet.`,
  });
}

async function printVersion(rows: readonly Row[], output: 'table' | 'json', io: Io): Promise<void> {
  if (output === 'json') {
    const data = rows.map((row) => ({ ...rowData(row), ...changeData(row.entry.change) }));
    await io.out(`${JSON.stringify(data, undefined, 2)}\n`);
    return;
  }
  for (const { id, entry } of rows) {
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

function rowData({ id, entry: { version, at, reason, run, change } }: Row) {
  return { ...id, version, at, reason, run, summary: countChange(change) };
}
