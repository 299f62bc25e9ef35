import { join } from 'node:path';
import { diskError } from '../../base/disk-errors.ts';
import { MusterError } from '../../base/errors.ts';
import type { Logger } from '../../base/logger.ts';
import type { ObjectStore } from '../../store/store.ts';
import { disk, type FileSystem } from './files.ts';
import { openFolder, stateFile, type TargetFolder } from './folder.ts';
import { createHealth, type Health } from './health.ts';
import { createRoundRequests, type RoundRequests } from './loop.ts';
import type { Shard } from './shard.ts';

/** A store to mirror, and the name of its sub-folder. */
export interface SyncSource {
  /** Sub-folder of the target folder; empty for the target folder itself. */
  readonly name: string;
  /** The caller closes it. */
  readonly store: ObjectStore;
}

/** A store with the folder that it is mirrored into, and the mirror's health. */
export interface MirroredSource extends SyncSource {
  readonly folder: TargetFolder;
  readonly health: Health;
  readonly requests: RoundRequests;
  readonly log: Logger;
}

/** The stores to mirror, and the folder for them. */
export interface OpenSourcesOptions {
  readonly sources: readonly SyncSource[];
  readonly to: string;
  readonly shard?: Shard | undefined;
  readonly files?: FileSystem | undefined;
  readonly log: Logger;
  /** Milliseconds; see `createHealth`. */
  readonly staleAfter: number;
}

/**
 * Opens the folder of each source: `to` itself for a source without a name, else its sub-folder. Throws `config` when a
 * name is missing, malformed or used twice, and what `openFolder` throws; then no folder is left open.
 */
export async function openSources(options: OpenSourcesOptions): Promise<readonly MirroredSource[]> {
  const { sources, to, shard, files = disk, staleAfter } = options;
  checkNames(sources.map(({ name }) => name));
  const opened: MirroredSource[] = [];
  try {
    for (const source of sources) {
      const { name } = source;
      const log = name === '' ? options.log : options.log.with({ source: name });
      if (name !== '') await makeFolder(to, files);
      const folder = await openFolder(name === '' ? to : join(to, name), files, shard);
      opened.push({
        ...source,
        folder,
        log,
        health: createHealth({ staleAfter }),
        requests: createRoundRequests(),
      });
      if (folder.warning !== undefined) log.warn(folder.warning);
    }
    if (sources.some(({ name }) => name !== '')) await warnOfUnnamed(to, files, options.log);
    return opened;
  } catch (error) {
    closeSources(opened);
    throw error;
  }
}

/** Files of a mirror without a name are not removed: Prometheus reads them until its configuration names the folders. */
async function warnOfUnnamed(to: string, files: FileSystem, log: Logger): Promise<void> {
  if ((await files.facts(join(to, stateFile))) === undefined) return;
  log.warn(
    `${to} has files from a mirror without a source name, which are no longer updated: when Prometheus reads ${to}/<name>/<job>, remove the old job folders and ${to}/.muster`,
  );
}

/** Releases the locks of all folders. */
export function closeSources(sources: readonly MirroredSource[]): void {
  for (const { folder } of sources) folder.close();
}

/** Only lower case, since some file systems have one folder for names that differ in case. */
const nameForm = /^[a-z0-9][a-z0-9_-]{0,62}$/;

function checkNames(names: readonly string[]): void {
  if (names.length > 1 && names.includes(''))
    throw bad('several stores need a name each, for their sub-folders, as in eu=s3://bucket');
  const odd = names.find((name) => name !== '' && !nameForm.test(name));
  if (odd !== undefined)
    throw bad(
      `${JSON.stringify(odd)} is not a name for a store: use lower-case letters, digits, - and _, 63 at most`,
    );
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw bad(`two stores are named ${twice}; each needs a name of its own`);
}

function bad(message: string): MusterError {
  return new MusterError('config', message);
}

async function makeFolder(path: string, files: FileSystem): Promise<void> {
  try {
    await files.makeFolder(path);
  } catch (error) {
    throw diskError(`use the folder ${path}`, error);
  }
}
