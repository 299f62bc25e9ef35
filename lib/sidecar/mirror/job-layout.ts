import { createHash } from 'node:crypto';
import { wholeOf } from './file-list.ts';
import { renameInto } from './files.ts';
import type { TargetFolder } from './folder.ts';
import {
  forEachJob,
  isVisible,
  type List,
  listsBySegment,
  publishJob,
  removeJobFile,
  trySaveState,
} from './job-file.ts';
import { type Plan, segmentOf } from './plan.ts';
import { sameFacts } from './prepare.ts';
import type { RoundState } from './round.ts';

/**
 * Brings the files on disk into the layout of the round, before lists change. Where a job gets its second provider, its
 * lists are copied apart, its one file is renamed into place, and then the files of providers go: for a moment a target
 * is in two files, which Prometheus counts once, and no target is ever missing. Never throws: a job that fails keeps
 * the files that it has.
 */
export async function settleLayout(round: RoundState, { wanted }: Plan): Promise<void> {
  const { folder, layout, signal } = round;
  const providers = providersBySegment([...folder.owned.keys(), ...wanted.map(({ path }) => path)]);
  const lists = listsBySegment(folder);
  const segments = new Set([...providers.keys(), ...folder.jobs.keys()]);
  await forEachJob(round, segments, async (segment) => {
    if (signal.aborted) return;
    const own = lists.get(segment) ?? [];
    const isJoined = folder.jobs.get(segment)?.apart === true;
    const isShared = (providers.get(segment)?.size ?? 0) > 1;
    if (layout === 'job' && !isJoined && isShared) await moveApart(folder, segment, own);
    if (layout === 'provider' && isJoined) await moveBack(folder, segment, own);
  });
  const unsettled = [...folder.jobs].filter(([segment, { apart }]) => !apart || !folder.tidied.has(segment));
  if (unsettled.length === 0 || !(await trySaveState(round))) return;
  const moved = listsBySegment(folder);
  await forEachJob(
    round,
    unsettled.map(([segment]) => segment),
    async (segment) => {
      const own = moved.get(segment) ?? [];
      if (folder.jobs.get(segment)?.apart !== true) await removeJobFile(round, segment);
      else if (own.some(isVisible)) await publishJob(round, segment, own);
    },
  );
}

function providersBySegment(paths: readonly string[]): ReadonlyMap<string, ReadonlySet<string>> {
  return new Map(
    [...Map.groupBy(paths, segmentOf)].map(([segment, found]) => [segment, new Set(found)] as const),
  );
}

/** Copies the lists of a job apart; from the moment that the state says so, they are read and written there. */
async function moveApart(folder: TargetFolder, segment: string, lists: readonly List[]): Promise<void> {
  const { files, at, apartAt } = folder;
  const moved: List[] = [];
  for (const [path, file] of lists) {
    const facts = await files.facts(at(path));
    if (facts?.kind !== 'file') continue;
    const hash = createHash('sha256');
    await copy(folder, at(path), apartAt(path), hash);
    const now = await files.facts(apartAt(path));
    // One that is not as the mirror wrote it is not so there either, and is looked into as before.
    const isRight =
      file.facts === undefined ? hash.digest('hex') === file.sha256 : sameFacts(file.facts, facts);
    if (isRight && now !== undefined) moved.push([path, { ...file, facts: { ...now, kind: 'file' } }]);
  }
  for (const [path, file] of moved) folder.own(path, file);
  folder.setJob(segment, { apart: true });
}

/** Copies the lists of a job back to files of their own; what lay apart is removed at the next start. */
async function moveBack(folder: TargetFolder, segment: string, lists: readonly List[]): Promise<void> {
  const { files, at, apartAt } = folder;
  const moved: List[] = [];
  for (const [path, file] of lists) {
    const facts = await files.facts(apartAt(path));
    if (facts?.kind !== 'file') continue;
    await copy(folder, apartAt(path), at(path), createHash('sha256'));
    const now = await files.facts(at(path));
    if (file.facts !== undefined && sameFacts(file.facts, facts) && now !== undefined)
      moved.push([path, { ...file, facts: { ...now, kind: 'file' } }]);
  }
  for (const [path, file] of moved) folder.own(path, file);
  folder.setJob(segment, { apart: false });
}

async function copy(
  folder: TargetFolder,
  from: string,
  to: string,
  hash: ReturnType<typeof createHash>,
): Promise<void> {
  const pieces = async function* (): AsyncGenerator<Uint8Array, undefined> {
    for await (const piece of wholeOf(from)) {
      hash.update(piece);
      yield piece;
    }
    return undefined;
  };
  await renameInto(folder.files, await folder.stage(pieces()), to);
}
