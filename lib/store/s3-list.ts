import { MusterError } from '../errors.ts';
import { compareKeys, isKey } from './key.ts';
import type { S3Session, S3Tools } from './s3-session.ts';
import type { ListedObject, ListOptions } from './store.ts';

/**
 * All objects below the prefix, page by page, by key. A listing whose end cannot be told is an error (kind `storage`):
 * one that only looks whole would make its readers delete what it leaves out. Names that are no keys, as the
 * `folder/` that consoles make, are left out.
 */
export function listObjects(
  session: S3Session,
  prefix: string,
  { signal, onForeign }: ListOptions,
): Promise<readonly ListedObject[]> {
  return session.call('s3:ListBucket', prefix, signal, async (tools) => {
    const listed: ListedObject[] = [];
    const tokens = new Set<string>();
    let token: string | undefined;
    do {
      if (token !== undefined) tokens.add(token);
      const page = await listPage(session, tools, { prefix, token, onForeign });
      listed.push(...page.objects);
      token = page.next;
      if (token !== undefined && tokens.has(token)) {
        throw unusable(session.url, prefix, 'a continuation token comes twice');
      }
    } while (token !== undefined);
    return listed.sort((left, right) => compareKeys(left.key, right.key));
  });
}

interface PageRequest {
  readonly onForeign: ((name: string) => void) | undefined;
  readonly prefix: string;
  readonly token: string | undefined;
}

async function listPage(
  { url, bucket, base }: S3Session,
  { sdk, client, sending }: S3Tools,
  { prefix, token, onForeign }: PageRequest,
): Promise<{ readonly objects: readonly ListedObject[]; readonly next: string | undefined }> {
  const command = new sdk.ListObjectsV2Command({
    Bucket: bucket,
    Prefix: `${base}${prefix}`,
    // XML cannot hold every character that a key can.
    EncodingType: 'url',
    ...(token !== undefined && { ContinuationToken: token }),
  });
  const { Contents, EncodingType, IsTruncated, NextContinuationToken } = await client.send(command, sending);
  // Every S3 says this; an answer that does not came from something else and only looks empty.
  if (IsTruncated === undefined) throw unusable(url, prefix, 'the answer is no S3 listing');
  if (IsTruncated && !NextContinuationToken) {
    throw unusable(url, prefix, 'a page says that there is more, but not where');
  }
  const objects: ListedObject[] = [];
  for (const { Key = '', ETag, Size, LastModified } of Contents ?? []) {
    const name = EncodingType === 'url' ? decode(Key) : Key;
    const key = name.startsWith(base) ? name.slice(base.length) : name;
    if (!name.startsWith(`${base}${prefix}`) || !isKey(key)) {
      if (!isMarker(name, Size)) onForeign?.(key);
      continue;
    }
    if (ETag === undefined || Size === undefined || LastModified === undefined)
      throw unusable(url, prefix, `${key} has no etag, size or time`);
    objects.push({ key, etag: ETag, size: Size, modified: LastModified.getTime() });
  }
  return { objects, next: IsTruncated ? NextContinuationToken : undefined };
}

/** The empty `folder/` that consoles make. */
function isMarker(name: string, size: number | undefined): boolean {
  return name.endsWith('/') && size === 0;
}

/** S3 encodes as forms do: a blank is a plus. */
function decode(name: string): string {
  try {
    return decodeURIComponent(name.replaceAll('+', ' '));
  } catch {
    // Not UTF-8, so not a key of ours.
    return name;
  }
}

function unusable(url: string, prefix: string, why: string): MusterError {
  return new MusterError('storage', `${url}: the listing of ${prefix || 'all keys'} is unusable: ${why}`);
}
