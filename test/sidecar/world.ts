import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach } from '@jest/globals';
import { disk, type FileSystem } from '../../lib/sidecar/mirror/files.ts';
import { openFolder, type TargetFolder } from '../../lib/sidecar/mirror/folder.ts';
import { mirrorOnce } from '../../lib/sidecar/mirror/mirror-once.ts';
import type { MirrorOptions, Round } from '../../lib/sidecar/mirror/round.ts';
import { createMemoryStore } from '../../lib/store/memory.ts';
import type { ObjectStore } from '../../lib/store/store.ts';
import { fileOf, fill, type Objects } from '../support/bucket.ts';
import { watchStore } from './counting-store.ts';

const leftovers: (() => unknown)[] = [];

/** Undoes what the tests of a file made; call it once at the top of the file. */
export function cleanUpAfterEach(): void {
  afterEach(cleanUp);
}

/** The same once all tests of the file have run, where they only read what one of them made. */
export function cleanUpAtTheEnd(): void {
  afterAll(cleanUp);
}

async function cleanUp(): Promise<void> {
  for (const undo of leftovers.splice(0).reverse()) await undo();
}

/** Runs after the test, or after the file's last one; what was made last is undone first. */
export function afterThisTest(undo: () => unknown): void {
  leftovers.push(undo);
}

/** An empty folder that goes away after the test. */
export async function makeFolder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'muster-sidecar-'));
  afterThisTest(() => rm(path, { recursive: true, force: true }));
  return path;
}

/** The folder as a mirror holds it, until the test ends or `close` is called. */
export async function openTestFolder(path: string, files: FileSystem = disk): Promise<TargetFolder> {
  const folder = await openFolder(path, files);
  let open = true;
  const close = () => {
    if (open) folder.close();
    open = false;
  };
  afterThisTest(close);
  return { ...folder, close };
}

/** One round on an open folder, with a file for each provider, so that a test sees what becomes of each. */
export function round(
  store: ObjectStore,
  folder: TargetFolder,
  options: Partial<MirrorOptions> = {},
): Promise<Round> {
  return mirrorOnce({ store, folder, signal: new AbortController().signal, layout: 'provider', ...options });
}

/** A mirror's whole life: open, one round, close. */
export async function roundIn(
  path: string,
  store: ObjectStore,
  options: Partial<MirrorOptions> & { readonly files?: FileSystem } = {},
): Promise<Round> {
  const { files = disk, ...rest } = options;
  const folder = await openTestFolder(path, files);
  try {
    return await round(store, folder, rest);
  } finally {
    folder.close();
  }
}

/**
 * Runs something; of the CPU time that this process took for it, the share of the main thread. Work beside the main thread makes it
 * small on any machine, however busy that is.
 */
export async function shareOfMainThread<T>(
  run: () => Promise<T>,
): Promise<{ readonly result: T; readonly share: number }> {
  const [all, main] = [process.cpuUsage(), process.threadCpuUsage()];
  const result = await run();
  const [allAfter, mainAfter] = [process.cpuUsage(all), process.threadCpuUsage(main)];
  return { result, share: (mainAfter.user + mainAfter.system) / (allAfter.user + allAfter.system) };
}

/** Puts the objects, `undefined` deletes one; keys without their `targets/`. */
export async function publish(
  store: ObjectStore,
  objects: Readonly<Record<string, string | Uint8Array | undefined>>,
): Promise<void> {
  for (const [key, content] of Object.entries(objects)) {
    const body = typeof content === 'string' ? Buffer.from(content) : content;
    if (body === undefined) await store.delete(`targets/${key}`);
    else await store.put(`targets/${key}`, body, { condition: 'any' });
  }
}

/** A folder that was mirrored once from a store which notes what is read from now on. */
export async function syncedWorld(objects: Readonly<Record<string, string>>): Promise<SyncedWorld> {
  const memory = createMemoryStore();
  await publish(memory, objects);
  const path = await makeFolder();
  const folder = await openTestFolder(path);
  const first = await round(memory, folder);
  return { memory, ...watchStore(memory), path, folder, first };
}

/** Jobs api and web, mirrored once, from a store that notes what is read from now on. */
export async function twoJobs(api: Objects = fileOf('api/consul-0', 3, ['a:1', 'a:2'])) {
  const memory = createMemoryStore();
  await fill(memory, api, fileOf('web/dns-0', 1, ['w:1']));
  const path = await makeFolder();
  const folder = await openTestFolder(path);
  await round(memory, folder);
  const files = async () => Object.keys(await visibleFiles(path)).sort();
  return { memory, ...watchStore(memory), path, folder, files };
}

export interface SyncedWorld {
  readonly memory: ObjectStore;
  /** The same store, watched. */
  readonly store: ObjectStore;
  readonly reads: readonly string[];
  readonly path: string;
  readonly folder: TargetFolder;
  readonly first: Round;
}

/** All files below the folder but the mirror's own, by path. */
export async function visibleFiles(path: string): Promise<Record<string, string>> {
  const files: Record<string, string> = {};
  for (const entry of await readdir(path, { withFileTypes: true, recursive: true })) {
    const full = join(entry.parentPath, entry.name);
    const below = full.slice(path.length + 1);
    if (entry.isFile() && !below.startsWith('.muster')) files[below] = await readFile(full, 'utf8');
  }
  return files;
}

/** Names of temporary files that were left behind. */
export function temporaries(path: string): Promise<readonly string[]> {
  return readdir(join(path, '.muster/tmp'));
}

/** A round as its words: what changed, what was rejected why, what failed. */
export function summary({ changes, rejections, errors }: Round): {
  changes: readonly string[];
  rejections: readonly string[];
  errors: readonly string[];
} {
  return {
    changes: changes.map(({ path, change }) => `${change} ${path}`),
    rejections: rejections.map(({ reason, key }) => `${reason} ${key}`),
    errors: errors.map(({ kind }) => kind),
  };
}

/** The summary of a round in which nothing went wrong. */
export function changed(...changes: readonly string[]): ReturnType<typeof summary> {
  return { changes, rejections: [], errors: [] };
}

/** A file_sd text with one group for each address. */
export function targets(...addresses: readonly string[]): string {
  const groups = addresses.map((address) => JSON.stringify({ targets: [address], labels: { from: 'test' } }));
  return groups.length === 0 ? '[]\n' : `[\n${groups.join(',\n')}\n]\n`;
}
