import { MusterError, toMusterError } from '../base/errors.ts';
import { createFileStore } from './folder/store.ts';
import { openBucket } from './s3/store.ts';
import type { ObjectStore } from './store.ts';
import { parseStoreUrl, type StoreLocation } from './url.ts';

/** Opens the store that a URL or a configuration names; nothing is called yet. Throws kind `config` for no store's URL. */
export function openStore(where: string | StoreLocation): ObjectStore {
  const location = typeof where === 'string' ? parse(where) : where;
  return location.kind === 'file' ? createFileStore(location.folder) : openBucket(location);
}

function parse(url: string): StoreLocation {
  try {
    return parseStoreUrl(url);
  } catch (cause) {
    throw new MusterError('config', `store: ${toMusterError(cause).message}`, { cause });
  }
}
