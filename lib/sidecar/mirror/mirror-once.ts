import { dirname } from 'node:path';
import { createLimit } from '../../base/concurrency.ts';
import { diskError } from '../../base/disk-errors.ts';
import { MusterError, toMusterError } from '../../base/errors.ts';
import { folders } from '../../targets/keys.ts';
import { digestOfFile } from './content.ts';
import { longestHeld } from './fetch.ts';
import { renameInto } from './files.ts';
import type { Oddity, TargetFolder } from './folder.ts';
import { publishJobs } from './job-file.ts';
import { settleLayout } from './job-layout.ts';
import { judgeOrphans } from './orphans.ts';
import { foreignKey, type Plan, pathOfKey, planMirror, refuseClashes, type WantedFile } from './plan.ts';
import { type PreparedFile, prepareFile } from './prepare.ts';
import {
  failFile,
  type MirrorOptions,
  mirrorConcurrency,
  type Orphan,
  type Round,
  type RoundState,
  startRound,
} from './round.ts';

/**
 * Makes the folder equal to what the bucket lists. A failure is reported in the round and leaves the last good file in
 * place; nothing is thrown. A file is removed only for a tombstone, after everything that the bucket lists is in place.
 */
export async function mirrorOnce(options: MirrorOptions): Promise<Round> {
  const round = startRound(options);
  try {
    await ensureFolder(round);
    const listed = await readPlan(round);
    const { going, orphans } = await judgeOrphans(round, listed.named);
    const plan = settleClashes(round, listed, going);
    for (const rejection of plan.rejections) round.rejections.push(rejection);
    await settleLayout(round, plan);
    await applyAll(round, plan.wanted);
    forgetRefused(round, plan);
    const staying = round.stopped ? orphans : [...orphans, ...(await removeAll(round, plan, going))];
    await publishJobs(round);
    if (!round.stopped) noteOddities(round, plan, staying);
    checkEmpty(round, plan);
  } catch (error) {
    round.errors.push(toMusterError(error));
  }
  await finishRound(round);
  const { changes, rejections, errors, bytes, orphans } = round;
  return { changes, rejections, errors, bytes, orphans };
}

/**
 * Bytes and files that are written to temporary names before the first of them is renamed. They bound the disk space;
 * the state is written once for all of them.
 */
const chunk = { bytes: 16 * 2 ** 20, files: 1000 };

function chunksOf(wanted: readonly WantedFile[]): readonly (readonly WantedFile[])[] {
  const chunks: WantedFile[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const file of wanted) {
    const size = Math.max(...file.objects.map((object) => object.size));
    const last = chunks.at(-1);
    bytes += size;
    if (last !== undefined && bytes <= chunk.bytes && last.length < chunk.files) last.push(file);
    else {
      chunks.push([file]);
      bytes = size;
    }
  }
  return chunks;
}

async function ensureFolder({ folder }: RoundState): Promise<void> {
  try {
    await folder.ensureOwnFolder();
  } catch (error) {
    throw diskError(`use the folder ${folder.path}`, error);
  }
}

async function readPlan(round: RoundState): Promise<Plan> {
  const { store, signal } = round;
  const onForeign = (key: string) => {
    round.rejections.push(foreignKey(key));
  };
  return planMirror(await store.list(folders.targets, { signal, onForeign }));
}

/** A job that goes leaves its folder to a job that differs only in case: a rename puts the new file over the old one. */
function settleClashes({ folder }: RoundState, plan: Plan, going: readonly string[]): Plan {
  if (!folder.foldsCase) return plan;
  const leaving = new Set(going);
  return refuseClashes(
    plan,
    [...folder.owned.keys()].filter((path) => !leaving.has(path)),
  );
}

async function applyAll(round: RoundState, wanted: readonly WantedFile[]): Promise<void> {
  const limit = createLimit(mirrorConcurrency);
  const isLarge = ({ objects }: WantedFile) => objects.some(({ size }) => size > longestHeld);
  const small = wanted.filter((file) => !isLarge(file));
  const large = wanted.filter(isLarge);
  for (const files of chunksOf(small)) {
    const prepared = await Promise.all(files.map((file) => limit(() => prepare(round, file, 'small'))));
    large.push(...files.filter((_, index) => prepared[index] === 'later'));
    await replaceFiles(
      round,
      prepared.filter((file) => file !== undefined && file !== 'later'),
    );
  }
  // Last and one by one, so that they take neither disk space nor time from the others.
  for (const file of large) {
    const prepared = await prepare(round, file, 'large');
    if (prepared !== undefined && prepared !== 'later') await replaceFiles(round, [prepared]);
  }
}

/** Prepares a file. Never throws: the failure of one file is reported, and the others go on. */
async function prepare(
  round: RoundState,
  wanted: WantedFile,
  lane: 'small' | 'large',
): Promise<PreparedFile | 'later' | undefined> {
  if (round.signal.aborted) round.stopped = true;
  if (round.stopped) return undefined;
  try {
    return await prepareFile(round, wanted, lane);
  } catch (error) {
    failFile(round, wanted.path, error);
    return undefined;
  }
}

function forgetRefused({ folder }: RoundState, plan: Plan): void {
  for (const memory of [folder.refused, folder.settled]) {
    for (const path of memory.keys()) if (!plan.named.has(path)) memory.delete(path);
  }
}

