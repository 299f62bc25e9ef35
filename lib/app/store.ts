import type { StoreConfig } from '../config/muster-config.ts';
import { MusterError } from '../errors.ts';
import { createFileStore } from '../store/file.ts';
import { createS3Store } from '../store/s3.ts';
import type { ObjectStore } from '../store/store.ts';

/** The store of a configuration; nothing is called yet. */
export function openConfiguredStore(config: StoreConfig): ObjectStore {
  if (config.kind === 'file') return createFileStore(config.folder);
  const { bucket, prefix, endpoint, region, force_path_style } = config;
  return createS3Store({
    bucket,
    prefix,
    ...(endpoint !== undefined && { endpoint: endpoint.href }),
    ...(region !== undefined && { region }),
    ...(force_path_style && { forcePathStyle: true }),
  });
}

/** Reads the text behind an `s3://bucket/key` URL. Throws kind `config`, `not-found`, or what the store throws. */
export async function readS3Text(url: string): Promise<string> {
  const [, bucket = '', key = ''] = /^s3:\/\/([^/]+)\/(.+)$/.exec(url) ?? [];
  if (key === '') throw new MusterError('config', `${url}: a configuration is read from s3://bucket/key`);
  const store = createS3Store({ bucket, prefix: '' });
  try {
    const found = await store.get(key, { maxBytes: 4 << 20 });
    if (found === undefined || found === 'unchanged')
      throw new MusterError('not-found', `${url}: there is no such object`);
    return new TextDecoder('utf-8', { fatal: true }).decode(found.body);
  } finally {
    await store.close();
  }
}
