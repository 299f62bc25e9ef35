import * as z from 'zod';
import { isMusterError } from '../base/errors.ts';
import { parseStoreUrl, type StoreLocation } from '../store/url.ts';
import { bool, scalarText, text, unlessEmpty, url } from './fields.ts';
import { expected } from './problem.ts';
import { rule, section } from './section.ts';
import { scalarShape, withShape } from './shape.ts';

/** Where the store is when the file does not say it. */
const defaultStore = '.muster/store';

/**
 * `store`: a URL alone, or a mapping of `url` and the options of the S3 client, which win over those in the URL's
 * query. Folders are relative to `directory`.
 */
export function storeConfig(directory: string): z.ZodType<StoreLocation> {
  const location = storeUrl(directory);
  const withOptions = section({
    url: location.prefault(defaultStore),
    endpoint: unlessEmpty(url()),
    region: text(''),
    force_path_style: bool().optional(),
  })
    .check(
      rule(['endpoint', 'url'], (store) => onlyS3(store, store.endpoint !== undefined)),
      rule(['region', 'url'], (store) => onlyS3(store, store.region !== '')),
      rule(['force_path_style', 'url'], (store) => onlyS3(store, store.force_path_style !== undefined)),
    )
    .transform(({ url: where, endpoint, region, force_path_style }): StoreLocation => {
      if (where.kind === 'file') return where;
      return {
        ...where,
        ...(endpoint && { endpoint: endpoint.href }),
        ...(region && { region }),
        force_path_style,
      };
    });
  return withShape(z.unknown(), { reads: [location, withOptions] })
    .transform((input, context) => {
      const parsed = (scalarText(input) === undefined ? withOptions : location).safeParse(input);
      if (parsed.success) return parsed.data;
      context.issues.push(...parsed.error.issues.map((issue) => ({ ...issue, input: undefined })));
      return z.NEVER;
    })
    .prefault(defaultStore);
}

const storeForms = 's3://bucket/prefix, file:///folder or a folder';

function storeUrl(directory: string): z.ZodType<StoreLocation> {
  return withShape(z.unknown(), { what: storeForms, json: scalarShape }).transform((input, context) => {
    const source = scalarText(input);
    try {
      if (source !== undefined) return parseStoreUrl(source, directory);
      context.addIssue({
        code: 'custom',
        message: expected(storeForms, input),
      });
    } catch (error) {
      if (!isMusterError(error, 'config')) throw error;
      context.addIssue({ code: 'custom', message: error.message });
    }
    return z.NEVER;
  });
}

function onlyS3(store: { readonly url: StoreLocation }, configured: boolean): string | undefined {
  return configured && store.url.kind !== 's3' ? 'is for s3:// stores only' : undefined;
}