/** Removes the files that go, unless a listed file is not in place: it may be the one that replaces them. */
async function removeAll(
  round: RoundState,
  plan: Plan,
  going: readonly string[],
): Promise<readonly Orphan[]> {
  if (going.length === 0) return [];
  const obstacle = whyNotRemove(round, plan);
  if (obstacle === undefined) {
    for (const path of going) await removeFile(round, path);
    return [];
  }
  return going.map((path) => ({
    path,
    targets: round.folder.owned.get(path)?.targets ?? 0,
    reason: `it was retired, but stays while ${obstacle}`,
  }));
}

function whyNotRemove({ errors, sound }: RoundState, { unknown, named }: Plan): string | undefined {
  if (unknown !== undefined) return `${JSON.stringify(unknown.slice(0, 100))} in the store is not understood`;
  if (errors.length > 0) return 'another file could not be brought up to date';
  const lacking = [...named].find((path) => !sound.has(path));
  return lacking === undefined ? undefined : `there is no good file of ${lacking}`;
}

function noteOddities(round: RoundState, { named }: Plan, orphans: readonly Orphan[]): void {
  const { folder, rejections, sound, failures } = round;
  const reasons = new Map(failures);
  for (const { key, reason, message } of rejections) {
    const path = reason === 'clash' ? pathOfKey(key) : undefined;
    if (path !== undefined) reasons.set(path, message);
  }
  const gone = 'the listed object was gone when it was fetched';
  const oddities = new Map<string, Oddity>();
  for (const path of named) {
    const reason = reasons.get(path);
    if (!sound.has(path)) oddities.set(path, { kind: 'lacking', reason: reason ?? gone });
    else if (reason !== undefined) oddities.set(path, { kind: 'kept', reason });
  }
  for (const { path, reason } of orphans) oddities.set(path, { kind: 'orphaned', reason });
  folder.oddities.clear();
  for (const [path, oddity] of oddities) folder.oddities.set(path, oddity);
  round.orphans.push(...orphans);
}

/** A store that lists nothing while files exist is probably the wrong one, or was emptied by mistake. */
function checkEmpty({ store, folder, errors }: RoundState, { named }: Plan): void {
  if (named.size > 0 || folder.owned.size === 0) return;
  errors.push(
    new MusterError(
      'not-found',
      `${store.url} lists no target file, but ${folder.path} has ${folder.owned.size}, which all stay: ` +
        'check the bucket and its prefix; if it is empty on purpose, run "muster sync --once --remove-orphans"',
    ),
  );
}

async function finishRound({ folder, signal, errors }: RoundState): Promise<void> {
  try {
    await folder.saveState();
    await folder.dropUnusedParts();
  } catch (error) {
    errors.push(diskError(`tidy up ${folder.path}`, error));
  }
  if (signal.aborted && errors.length === 0) {
    errors.push(new MusterError('timeout', 'the round ended before it was complete'));
  }
}

/**
 * Renames prepared files into place. Never throws: a failure is reported for its file.
 *
 * The state names a new file before the rename. In the other order, a crash in between would leave a file that the
 * mirror does not know, and it would stay for ever when its provider is gone.
 */
async function replaceFiles(round: RoundState, prepared: readonly PreparedFile[]): Promise<void> {
  if (prepared.length === 0) return;
  const { folder } = round;
  try {
    const unknown = prepared.filter(({ path }) => folder.owned.get(path)?.facts === undefined);
    for (const { path, file } of unknown) folder.own(path, file);
    if (unknown.length > 0) await folder.saveState();
  } catch (error) {
    for (const file of prepared) await giveUp(round, file, error);
    return;
  }
  for (const file of prepared) {
    try {
      await replaceFile(round, file);
    } catch (error) {
      await giveUp(round, file, error);
    }
  }
}

/** Removes a file that the mirror wrote. A file of somebody else stays, and so does one that replaced it in another case. */
async function removeFile(round: RoundState, path: string): Promise<void> {
  const { folder } = round;
  try {
    if (await isOurs(folder, path)) {
      await folder.files.remove(folder.listAt(path));
      await folder.files.syncFolder(dirname(folder.listAt(path)));
      round.changes.push({ path, change: 'removed' });
    }
    folder.disown(path);
  } catch (error) {
    failFile(round, path, error);
  }
}

async function replaceFile(round: RoundState, { path, file, staged }: PreparedFile): Promise<void> {
  const { files, listAt, own } = round.folder;
  await renameInto(files, staged, listAt(path));
  round.changes.push({ path, change: 'written' });
  const facts = await files.facts(listAt(path));
  if (facts !== undefined) own(path, { ...file, facts: { ...facts, kind: 'file' } });
  round.sound.add(path);
}

async function giveUp(round: RoundState, { path, staged }: PreparedFile, cause: unknown): Promise<void> {
  failFile(round, path, cause);
  // If this fails too, the next start clears the folder of temporary files.
  await round.folder.files.remove(staged).catch(() => undefined);
}

async function isOurs({ files, listAt, owned, foldsCase }: TargetFolder, path: string): Promise<boolean> {
  const isSame = (other: string) => other !== path && other.toLowerCase() === path.toLowerCase();
  if (foldsCase && [...owned.keys()].some(isSame)) return false;
  const job = await files.facts(dirname(listAt(path)));
  const file = job?.kind === 'folder' ? await files.facts(listAt(path)) : undefined;
  if (file === undefined || file.kind === 'folder') return false;
  const announced = owned.get(path);
  if (announced === undefined || announced.facts !== undefined) return true;
  return file.kind === 'file' && (await digestOfFile(files, listAt(path))) === announced.sha256;
}
