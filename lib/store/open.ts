import { fileURLToPath } from 'node:url';
import { MusterError } from '../errors.ts';
import { createFileStore } from './file.ts';
import { isKey } from './key.ts';
import { createS3Store, type S3StoreOptions } from './s3.ts';
import type { ObjectStore } from './store.ts';

/** The `store` of the configuration. What stands here wins over the same in the URL's query. */
export interface StoreSpec {
  /** `s3://bucket/prefix`, `file:///folder`, or the path of a folder. */
  readonly url: string;
  readonly endpoint?: string;
  readonly region?: string;
  readonly force_path_style?: boolean;
}

/**
 * Opens the store that a URL or a configuration names; nothing is called yet. An `s3:` URL may carry `endpoint`,
 * `region` and `force_path_style` in its query. Throws (kind `config`) when it can be no store.
 */
export function openStore(spec: string | StoreSpec): ObjectStore {
  const { url, ...settings } = typeof spec === 'string' ? { url: spec } : spec;
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(url)?.[1]?.toLowerCase();
  if (scheme === 's3') return createS3Store(readS3(url, settings));
  const extra = Object.entries(settings).find(([, value]) => value !== undefined);
  if (extra) throw bad(`${extra[0]} is for a store in S3, s3://bucket/prefix`);
  if (scheme === 'file') return createFileStore(readFolder(url));
  if (scheme !== undefined) throw bad(`${scheme}: is not known; ${forms}`);
  if (url === '') throw bad(`its url is empty; ${forms}`);
  return createFileStore(url);
}

const forms = 'use s3://bucket/prefix, file:///folder, or the path of a folder';

/** Not by the URL class, which mends what it takes for a host name or a path. */
const s3Url = /^s3:\/\/(?<bucket>[^/?#]*)\/*(?<prefix>[^?#]*?)\/*(?:\?(?<query>[^#]*))?$/i;

function readS3(text: string, settings: Omit<StoreSpec, 'url'>): S3StoreOptions {
  const { bucket = '', prefix = '', query = '' } = s3Url.exec(text)?.groups ?? {};
  if (bucket.includes('@')) {
    throw bad('an s3 URL holds no credentials; give a role, a profile, or AWS_ACCESS_KEY_ID');
  }
  if (!/^[a-zA-Z0-9._-]{3,255}$/.test(bucket)) throw bad('s3:// is followed by the name of a bucket');
  if (prefix !== '' && !isKey(prefix))
    throw bad('the prefix is made of non-empty segments other than "." and ".."');
  const { endpoint, region, force_path_style: forcePathStyle } = { ...readQuery(query), ...settings };
  return {
    bucket,
    prefix,
    ...(endpoint !== undefined && { endpoint: checkEndpoint(endpoint) }),
    ...(region !== undefined && { region }),
    ...(forcePathStyle !== undefined && { forcePathStyle }),
  };
}

function readQuery(query: string): Omit<StoreSpec, 'url'> {
  const given = new Map(new URLSearchParams(query));
  const [endpoint, region, style] = ['endpoint', 'region', 'force_path_style'].map((name) => {
    const value = given.get(name);
    given.delete(name);
    return value;
  });
  const [unknown] = given.keys();
  if (unknown !== undefined) {
    throw bad(`query key ${JSON.stringify(unknown)} is not known; use endpoint, region or force_path_style`);
  }
  if (style !== undefined && style !== 'true' && style !== 'false') {
    throw bad('force_path_style is true or false');
  }
  return {
    ...(endpoint !== undefined && { endpoint }),
    ...(region !== undefined && { region }),
    ...(style !== undefined && { force_path_style: style === 'true' }),
  };
}

function checkEndpoint(endpoint: string): string {
  const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined;
  if (url?.protocol !== 'https:' && url?.protocol !== 'http:') throw bad('endpoint is an http or https URL');
  if (url.username !== '' || url.password !== '') {
    throw bad('endpoint holds no credentials; give a role, a profile, or AWS_ACCESS_KEY_ID');
  }
  return endpoint;
}

/** `file:folder` is relative, as is usual, though no URL by the standard. */
function readFolder(text: string): string {
  const rest = text.slice('file:'.length);
  if (/[?#]/.test(rest)) throw bad('a file URL has no query and no fragment');
  if (rest === '') throw bad(`its url is empty; ${forms}`);
  if (!rest.startsWith('/')) return rest;
  try {
    return fileURLToPath(text);
  } catch (cause) {
    throw bad('a file URL is file:///folder, without a host', cause);
  }
}

function bad(why: string, cause?: unknown): MusterError {
  return new MusterError('config', `store: ${why}`, { cause });
}
