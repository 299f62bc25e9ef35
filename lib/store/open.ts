import { MusterError, toMusterError } from '../base/errors.ts';
import type { ObjectStore } from './store.ts';
import { parseStoreUrl, type StoreLocation } from './url.ts';

/**
 * Opens the store that a URL or a configuration names, and loads only that kind of store; no request is sent yet. Throws
 * kind `config` for a URL that names no store.
 */
export async function openStore(where: string | StoreLocation): Promise<ObjectStore> {
  const location = typeof where === 'string' ? parse(where) : where;
  if (location.kind === 'file') return (await import('./folder/store.ts')).createFileStore(location.folder);
  const { bucket, prefix, endpoint, region, force_path_style: forcePathStyle } = location;
  const { createS3Store } = await import('./s3/store.ts');
  return createS3Store({ bucket, prefix, endpoint, region, forcePathStyle });
}

function parse(url: string): StoreLocation {
  try {
    return parseStoreUrl(url);
  } catch (cause) {
    throw new MusterError('config', `store: ${toMusterError(cause).message}`, { cause });
  }
}
