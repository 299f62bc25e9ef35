import { digestOfFile } from './content.ts';
import type { TargetFolder } from './folder.ts';
import { segmentOf } from './plan.ts';
import type { PreparedFile } from './prepare.ts';
import { failFile, type RoundState } from './round.ts';

/**
 * Puts prepared files in their places, one rename each. Never throws: a failure is told for its file.
 *
 * The state says that a new file is ours before it is there: were it the other way round, a crash in between would
 * leave a file which nobody owns, and which would stay for ever once its provider is gone.
 */
export async function replaceFiles(round: RoundState, prepared: readonly PreparedFile[]): Promise<void> {
  if (prepared.length === 0) return;
  const { folder } = round;
  try {
    for (const { path, file } of prepared) {
      if (folder.owned.get(path)?.facts === undefined) folder.own(path, file);
    }
    await folder.saveState();
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

/** Removes a file of ours. What somebody else put there stays, and so does what took its place under another case. */
export async function removeFile(round: RoundState, path: string): Promise<void> {
  const { folder } = round;
  try {
    if (await isOurs(folder, path)) {
      await folder.files.remove(folder.at(path));
      await folder.files.syncFolder(folder.at(segmentOf(path)));
      round.changes.push({ path, change: 'removed' });
    }
    folder.disown(path);
  } catch (error) {
    failFile(round, path, error);
  }
}

async function replaceFile(round: RoundState, { path, segment, file, staged }: PreparedFile): Promise<void> {
  const { files, at, own } = round.folder;
  if ((await files.facts(at(segment))) === undefined) {
    await files.makeFolder(at(segment));
    await files.syncFolder(at(''));
  }
  await files.rename(staged, at(path));
  round.changes.push({ path, change: 'written' });
  await files.syncFolder(at(segment));
  const facts = await files.facts(at(path));
  if (facts !== undefined) own(path, { ...file, facts: { ...facts, kind: 'file' } });
  round.sound.add(path);
}

async function giveUp(round: RoundState, { path, staged }: PreparedFile, cause: unknown): Promise<void> {
  failFile(round, path, cause);
  // If even this fails, the next start clears the folder of temporary files.
  await round.folder.files.remove(staged).catch(() => undefined);
}

async function isOurs({ files, at, owned, foldsCase }: TargetFolder, path: string): Promise<boolean> {
  const isSame = (other: string) => other !== path && other.toLowerCase() === path.toLowerCase();
  if (foldsCase && [...owned.keys()].some(isSame)) return false;
  const job = await files.facts(at(segmentOf(path)));
  const file = job?.kind === 'folder' ? await files.facts(at(path)) : undefined;
  if (file === undefined || file.kind === 'folder') return false;
  const announced = owned.get(path);
  if (announced === undefined || announced.facts !== undefined) return true;
  return file.kind === 'file' && (await digestOfFile(files, at(path))) === announced.sha256;
}
