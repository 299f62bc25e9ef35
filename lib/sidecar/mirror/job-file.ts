import { createHash } from 'node:crypto';
import { MusterError, toMusterError } from '../../base/errors.ts';
import { listingOfFile } from './content.ts';
import { insideOf, rangeOf } from './file-list.ts';
import { renameInto } from './files.ts';
import type { JobLayout, TargetFolder } from './folder.ts';
import { segmentOf } from './plan.ts';
import { sameFacts } from './prepare.ts';
import { failFile, type RoundState } from './round.ts';
import type { OwnedFile } from './state.ts';

/** The file of a job with several providers; no provider has this name. */
const jobFile = 'all.json';

/** Writes the files of jobs whose lists have changed, each with one rename. Never throws: the last good file stays. */
export async function publishJobs(round: RoundState): Promise<void> {
  const { folder } = round;
  const apart = [...folder.jobs].filter(([, job]) => job.apart);
  // The state knows a job before its first file is there: else nobody would remove that one day.
  if (apart.some(([, { facts }]) => facts === undefined) && !(await trySaveState(round))) return;
  const lists = listsBySegment(folder);
  await forEachJob(
    round,
    apart.map(([segment]) => segment),
    (segment) => publishJob(round, segment, lists.get(segment) ?? []),
  );
}

/** Works on one job after another. A job that fails is reported in the round, and the others go on. */
export async function forEachJob(
  round: RoundState,
  segments: Iterable<string>,
  work: (segment: string) => Promise<void>,
): Promise<void> {
  for (const segment of segments) {
    try {
      await work(segment);
    } catch (error) {
      failFile(round, `${segment}/${jobFile}`, error);
    }
  }
}

/** Writes the state; false when that fails, which is noted in the round. */
export async function trySaveState({ folder, errors }: RoundState): Promise<boolean> {
  try {
    await folder.saveState();
    return true;
  } catch (error) {
    errors.push(toMusterError(error));
    return false;
  }
}

/** The list of a provider: its path below the target folder, and what is known of it. */
export type List = readonly [path: string, file: OwnedFile];

/** The lists that the mirror wrote, by the segment of their job. */
export function listsBySegment({ owned }: TargetFolder): ReadonlyMap<string, readonly List[]> {
  return Map.groupBy(owned, ([path]) => segmentOf(path));
}

/**
 * Writes the file of a job where its lists have changed, and then removes the files that its providers had. Without a
 * list to show, removes the file of the job. Throws what the disk throws, and kind `storage` for a damaged list.
 */
export async function publishJob(round: RoundState, segment: string, lists: readonly List[]): Promise<void> {
  const { folder } = round;
  const visible = lists.filter(isVisible).sort(([a], [b]) => (a < b ? -1 : 1));
  if (visible.length === 0) return removeJobFile(round, segment);
  const { files, jobs, layouts, tidied } = folder;
  const path = `${segment}/${jobFile}`;
  const known = jobs.get(segment);
  const facts = await files.facts(folder.at(path));
  const isIntact = known?.facts !== undefined && facts !== undefined && sameFacts(known.facts, facts);
  const made = stampOf(visible);
  if (!isIntact || known.made !== made) {
    const before = isIntact ? layouts.get(segment) : undefined;
    const places: Places = new Map();
    const staged = await folder.stage(
      inPieces(joinLists(folder, visible, { path: folder.at(path), before, places })),
    );
    layouts.delete(segment);
    await renameInto(files, staged, folder.at(path));
    round.changes.push({ path, change: 'written' });
    tidied.delete(segment);
    const now = await files.facts(folder.at(path));
    folder.setJob(segment, { apart: true, made, facts: now && { ...now, kind: 'file' } });
    layouts.set(segment, { places });
  }
  if (!tidied.has(segment)) await tidy(folder, segment, visible);
}

/** Whether a list is on disk: one that is only announced has no facts yet. */
export function isVisible([, { facts }]: List): boolean {
  return facts !== undefined;
}

/** Stands for the lists in the file of a job. */
function stampOf(lists: readonly List[]): string {
  const hash = createHash('sha256');
  for (const [path, { sha256 }] of lists) hash.update(`${path} ${sha256}\n`);
  return hash.digest('hex');
}

type Places = Map<string, { readonly sha256: string; readonly start: number; readonly end: number }>;

/** Lists that lie one after the other in the file before, or one list that is read from its own file. */
type Run = { readonly lists: List[]; readonly start: number; end: number } | { readonly list: List };

/**
 * The file of a job: its lists, one after the other. What has not changed is taken from the file before, in as few
 * pieces as can be. Notes in `places` where each list lies.
 */
