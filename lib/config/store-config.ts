import { resolve } from 'node:path';
import * as z from 'zod';
import { bool, leaf, text, unlessEmpty, url } from './fields.ts';
import type { StoreConfig } from './muster-config.ts';
import { scalarText } from './scalar.ts';
import { rule, section } from './section.ts';

/** Where the store is when the file does not say it. */
const defaultStore = '.muster/store';

/**
 * `store`: a URL alone, or a mapping of `url` and the options of the S3 client. The URL is `s3://bucket/prefix`,
 * `file:folder`, or a plain folder; folders are relative to `directory`.
 */
export function storeConfig(directory: string): z.ZodType<StoreConfig> {
  const location = leaf('s3://bucket/prefix, file:folder or a folder', (source) =>
    parseLocation(source, directory),
  );
  const alone = location.transform((where): StoreConfig => {
    return where.kind === 's3' ? { ...where, force_path_style: false } : where;
  });
  const withOptions = section({
    url: location.prefault(defaultStore),
    endpoint: unlessEmpty(url()),
    region: text(''),
    force_path_style: bool(false),
  })
    .check(
      rule(['endpoint', 'url'], (store) => onlyS3(store, store.endpoint !== undefined)),
      rule(['region', 'url'], (store) => onlyS3(store, store.region !== '')),
      rule(['force_path_style', 'url'], (store) => onlyS3(store, store.force_path_style)),
    )
    .transform(({ url: where, endpoint, region, force_path_style }): StoreConfig => {
      if (where.kind === 'file') return where;
      return { ...where, ...(endpoint && { endpoint }), ...(region && { region }), force_path_style };
    });
  return z
    .unknown()
    .transform((input, context) => {
      const parsed = (scalarText(input) === undefined ? withOptions : alone).safeParse(input);
      if (parsed.success) return parsed.data;
      context.issues.push(...parsed.error.issues.map((issue) => ({ ...issue, input: undefined })));
      return z.NEVER;
    })
    .prefault(defaultStore);
}

type Location =
  | { readonly kind: 'file'; readonly folder: string }
  | { readonly kind: 's3'; readonly bucket: string; readonly prefix: string };

function parseLocation(source: string, directory: string): Location | undefined {
  if (source.startsWith('s3:')) return parseS3(source);
  const path = source.replace(/^file:(?:\/\/(?=\/))?/, '');
  // What is left of another scheme, or of a file URL that names a host, is no folder.
  if (path === '' || path.includes('\0') || path.startsWith('//') || /^[a-z][a-z0-9+.-]+:/i.test(path))
    return undefined;
  return { kind: 'file', folder: resolve(directory, path) };
}

/** Source of the bucket's alphabet: Amazon S3 user guide, bucket naming rules. */
function parseS3(source: string): Location | undefined {
  const parts = /^s3:\/\/(?<bucket>[a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:\/(?<prefix>.*))?$/.exec(
    source,
  )?.groups;
  if (parts?.bucket === undefined) return undefined;
  const prefix = (parts.prefix ?? '').replace(/^\/+|\/+$/g, '');
  if (prefix !== '' && prefix.split('/').some((segment) => ['', '.', '..'].includes(segment)))
    return undefined;
  return { kind: 's3', bucket: parts.bucket, prefix };
}

function onlyS3(store: { readonly url: Location }, configured: boolean): string | undefined {
  return configured && store.url.kind !== 's3' ? 'is for s3:// stores only' : undefined;
}
