import { MusterError } from '../errors.ts';
import { openStore } from '../store/open.ts';
import type { ObjectLocation, S3Location } from '../store/url.ts';

/** Reads the text of an object. Throws kind `not-found`, `malformed`, or what the store throws. */
export async function readObjectText(url: string, { bucket, key }: ObjectLocation): Promise<string> {
  const store = openStore(bucket);
  try {
    const found = await store.get(key, { maxBytes: 4 << 20 });
    if (found === undefined || found === 'unchanged')
      throw new MusterError('not-found', `${url}: there is no such object`);
    return new TextDecoder('utf-8', { fatal: true }).decode(found.body);
  } catch (error) {
    if (error instanceof TypeError)
      throw new MusterError('malformed', `${url} is not UTF-8 text`, { cause: error });
    throw error;
  } finally {
    await store.close();
  }
}

/** The keys below a folder of a bucket, which ends with `/` or is empty. Throws what the store throws. */
export async function listObjectKeys(bucket: S3Location, folder: string): Promise<readonly string[]> {
  const store = openStore(bucket);
  try {
    return (await store.list(folder)).map(({ key }) => key);
  } finally {
    await store.close();
  }
}
