import { join } from 'node:path';
import { digestOfFile, listingOfFile } from './content.ts';
import type { FileSystem } from './files.ts';
import { idOfPath, segmentOf } from './plan.ts';
import type { JobFile, Jobs, Owned, OwnedFile, State } from './state.ts';

/** The lists of jobs that have one file for all of them, below the target folder. */
export const listsFolder = '.muster/lists';

/** The full path at which a list lies apart. It does not end like a file_sd file, in case a glob reaches it. */
export function apartIn(folder: string, list: string): string {
  return join(folder, listsFolder, list.slice(0, -'.json'.length));
}

/** Removes lists that a crash left apart although their job has files again, and lists of no provider. */
export async function clearLists(
  folder: string,
  files: FileSystem,
  { owned, jobs, foldsCase }: { readonly owned: Owned; readonly jobs: Jobs; readonly foldsCase: boolean },
): Promise<void> {
  const fold = (text: string) => (foldsCase ? text.toLowerCase() : text);
  const live = new Set(
    [...owned.keys()].filter((list) => jobs.get(segmentOf(list))?.apart === true).map(fold),
  );
  for (const list of await listsIn(folder, files))
    if (!live.has(fold(list))) await files.remove(apartIn(folder, list));
}

/**
 * Without a state, the lists that lie apart tell what the file of a job was made of. They stay the mirror's: the bucket
 * may not list all of them, and the next file of the job would lose what it does not know.
 */
export async function recoverLists(
  folder: string,
  files: FileSystem,
): Promise<Pick<State, 'owned' | 'jobs'>> {
  const owned = new Map<string, OwnedFile>();
  const jobs = new Map<string, JobFile>();
  for (const list of await listsIn(folder, files)) {
    const path = apartIn(folder, list);
    const facts = await files.facts(path);
    const found = facts?.kind === 'file' ? await listingOfFile(files, path) : undefined;
    const sha256 = found && (await digestOfFile(files, path));
    if (facts === undefined || found === undefined || sha256 === undefined) continue;
    const { mark, targets } = found;
    const known = { sha256, size: facts.size, mark, targets, total: targets, parts: [] };
    owned.set(list, { ...known, facts: { ...facts, kind: 'file' } });
    jobs.set(segmentOf(list), { apart: true });
  }
  return { owned, jobs };
}

/** The paths of all lists that lie apart, below the target folder; a name that no list has is left out. */
async function listsIn(folder: string, files: FileSystem): Promise<readonly string[]> {
  const root = join(folder, listsFolder);
  const lists: string[] = [];
  for (const segment of await files.names(root)) {
    const home = join(root, segment);
    const names = (await files.facts(home))?.kind === 'folder' ? await files.names(home) : [];
    lists.push(...names.map((name) => `${segment}/${name}.json`).filter((list) => idOfPath(list).job !== ''));
  }
  return lists;
}
