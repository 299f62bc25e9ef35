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
    if (layout === 'job' && !isJoined && isShared) await moveLists(folder, segment, own, { apart: true });
    if (layout === 'provider' && isJoined) await moveLists(folder, segment, own, { apart: false });
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

/**
 * Copies the lists of a job apart, or back to files of their own. From the moment that the state says so, they are read
 * and written there. What lay apart is removed at the next start.
 */
async function moveLists(
  folder: TargetFolder,
  segment: string,
  lists: readonly List[],
  { apart }: { readonly apart: boolean },
): Promise<void> {
  const { files, at, apartAt } = folder;
  const [from, to] = apart ? [at, apartAt] : [apartAt, at];
  const moved: List[] = [];
  for (const [path, file] of lists) {
    const facts = await files.facts(from(path));
    if (facts?.kind !== 'file') continue;
    const digest = await copy(folder, from(path), to(path));
    const now = await files.facts(to(path));
    // One that is not as the mirror wrote it is not so there either, and is looked into as before.
    const isRight = file.facts === undefined ? digest === file.sha256 : sameFacts(file.facts, facts);
    if (isRight && now !== undefined) moved.push([path, { ...file, facts: { ...now, kind: 'file' } }]);
  }
  for (const [path, file] of moved) folder.own(path, file);
  folder.setJob(segment, { apart });
}

/** Copies a file, and returns the SHA-256 of its bytes. */
async function copy(folder: TargetFolder, from: string, to: string): Promise<string> {
  const hash = createHash('sha256');
  const pieces = async function* (): AsyncGenerator<Uint8Array, undefined> {
    for await (const piece of wholeOf(from)) {
      hash.update(piece);
      yield piece;
    }
    return undefined;
  };
  await renameInto(folder.files, await folder.stage(pieces()), to);
  return hash.digest('hex');
}
