import { MusterError, toMusterError } from '../errors.ts';
import { folders } from '../target/names.ts';
import { isLarge } from './fetch.ts';
import { diskError } from './files.ts';
import { createLimit } from './limit.ts';
import { type Plan, planMirror, segmentOf, strangeKey, type WantedFile } from './plan.ts';
import { type PreparedFile, prepareFile } from './prepare.ts';
import { removeFile, replaceFiles } from './replace.ts';
import { failFile, type MirrorOptions, parallel, type Round, type RoundState, startRound } from './round.ts';

/**
 * Brings the folder to what the bucket lists, as far as it can: whatever fails is told in the round and leaves its
 * last good file. A file is removed only when a complete listing no longer speaks of it.
 */
export async function mirrorOnce(options: MirrorOptions): Promise<Round> {
  const round = startRound(options);
  try {
    await openPlace(round);
    const plan = await readPlan(round);
    await applyAll(round, plan.wanted);
    if (!round.stopped) await removeUnlisted(round, plan);
  } catch (error) {
    round.errors.push(toMusterError(error));
  }
  await finishRound(round);
  const { changes, rejections, errors, bytes } = round;
  return { changes, rejections, errors, bytes };
}

/** Files that are written to temporary names before the first of them is renamed: bounds the space for them. */
const chunkSize = 16;

async function openPlace({ folder }: RoundState): Promise<void> {
  try {
    await folder.ensurePlace();
  } catch (error) {
    throw diskError(`use the folder ${folder.path}`, error);
  }
}

async function readPlan(round: RoundState): Promise<Plan> {
  const { store, folder, signal } = round;
  const onForeign = (key: string) => {
    round.rejections.push(strangeKey(key));
  };
  const plan = planMirror(await store.list(folders.targets, { signal, onForeign }), folder.owned.keys());
  for (const rejection of plan.rejections) round.rejections.push(rejection);
  if (plan.named.size === 0 && folder.owned.size > 0 && !round.allowEmpty) {
    throw new MusterError(
      'not-found',
      `${store.url} lists no target file while ${folder.owned.size} are in ${folder.path}, which all stay; ` +
        'check the bucket and its prefix, or allow an empty listing',
    );
  }
  return plan;
}

async function applyAll(round: RoundState, wanted: readonly WantedFile[]): Promise<void> {
  const limit = createLimit(parallel);
  const small = wanted.filter((file) => !isLarge(file));
  for (let start = 0; start < small.length; start += chunkSize) {
    const chunk = small.slice(start, start + chunkSize);
    const prepared = await Promise.all(chunk.map((file) => limit(() => prepare(round, file))));
    await replaceFiles(
      round,
      prepared.filter((file) => file !== undefined),
    );
  }
  // Last and one by one: none takes the disk or the time of the others.
  for (const file of wanted.filter(isLarge)) {
    const prepared = await prepare(round, file);
    if (prepared !== undefined) await replaceFiles(round, [prepared]);
  }
}

/** Never throws: what fails for one file is told and leaves the others alone. */
async function prepare(round: RoundState, wanted: WantedFile): Promise<PreparedFile | undefined> {
  if (round.signal.aborted) round.stopped = true;
  if (round.stopped) return undefined;
  try {
    return await prepareFile(round, wanted);
  } catch (error) {
    failFile(round, wanted.path, error);
    return undefined;
  }
}

async function removeUnlisted(round: RoundState, plan: Plan): Promise<void> {
  for (const path of round.folder.refused.keys()) {
    if (!plan.named.has(path)) round.folder.refused.delete(path);
  }
  for (const path of [...round.folder.owned.keys()]) {
    if (plan.named.has(path) || round.failedJobs.has(segmentOf(path))) continue;
    await removeFile(round, path);
  }
}

async function finishRound({ folder, signal, errors }: RoundState): Promise<void> {
  try {
    await folder.saveState();
    await folder.dropUnusedParts();
  } catch (error) {
    errors.push(diskError(`tidy up ${folder.path}`, error));
  }
  if (signal.aborted && errors.length === 0) {
    errors.push(new MusterError('timeout', 'the round was ended before it was complete'));
  }
}
