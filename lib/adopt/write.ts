import { createHash } from 'node:crypto';
import type { Stats } from 'node:fs';
import { chmod, chown, mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import * as z from 'zod';
import { codeOf, MusterError } from '../base/errors.ts';
import type { Plan } from './plan.ts';

/** The record of an adoption. `muster adopt --undo` needs it. */
const record = z.object({
  schema: z.literal(1),
  /** The `muster.yml` that was written. */
  muster: z.string(),
  files: z.array(
    z.object({
      path: z.string(),
      /** Name of the file that holds the original. */
      original: z.string(),
      /** SHA-256 of the bytes before and after, in hexadecimal. */
      before: z.string(),
      after: z.string(),
    }),
  ),
});

/** The record of an adoption. */
export type AdoptionRecord = z.infer<typeof record>;

/** The folder with the originals of a configuration. */
export function keptFolder(location: string): string {
  const path = resolve(location);
  return join(dirname(path), '.muster', 'adopted', basename(path));
}

/** The record of this `prometheus.yml`; `undefined` if it was not adopted. Throws `malformed` and `storage`. */
export async function readRecord(location: string): Promise<AdoptionRecord | undefined> {
  const path = join(keptFolder(location), recordName);
  const text = await onDisk(`read ${path}`, () => ifExists(readFile(path)));
  if (text === undefined) return undefined;
  try {
    return record.parse(JSON.parse(text.toString()));
  } catch (cause) {
    throw new MusterError(
      'malformed',
      `${path} was not written by adopt: restore the originals beside it by hand`,
      {
        cause,
      },
    );
  }
}

const recordName = 'adopted.json';

/**
 * Writes `muster.yml` and its credential files. Throws `conflict` if a file with other content exists, and `storage`.
 */
export async function writeMuster(
  plan: Pick<Plan, 'muster' | 'credentials' | 'holdsSecrets'>,
  muster: string,
): Promise<void> {
  const files = [
    ...plan.credentials.map(({ path, secret }) => ({
      path: join(dirname(muster), path),
      text: secret,
      mode: 0o600,
    })),
    { path: muster, text: plan.muster, mode: plan.holdsSecrets ? 0o600 : 0o644 },
  ];
  for (const { path, text } of files) {
    const existing = await onDisk(`read ${path}`, () => ifExists(readFile(path)));
    if (existing !== undefined && !existing.equals(Buffer.from(text)))
      throw new MusterError(
        'conflict',
        `${path} exists and has other content: move it away, or name another file with --config`,
      );
  }
  for (const { path, text, mode } of files)
    await onDisk(`write ${path}`, async () => {
      await mkdir(dirname(path), { recursive: true, ...(path !== muster && { mode: 0o700 }) });
      await writeFile(path, text, { mode });
      if (mode === 0o600) await chmod(path, mode);
    });
}

/**
 * Keeps the originals byte for byte, then writes the new files of Prometheus. Throws `conflict` when it was adopted
 * already or a file has changed, `malformed` for a broken record of an adoption, and `storage`.
 */
export async function writeSources(
  { files }: Pick<Plan, 'files'>,
  location: string,
  muster: string,
): Promise<void> {
  const folder = keptFolder(location);
  if ((await readRecord(location)) !== undefined)
    throw new MusterError(
      'conflict',
      `${location} is adopted already: "muster adopt --undo ${location}" comes first`,
    );
  for (const { source } of files) {
    const now = await onDisk(`read ${source.path}`, () => readFile(source.path));
    if (!now.equals(source.bytes))
      throw new MusterError(
        'conflict',
        `${source.path} was changed since it was read: run the command again`,
      );
  }
  const written = files.map(({ source, after }, index) => ({
    path: source.path,
    original: `${index}-${basename(source.path)}`,
    bytes: source.bytes,
    next: Buffer.from(source.mark + after),
  }));
  const kept: AdoptionRecord = {
    schema: 1,
    muster,
    files: written.map(({ path, original, bytes, next }) => ({
      ...{ path, original, before: digestOf(bytes), after: digestOf(next) },
    })),
  };
  await onDisk(`keep the originals in ${folder}`, async () => {
    await mkdir(dirname(dirname(folder)), { recursive: true });
    await mkdir(folder, { recursive: true, mode: 0o700 });
    for (const { path, original, bytes } of written) {
      const { mode } = await stat(path);
      await writeFile(join(folder, original), bytes, { mode: mode & 0o777, flush: true });
    }
    await writeFile(join(folder, recordName), `${JSON.stringify(kept, undefined, 2)}\n`, { flush: true });
  });
  // prometheus.yml comes last: when the disk is full, it is still the old one.
  for (const { path, next } of written.toReversed()) await replaceFile(path, next, join(folder, 'new'));
}

/** The state of a file since its adoption. */
export interface FileState {
  readonly path: string;
  readonly state: 'adopted' | 'original' | 'edited' | 'gone';
}

/** The states of the adopted files. Throws `storage`. */
export async function statesOf({ files }: AdoptionRecord): Promise<readonly FileState[]> {
  const states: FileState[] = [];
  for (const { path, before, after } of files) {
    const bytes = await onDisk(`read ${path}`, () => ifExists(readFile(path)));
    const digest = bytes && digestOf(bytes);
    const state =
      digest === undefined
        ? 'gone'
        : digest === after
          ? 'adopted'
          : digest === before
            ? 'original'
            : 'edited';
    states.push({ path, state });
  }
  return states;
}

/** Restores the originals and forgets the adoption. Throws `malformed` when an original was changed, and `storage`. */
export async function restore(location: string, { files }: AdoptionRecord): Promise<void> {
  const folder = keptFolder(location);
  const originals = await Promise.all(
    files.map(async ({ path, original, before }) => {
      const kept = join(folder, original);
      const bytes = await onDisk(`read ${kept}`, () => readFile(kept));
      if (digestOf(bytes) !== before)
        throw new MusterError('malformed', `${kept} is no longer the original: nothing was restored`);
      return { path, bytes };
    }),
  );
  for (const { path, bytes } of originals.toReversed()) await replaceFile(path, bytes, join(folder, 'new'));
  await onDisk(`remove ${folder}`, () => rm(folder, { recursive: true }));
}

/**
 * Writes the new file to a temporary name and renames it over the old one, with its mode and owner. If a rename is
 * impossible, as for a file that is mounted into a container, writes the file in place; not when the disk is full.
 */
async function replaceFile(path: string, bytes: Uint8Array, temporary: string): Promise<void> {
  await onDisk(`write ${path}`, async () => {
    const old = await ifExists(stat(path));
    await writeFile(temporary, bytes, { flush: true, mode: 0o600 });
    try {
      if (old === undefined || old.nlink > 1 || !(await moveOver(temporary, path, old)))
        await writeFile(path, bytes, { flush: true });
    } finally {
      await rm(temporary, { force: true });
    }
  });
}

/** Renames the file over the old one, with its mode and owner; returns whether that was possible. */
async function moveOver(temporary: string, path: string, old: Stats): Promise<boolean> {
  try {
    await chown(temporary, old.uid, old.gid);
    await chmod(temporary, old.mode & 0o7777);
    await rename(temporary, path);
    return true;
  } catch (error) {
    if (['EBUSY', 'EXDEV', 'EPERM', 'EACCES'].includes(codeOf(error) ?? '')) return false;
    throw error;
  }
}

/** The result, or undefined if there is no such file. */
async function ifExists<T>(operation: Promise<T>): Promise<T | undefined> {
  try {
    return await operation;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

async function onDisk<T>(what: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (cause) {
    if (cause instanceof MusterError) throw cause;
    throw new MusterError('storage', `cannot ${what} (${codeOf(cause) ?? 'unknown error'})`, { cause });
  }
}

function digestOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
