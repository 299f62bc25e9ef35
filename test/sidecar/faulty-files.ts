import { disk, type FileSystem, type OpenFile } from '../../lib/sidecar/mirror/files.ts';

/** An operation of the disk, as it is about to be done. */
export interface Operation {
  readonly name: keyof FileSystem | keyof OpenFile;
  readonly path: string;
  /** Writes half of the bytes, where the operation is a write. */
  readonly half?: () => Promise<void>;
}

/** The real disk, with a word before each operation: throwing there fails it. */
export function interceptedFiles(before: (operation: Operation) => void | Promise<void>): FileSystem {
  const told =
    <Rest extends readonly unknown[], T>(
      name: keyof FileSystem,
      run: (path: string, ...rest: Rest) => Promise<T>,
    ) =>
    async (path: string, ...rest: Rest): Promise<T> => {
      await before({ name, path });
      return run(path, ...rest);
    };
  return {
    facts: told('facts', disk.facts),
    names: told('names', disk.names),
    read: told('read', disk.read),
    readPieces: told('readPieces', disk.readPieces),
    makeFolder: told('makeFolder', disk.makeFolder),
    create: told('create', async (path) => interceptedFile(path, await disk.create(path), before)),
    rename: told('rename', disk.rename),
    remove: told('remove', disk.remove),
    syncFolder: told('syncFolder', disk.syncFolder),
  };
}

/** Operations that change the disk; the others can fail too, but leave nothing behind. */
export const changing: ReadonlySet<Operation['name']> = new Set([
  'makeFolder',
  'create',
  'write',
  'sync',
  'close',
  'rename',
  'remove',
  'syncFolder',
]);

/** An error as the system call would give it. */
export function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: injected`), { code });
}

function interceptedFile(
  path: string,
  file: OpenFile,
  before: (operation: Operation) => void | Promise<void>,
): OpenFile {
  return {
    async write(bytes) {
      await before({ name: 'write', path, half: () => file.write(bytes.subarray(0, bytes.length / 2)) });
      await file.write(bytes);
    },
    async sync() {
      await before({ name: 'sync', path });
      await file.sync();
    },
    async close() {
      // A file that cannot be closed is closed all the same, as on Linux.
      await file.close();
      await before({ name: 'close', path });
    },
  };
}
