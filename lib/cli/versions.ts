import { versionAt } from '../cycle/history.ts';
import { changeBetween, groupsAt } from '../cycle/list-at.ts';
import { loadProvider } from '../cycle/load.ts';
import type { StoreView } from '../run/app.ts';
import { countTargets, decodeGroup } from '../targets/canonical.ts';
import { countChange } from '../targets/diff.ts';
import { targetLabels } from '../targets/group.ts';
import type { ProviderId } from '../targets/keys.ts';
import { changeData, printChange, summaryText } from './change-text.ts';
import { defineCommand, exitCodes, type Io, UsageError } from './command.ts';
import { journalProviders } from './history.ts';
import { openView } from './open-view.ts';
import { readCount, readTime, shared } from './options.ts';
import { counted, printable } from './output.ts';

/** `muster show` */
export const show = defineCommand({
  name: 'show',
  description:
    'Prints the full list of a job: now, or as it was after a version or at a time. It is rebuilt from the snapshot and the\n' +
    'journal. If journal entries are gone, it says so and exits with 1.',
  examples: [
    'muster show api',
    'muster show api --at 2h',
    'muster show api --provider consul-0 --version 41',
  ],
  argument: 'JOB',
  options: {
    config: shared.config,
    store: shared.store,
    provider: shared.provider,
    version: { value: 'N', help: 'The list after this version.' },
    at: { value: 'TIME', help: 'The list at this time: ISO 8601, or a duration ago as in 2h.' },
    output: shared.output,
  },
  async run({ config, store: url, provider, version, at, output }, io, job) {
    if (version !== undefined && at !== undefined) throw new UsageError('give --version or --at, not both');
    const view = await openView('show', { location: config, url }, io);
    await using _store = view.store;
    const ids = await journalProviders(view, { job, provider }, io.signal);
    const wanted = version === undefined ? undefined : readCount('version', version);
    if (wanted !== undefined) requireOne(ids, 'version');
    const lists = [];
    for (const id of ids) {
      const input = { store: view.store, signal: io.signal };
      const number =
        wanted ?? (at === undefined ? await newestOf(view, id, io) : await versionOf(view, id, { at }, io));
      lists.push({ id, ...(await groupsAt(id, number, input)) });
    }
    if (output === 'json') {
      const data = lists.map(({ id, groups, ...one }) => ({
        kind: 'list',
        ...id,
        version: one.version,
        groups: [...groups.values()].map(decodeGroup),
      }));
      await io.out(`${JSON.stringify(data, undefined, 2)}\n`);
      return exitCodes.good;
    }
    for (const { id, groups, ...one } of lists) {
      const head = `${id.job}/${id.provider} version ${one.version}: ${counted(countTargets(groups), 'target')}`;
      await io.out(`${printable(head)}\n`);
      for (const encoded of groups.values()) {
        const group = decodeGroup(encoded);
        for (const target of group.targets) {
          const { __address__: address = 'without address', ...labels } = targetLabels(group, target);
          await io.out(`  ${printable(`${address} ${JSON.stringify(labels)}`)}\n`);
        }
      }
    }
    return exitCodes.good;
  },
});

/** `muster diff` */
export const diff = defineCommand({
  name: 'diff',
  description:
    'Shows what changed between two versions of a job: from A to B, or to now where B is not given. A and B are versions, or\n' +
    'times: ISO 8601, or a duration ago as in 2h. Exits with 1 where one of the lists cannot be rebuilt.',
  examples: ['muster diff api 2h', 'muster diff api 41 44 --provider consul-0'],
  argument: 'JOB A [B]',
  mostArguments: 3,
  options: { config: shared.config, store: shared.store, provider: shared.provider, output: shared.output },
  async run({ config, store: url, provider, output }, io, job, [from, to]) {
    if (from === undefined)
      throw new UsageError('name the version or time to compare with, as in: muster diff api 2h');
    const view = await openView('diff', { location: config, url }, io);
    await using store = view.store;
    const ids = await journalProviders(view, { job, provider }, io.signal);
    if (isNumber(from) || (to !== undefined && isNumber(to))) requireOne(ids, 'version');
    const changes = [];
    for (const id of ids) {
      const before = isNumber(from) ? Number(from) : await versionOf(view, id, { at: from }, io);
      const after =
        to === undefined
          ? await newestOf(view, id, io)
          : isNumber(to)
            ? Number(to)
            : await versionOf(view, id, { at: to }, io);
      const change = await changeBetween(id, [before, after], { store, signal: io.signal });
      changes.push({ id, before, after, change });
    }
    if (output === 'json') {
      const data = changes.map(({ id, before, after, change }) => ({
        kind: 'diff',
        ...id,
        from: before,
        to: after,
        summary: countChange(change),
        ...changeData(change),
      }));
      await io.out(`${JSON.stringify(data, undefined, 2)}\n`);
      return exitCodes.good;
    }
    for (const { id, before, after, change } of changes) {
      const head = `${id.job}/${id.provider} version ${before} to ${after}: ${summaryText(countChange(change))}`;
      await io.out(`${printable(head)}\n`);
      await printChange(io, change);
    }
    return exitCodes.good;
  },
});

function isNumber(text: string): boolean {
  return /^\d{1,12}$/.test(text);
}

/** Each provider counts its own versions. Throws a usage error if there are several. */
export function requireOne(ids: readonly ProviderId[], what: string): ProviderId {
  const [id] = ids;
  if (id !== undefined && ids.length === 1) return id;
  const names = ids.map(({ provider }) => provider).join(', ');
  throw new UsageError(
    `the job has several providers, each with its own versions: to give a ${what}, name one by --provider: ${names}`,
  );
}

async function newestOf({ store }: StoreView, id: ProviderId, { signal }: Io): Promise<number> {
  return (await loadProvider(store, id, { signal })).version;
}

/**
 * The version at a time; before the first version the empty list, if the journal has its beginning. Throws a usage
 * error if the text is not a time.
 */
export async function versionOf(
  { store }: Pick<StoreView, 'store'>,
  id: ProviderId,
  { at }: { readonly at: string },
  { signal }: Pick<Io, 'signal'>,
): Promise<number> {
  return (await versionAt(id, readTime('at', at, new Date()), { store, signal })) ?? 0;
}
