import { isMusterError } from '../../base/errors.ts';
import { readTombstone } from '../../cycle/tombstone.ts';
import type { TargetFolder } from './folder.ts';
import { idOfPath } from './plan.ts';
import { adopt } from './prepare.ts';
import { failFile, type Orphan, type RoundState } from './round.ts';
import type { OwnedFile } from './state.ts';

/** The fate of the files that the store does not list. */
export interface OrphanVerdict {
  /** Paths to remove: retired on purpose, or by an operator's order. */
  readonly going: readonly string[];
  /** Files that stay. */
  readonly orphans: readonly Orphan[];
}

/**
 * Decides about files that the listing lacks. Absence proves nothing: the bucket may have been emptied, may be the wrong
 * one, or may have been listed in part. Only a tombstone of the same store with a higher version removes a file. Each
 * tombstone is read once in ten minutes, and at most 100 in a round.
 */
export async function judgeOrphans(round: RoundState, named: ReadonlySet<string>): Promise<OrphanVerdict> {
  const { folder, limit, now } = round;
  for (const path of folder.lookedUp.keys()) {
    if (named.has(path) || !folder.owned.has(path)) folder.lookedUp.delete(path);
  }
  const absent = await visibleOf(
    round,
    [...folder.owned.keys()].filter((path) => !named.has(path)),
  );
  if (round.removeOrphans) return { going: absent.map(([path]) => path), orphans: [] };
  const isDue = (path: string) => {
    const last = folder.lookedUp.get(path);
    return last === undefined || now() - last.at >= lookUpAgainAfter;
  };
  const due = new Set(
    absent
      .map(([path]) => path)
      .filter(isDue)
      .slice(0, mostLookups),
  );
  const verdicts = await Promise.all(
    absent.map(([path, file]) => limit(() => judge(round, path, file, due.has(path)))),
  );
  return {
    going: verdicts.flatMap((verdict) => (typeof verdict === 'string' ? [verdict] : [])),
    orphans: verdicts.flatMap((verdict) => (typeof verdict === 'string' ? [] : [verdict])),
  };
}

/** The files that exist. One that was announced and never written, or that somebody removed, leaves the state. */
async function visibleOf(
  round: RoundState,
  paths: readonly string[],
): Promise<readonly (readonly [string, OwnedFile])[]> {
  const visible: (readonly [string, OwnedFile])[] = [];
  for (const path of paths) {
    try {
      const file = await visibleFile(round.folder, path);
      if (file === undefined) round.folder.disown(path);
      else visible.push([path, file]);
    } catch (error) {
      failFile(round, path, error);
    }
  }
  return visible;
}

async function visibleFile(folder: TargetFolder, path: string): Promise<OwnedFile | undefined> {
  const facts = await folder.files.facts(folder.listAt(path));
  const announced = folder.owned.get(path);
  if (announced !== undefined && announced.facts === undefined) await adopt(folder, path, announced, facts);
  const file = folder.owned.get(path);
  return file?.facts === undefined || facts === undefined ? undefined : file;
}

/** Milliseconds until a tombstone is read again. */
const lookUpAgainAfter = 10 * 60_000;
/** Tombstones that one round reads. */
const mostLookups = 100;

/** The path of a file that goes, or the reason why it stays. */
async function judge(
  round: RoundState,
  path: string,
  file: OwnedFile,
  ask: boolean,
): Promise<string | Orphan> {
  const { folder, signal } = round;
  const stays = (reason: string): Orphan => ({ path, targets: file.targets, reason });
  if (!ask || signal.aborted || round.stopped)
    return stays(
      folder.lookedUp.get(path)?.reason ?? 'the store no longer lists it; its tombstone was not read yet',
    );
  try {
    const reason = await whyItStays(round, path, file);
    if (reason === undefined) return path;
    folder.lookedUp.set(path, { at: round.now(), reason });
    return stays(reason);
  } catch (error) {
    failFile(round, path, error);
    return stays('the store no longer lists it, and its tombstone could not be read');
  }
}

async function whyItStays(
  { store, signal }: RoundState,
  path: string,
  { mark }: OwnedFile,
): Promise<string | undefined> {
  const byHand = 'if it is gone for good, "muster sync --once --remove-orphans" removes it';
  try {
    const tombstone = await readTombstone(store, idOfPath(path), signal);
    if (tombstone === undefined) return `the store no longer lists it and has no tombstone for it; ${byHand}`;
    if (mark === undefined) return `it was retired, but the file does not name its version; ${byHand}`;
    if (tombstone.store !== mark.store)
      return `it came from store ${mark.store}, and was retired in store ${tombstone.store}; ${byHand}`;
    if (tombstone.version > mark.version) return undefined;
    return `version ${tombstone.version} retired it, but the file holds version ${mark.version}, which is not older; it will be published again, or ${byHand}`;
  } catch (error) {
    if (isMusterError(error, 'malformed') || isMusterError(error, 'newer') || isMusterError(error, 'denied'))
      return `the store no longer lists it, and its tombstone cannot be read: ${error.message}`;
    throw error;
  }
}
