import { loadApp } from '../app/app.ts';
import { selectProviders } from '../app/select.ts';
import { decodeJournalEntry, type JournalEntry } from '../discovery/journal.ts';
import { mapConcurrent } from '../http/concurrency.ts';
import type { ObjectStore } from '../store/store.ts';
import { summarizeChange } from '../target/diff.ts';
import { journalFolder, type ProviderId, parseJournalVersion } from '../target/names.ts';
import { changeData, changeLines, summaryText } from './change-text.ts';
import { defineCommand, exitCodes, UsageError } from './command.ts';
import { shared } from './options.ts';
import { isJson, printList } from './output.ts';

/** `muster history` */
export const history = defineCommand({
  name: 'history',
  summary: 'Show the changes of a job',
  description:
    'Reads the journal of a job, newest change first. With --show, one version in full, as a diff.',
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
    const json = isJson(output);
    const wanted = show === undefined ? undefined : wholeNumber('show', show);
    const count = wholeNumber('limit', limit);
    const app = await loadApp(config, io);
    try {
      const rows: Row[] = [];
      for (const id of selectProviders(app.providers, { job, provider }))
        rows.push(...(await readEntries(app.store, id, count, wanted, io.signal)));
      if (wanted !== undefined && !json) {
        for (const { id, entry } of rows) {
          await io.out(
            `${id.job}/${id.provider} version ${entry.version}, ${entry.at}, ${entry.reason}: ${summaryText(entry.change)}\n`,
          );
          for (const line of changeLines(entry.change)) await io.out(`${line}\n`);
        }
        if (rows.length === 0) io.err(`No version ${wanted} in the journal of ${job}.\n`);
        return rows.length === 0 ? exitCodes.failed : exitCodes.good;
      }
      const data = rows.map(({ id, entry: { version, at, reason, run, change } }) => ({
        job: id.job,
        provider: id.provider,
        version,
        at,
        reason,
        run,
        summary: summarizeChange(change),
        ...(wanted !== undefined && changeData(change)),
      }));
      await printList(io, output, data, {
        heading: ['PROVIDER', 'VERSION', 'AT', 'REASON', 'ADDED', 'REMOVED', 'CHANGED', 'TARGETS'],
        row: ({ provider: name, version, at, reason, summary: { added, removed, changed, targets } }) => [
          name,
          String(version),
          at,
          reason,
          `+${added}`,
          `-${removed}`,
          `~${changed}`,
          `${targets < 0 ? '' : '+'}${targets}`,
        ],
        empty: `Job ${job} has no change yet.`,
      });
      return exitCodes.good;
    } finally {
      await app.store.close();
    }
  },
});

interface Row {
  readonly id: ProviderId;
  readonly entry: JournalEntry;
}

/** The newest changes of a provider, or just the wanted one. */
async function readEntries(
  store: ObjectStore,
  id: ProviderId,
  count: number,
  wanted: number | undefined,
  signal: AbortSignal,
): Promise<readonly Row[]> {
  const keys = (await store.list(journalFolder(id), { signal })).map(({ key }) => key);
  const chosen =
    wanted === undefined
      ? keys.slice(-count).reverse()
      : keys.filter((key) => parseJournalVersion(key) === wanted);
  const entries = await mapConcurrent(chosen, 8, signal, async (key, each) => {
    const found = await store.get(key, { signal: each });
    return found === undefined || found === 'unchanged'
      ? undefined
      : { id, entry: decodeJournalEntry(found.body) };
  });
  return entries.filter((row) => row !== undefined);
}

function wholeNumber(option: string, text: string): number {
  if (!/^[1-9]\d{0,11}$/.test(text))
    throw new UsageError(`--${option} is a whole number from 1 up, not "${text}"`);
  return Number(text);
}