async function* joinLists(
  folder: TargetFolder,
  lists: readonly List[],
  {
    path,
    before,
    places,
  }: { readonly path: string; readonly before: JobLayout | undefined; readonly places: Places },
): AsyncGenerator<Uint8Array, undefined> {
  let at = 0;
  let separator = opening;
  for (const run of runsOf(lists, before)) {
    const pieces = 'list' in run ? listInside(folder, run.list) : rangeOf(path, run.start, run.end);
    let start: number | undefined;
    for await (const piece of pieces) {
      if (start === undefined) {
        yield separator;
        at += separator.length;
        separator = between;
        start = at;
      }
      yield piece;
      at += piece.length;
    }
    if (start === undefined) continue;
    if ('list' in run) places.set(run.list[0], { sha256: run.list[1].sha256, start, end: at });
    else
      for (const [list] of run.lists) {
        const place = before?.places.get(list);
        const moved = start - run.start;
        if (place !== undefined)
          places.set(list, { ...place, start: place.start + moved, end: place.end + moved });
      }
  }
  yield separator === opening ? Buffer.from('[]\n') : Buffer.from('\n]\n');
  return undefined;
}

const opening = Buffer.from('[\n');
const between = Buffer.from(',\n');

function runsOf(lists: readonly List[], before: JobLayout | undefined): readonly Run[] {
  const runs: Run[] = [];
  for (const list of lists) {
    const [path, { sha256 }] = list;
    const place = before?.places.get(path);
    const last = runs.at(-1);
    if (place === undefined || place.sha256 !== sha256) runs.push({ list });
    else if (last !== undefined && 'lists' in last && last.end + between.length === place.start) {
      last.lists.push(list);
      last.end = place.end;
    } else runs.push({ lists: [list], start: place.start, end: place.end });
  }
  return runs;
}

/**
 * The bytes inside a list. If somebody changed the file, it still counts while it is a list, as for a file of a
 * provider.
 */
async function* listInside(folder: TargetFolder, [path, file]: List): AsyncGenerator<Uint8Array, undefined> {
  const { files, listAt } = folder;
  const facts = await files.facts(listAt(path));
  const isRight = facts !== undefined && file.facts !== undefined && sameFacts(facts, file.facts);
  if (!isRight && (facts?.kind !== 'file' || (await listingOfFile(files, listAt(path))) === undefined))
    throw new MusterError('storage', `${listAt(path)} is damaged, so the file of its job stays as it is`);
  yield* insideOf(listAt(path));
  return undefined;
}

/** Bytes that are written at once. */
const pieceSize = 256 * 1024;

async function* inPieces(small: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, undefined> {
  let pieces: Uint8Array[] = [];
  let size = 0;
  for await (const piece of small) {
    pieces.push(piece);
    size += piece.length;
    if (size < pieceSize) continue;
    yield Buffer.concat(pieces);
    pieces = [];
    size = 0;
  }
  yield Buffer.concat(pieces);
  return undefined;
}

/** Removes the files of providers whose lists are in the file of their job by now. */
async function tidy(folder: TargetFolder, segment: string, lists: readonly List[]): Promise<void> {
  const { files, at, tidied } = folder;
  if (isShared(folder, segment)) return;
  const paths = new Set(lists.map(([path]) => path));
  const left = (await files.names(at(segment)))
    .map((name) => `${segment}/${name}`)
    .filter((path) => paths.has(path));
  for (const path of left) if ((await files.facts(at(path)))?.kind !== 'folder') await files.remove(at(path));
  if (left.length > 0) await files.syncFolder(at(segment));
  tidied.add(segment);
}

/** The file is the mirror's, as the state says so; it goes with the last list, or when lists have files again. */
export async function removeJobFile({ folder, changes }: RoundState, segment: string): Promise<void> {
  const { files, at, jobs } = folder;
  const path = `${segment}/${jobFile}`;
  const home = await files.facts(at(segment));
  const file = home?.kind === 'folder' ? await files.facts(at(path)) : undefined;
  const isOurs = jobs.get(segment)?.facts !== undefined || jobs.get(segment)?.apart === false;
  if (isOurs && file !== undefined && file.kind !== 'folder' && !isShared(folder, segment)) {
    await files.remove(at(path));
    await files.syncFolder(at(segment));
    changes.push({ path, change: 'removed' });
  }
  folder.setJob(segment, undefined);
  folder.layouts.delete(segment);
  folder.tidied.delete(segment);
}

/** Whether a job that differs only in case has the same folder here: a rename put its file over the other. */
function isShared({ foldsCase, owned, jobs }: TargetFolder, segment: string): boolean {
  const isOther = (other: string) => other !== segment && other.toLowerCase() === segment.toLowerCase();
  return foldsCase && ([...owned.keys()].map(segmentOf).some(isOther) || [...jobs.keys()].some(isOther));
}
