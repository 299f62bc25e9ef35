import { MusterError, toMusterError } from '../base/errors.ts';
import { createFileStore } from './folder/store.ts';
import { createS3Store } from './s3/store.ts';
import type { ObjectStore } from './store.ts';
import { parseStoreUrl, type StoreLocation } from './url.ts';

/** Opens the store that a URL or a configuration names; nothing is called yet. Throws kind `config` for no store's URL. */
export function openStore(where: string | StoreLocation): ObjectStore {
  const location = typeof where === 'string' ? parse(where) : where;
  if (location.kind === 'file') return createFileStore(location.folder);
  const { bucket, prefix, endpoint, region, force_path_style: forcePathStyle } = location;
  return createS3Store({ bucket, prefix, endpoint, region, forcePathStyle });
}

function parse(url: string): StoreLocation {
  try {
    return parseStoreUrl(url);
  } catch (cause) {
    throw new MusterError('config', `store: ${toMusterError(cause).message}`, { cause });
  }
}
