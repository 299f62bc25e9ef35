import { resolve } from 'node:path';
import { MusterError } from '../base/errors.ts';
import { isKey } from './store.ts';

/** Where a store is, and for one in S3 what its client has to know beside the environment. */
export type StoreLocation = { readonly kind: 'file' /** Absolute. */; readonly folder: string } | S3Location;

/** A bucket of S3, or of another store that speaks its protocol. */
export interface S3Location {
  readonly kind: 's3';
  readonly bucket: string;
  /** Without slashes at its ends; empty for the whole bucket. */
  readonly prefix: string;
  /** URL of another S3 than Amazon's. */
  readonly endpoint?: string | undefined;
  readonly region?: string | undefined;
  /** Bucket in the path instead of the host name. Default: where the endpoint is an IP address or localhost. */
  readonly force_path_style?: boolean | undefined;
}

/**
 * The only parser of a store's URL: of `store` in `muster.yml`, of `--from`, `--store` and `MUSTER_STORE`. It takes
 * `s3://bucket/prefix`, `file:///folder`, `file:folder`, or the path of a folder; what is relative starts from
 * `directory`. A `file:` URL is percent-decoded. A prefix is not, since S3 takes a key as it stands. An `s3:` URL may
 * carry `endpoint`, `region` and `force_path_style` in its query. Throws kind `config`, and never quotes the URL, which
 * may hold a misplaced secret.
 */
export function parseStoreUrl(url: string, directory = '.'): StoreLocation {
  if (url.trim() === '') throw bad(`is empty; ${forms}`);
  if (url.trim() !== url) throw bad('begins or ends with a blank');
  if (/\p{Cc}/u.test(url)) throw bad('holds a control character');
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(url)?.[1]?.toLowerCase();
  if (scheme === 's3') return readS3(url);
  if (scheme === 'file') return { kind: 'file', folder: resolve(directory, readFileUrl(url)) };
  if (scheme !== undefined) throw bad(`has the scheme ${scheme}:, which is not known; ${forms}`);
  if (url.startsWith('//')) throw bad(`names a host without a scheme; ${forms}`);
  return { kind: 'file', folder: resolve(directory, url) };
}

/** An object in S3: its key, and the bucket that it lies in. */
export interface ObjectLocation {
  readonly bucket: S3Location;
  readonly key: string;
}

/**
 * The same for the URL of one file, as of a configuration: an object in a bucket, or the absolute path of a file.
 * Throws kind `config`.
 */
export function parseFileUrl(url: string, directory = '.'): ObjectLocation | { readonly path: string } {
  const location = parseStoreUrl(url, directory);
  if (location.kind === 'file') return { path: location.folder };
  if (location.prefix === '' || url.replace(/\?.*$/s, '').endsWith('/'))
    throw bad('names no object; write s3://bucket/key');
  return { bucket: { ...location, prefix: '' }, key: location.prefix };
}

/** The location as a URL, for messages; without the query. */
export function s3Url({ bucket, prefix }: Pick<S3Location, 'bucket' | 'prefix'>): string {
  return `s3://${bucket}${prefix && `/${prefix}`}`;
}

const forms = 'use s3://bucket/prefix, file:///folder, or the path of a folder';

/** Not by the URL class, which mends what it takes for a host name or a path. */
const s3Form = /^s3:\/\/(?<bucket>[^/?#]*)\/*(?<prefix>[^?#]*?)\/*(?:\?(?<query>[^#]*))?(?<fragment>#.*)?$/is;

/**
 * Wider than what S3 lets one create today, since buckets from before 2018 have capitals, underscores and up to 255
 * characters, as have those of other stores. Source: Amazon S3 user guide, bucket naming rules.
 */
const bucketForm = /^[a-zA-Z0-9](?:[a-zA-Z0-9_-]|\.(?!\.)){1,253}[a-zA-Z0-9]$/;

function readS3(url: string): S3Location {
  const { bucket = '', prefix = '', query = '', fragment } = s3Form.exec(url)?.groups ?? {};
  if (bucket.includes('@'))
    throw bad('holds credentials; give a role, a profile, or AWS_ACCESS_KEY_ID instead');
  if (!bucketForm.test(bucket)) throw bad('has no name of a bucket behind s3://');
  if (fragment !== undefined) throw bad('has a fragment (#), which means nothing here');
  if (prefix !== '' && !isKey(prefix))
    throw bad('has a prefix that is not made of non-empty segments other than "." and ".."');
  return { kind: 's3', bucket, prefix, ...readQuery(query) };
}

type Settings = Pick<S3Location, 'endpoint' | 'region' | 'force_path_style'>;

function readQuery(query: string): Settings {
  let settings: Settings = {};
  const seen = new Set<string>();
  for (const [name, value] of new URLSearchParams(query)) {
    if (seen.has(name)) throw bad(`says ${name} twice`);
    seen.add(name);
    settings = { ...settings, ...readSetting(name, value) };
  }
  return settings;
}

function readSetting(name: string, value: string): Settings {
  switch (name) {
    case 'endpoint':
      return { endpoint: readEndpoint(value) };
    case 'region':
      if (value === '') throw bad('has an empty region');
      return { region: value };
    case 'force_path_style':
      if (value !== 'true' && value !== 'false')
        throw bad('has a force_path_style other than true and false');
      return { force_path_style: value === 'true' };
    default:
      throw bad(
        `has the query key ${JSON.stringify(name)}, which is not known; use endpoint, region or force_path_style`,
      );
  }
}

function readEndpoint(text: string): string {
  const url = URL.parse(text);
  if (url?.protocol !== 'https:' && url?.protocol !== 'http:')
    throw bad('has an endpoint that is no http or https URL');
  if (url.username !== '' || url.password !== '')
    throw bad('holds credentials; give a role, a profile, or AWS_ACCESS_KEY_ID instead');
  return url.href;
}

/** `file:folder` is relative, as is usual, though no URL by the standard. */
function readFileUrl(url: string): string {
  const rest = url.slice('file:'.length);
  if (/[?#]/.test(rest)) throw bad('has a query or a fragment; write a ? of the path as %3F, a # as %23');
  const { host = '', path = '' } = /^(?:\/\/(?<host>[^/]*))?(?<path>.*)$/s.exec(rest)?.groups ?? {};
  if (host !== '' && host.toLowerCase() !== 'localhost') throw bad('names a host; write file:///folder');
  if (path === '') throw bad(`is empty; ${forms}`);
  if (/%2f/i.test(path)) throw bad('has a slash written as %2F, which no name of a folder can hold');
  const decoded = percentDecoded(path);
  if (/\p{Cc}/u.test(decoded)) throw bad('holds a control character');
  return decoded;
}

function percentDecoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch (cause) {
    throw bad('has a % without two hex digits of UTF-8 behind it; write a % of the path as %25', cause);
  }
}

function bad(why: string, cause?: unknown): MusterError {
  return new MusterError('config', `the URL ${why}`, { cause });
}
