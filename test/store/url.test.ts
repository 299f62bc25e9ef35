import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { isMusterError } from '../../lib/base/errors.ts';
import { storeConfig } from '../../lib/config/document.ts';
import { openStore } from '../../lib/store/open.ts';
import { parseFileUrl, parseStoreUrl } from '../../lib/store/url.ts';
import { tree } from '../config/parsing.ts';
import { draws } from '../support/counts.ts';

describe('a store’s URL', () => {
  test.each<[string, ReturnType<typeof parseStoreUrl>]>([
    ['s3://bucket', { kind: 's3', bucket: 'bucket', prefix: '' }],
    ['S3://bucket//a/b//', { kind: 's3', bucket: 'bucket', prefix: 'a/b' }],
    ['s3://My_Bucket/a%20b', { kind: 's3', bucket: 'My_Bucket', prefix: 'a%20b' }],
    ['s3://b-1/p?region=eu-west-1', { kind: 's3', bucket: 'b-1', prefix: 'p', region: 'eu-west-1' }],
    [
      's3://bucket?endpoint=http://127.0.0.1:9000&force_path_style=true',
      {
        kind: 's3',
        bucket: 'bucket',
        prefix: '',
        endpoint: 'http://127.0.0.1:9000/',
        force_path_style: true,
      },
    ],
    ['file:///x/st%20ore', { kind: 'file', folder: '/x/st ore' }],
    ['file://localhost/x', { kind: 'file', folder: '/x' }],
    ['file:/x', { kind: 'file', folder: '/x' }],
    ['file:x%25', { kind: 'file', folder: '/etc/muster/x%' }],
    ['file:../x', { kind: 'file', folder: '/etc/x' }],
    ['/x/st%20ore', { kind: 'file', folder: '/x/st%20ore' }],
    ['x?y#z', { kind: 'file', folder: '/etc/muster/x?y#z' }],
    ['./a:b', { kind: 'file', folder: '/etc/muster/a:b' }],
  ])('%s', (url, location) => {
    expect(parseStoreUrl(url, '/etc/muster')).toEqual(location);
  });

  test.each([
    ['', 'is empty'],
    ['  ', 'is empty'],
    [' s3://bucket', 'begins or ends with a blank'],
    ['s3://bucket\n', 'begins or ends with a blank'],
    ['a\0b', 'holds a control character'],
    ['file:///a%00b', 'holds a control character'],
    ['file:///a%2Fb', 'has a slash written as %2F'],
    ['file:///a%zz', 'has a % without two hex digits'],
    ['file:', 'is empty'],
    ['file://', 'is empty'],
    ['file://host/x', 'names a host; write file:///folder'],
    ['file:///x?y', 'has a query or a fragment'],
    ['file:x#y', 'has a query or a fragment'],
    ['//host/x', 'names a host without a scheme'],
    ['gs://bucket', 'has the scheme gs:, which is not known'],
    ['s3:bucket', 'has no name of a bucket'],
    ['s3://', 'has no name of a bucket'],
    ['s3://b', 'has no name of a bucket'],
    ['s3://-bucket', 'has no name of a bucket'],
    ['s3://a..b', 'has no name of a bucket'],
    ['s3://key:canary@bucket', 'holds credentials'],
    ['s3://bucket/p#x', 'has a fragment'],
    ['s3://bucket/a//b', 'has a prefix that is not'],
    ['s3://bucket/a/../b', 'has a prefix that is not'],
    ['s3://bucket?regoin=x', 'has the query key "regoin", which is not known'],
    ['s3://bucket?region=a&region=b', 'says region twice'],
    ['s3://bucket?region=', 'has an empty region'],
    ['s3://bucket?force_path_style=yes', 'has a force_path_style other than true and false'],
    ['s3://bucket?endpoint=minio:9000', 'has an endpoint that is no http or https URL'],
    ['s3://bucket?endpoint=http://key:canary@minio', 'holds credentials'],
  ])('%j is refused', (url, why) => {
    expect(() => parseStoreUrl(url)).toThrow(
      expect.objectContaining({ kind: 'config', message: expect.stringContaining(`the URL ${why}`) }),
    );
    expect(() => parseStoreUrl(url)).not.toThrow('canary');
  });

  test('of a configuration names an object or a file', () => {
    expect(
      ['s3://bucket/config/muster.yml?region=eu-west-1', 'file:///etc/mus%20ter.yml', 'muster.yml'].map(
        (url) => parseFileUrl(url, '/x'),
      ),
    ).toEqual([
      { bucket: { kind: 's3', bucket: 'bucket', prefix: '', region: 'eu-west-1' }, key: 'config/muster.yml' },
      { path: '/etc/mus ter.yml' },
      { path: '/x/muster.yml' },
    ]);
    for (const url of ['s3://bucket', 's3://bucket/folder/', 's3://bucket/folder/?region=x'])
      expect(() => parseFileUrl(url)).toThrow('the URL names no object; write s3://bucket/key');
  });
});

describe('whoever reads a store’s URL', () => {
  const piece = fc.constantFrom(
    ...[
      's3:',
      'S3:',
      'file:',
      'gs:',
      '//',
      '/',
      'bucket',
      'My_Bucket',
      'a b',
      '%20',
      '%2F',
      '%',
      '..',
      '.',
      ' ',
    ],
    ...[
      '?',
      '#',
      '&',
      '=',
      'region',
      'endpoint',
      'force_path_style',
      'true',
      'http://minio:9000',
      'x',
      'ä',
      '@',
    ],
  );
  const url = fc.array(piece, { minLength: 1, maxLength: 9 }).map((pieces) => pieces.join(''));

  test('opens the same store, from muster.yml, a mapping in it, --from and MUSTER_STORE, or refuses it alike', () => {
    fc.assert(
      fc.property(url, (text) => {
        const readers = [
          () => openStore(text).url,
          () => openStore(parseStoreUrl(text)).url,
          () => openStore(fromFile(text)).url,
          () => openStore(fromFile({ url: text })).url,
        ].map(outcomeOf);
        expect(readers).toEqual(readers.map(() => readers[0]));
      }),
      { numRuns: draws(500) },
    );
  });

  test('takes an option from the query as from the mapping', () => {
    const query = fc.record(
      {
        region: fc.constantFrom('eu-west-1', 'us-east-1'),
        endpoint: fc.constantFrom('http://minio:9000', 'https://s3.example/x'),
        force_path_style: fc.boolean(),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(query, (options) => {
        const given = Object.entries(options).map(([name, value]): [string, string] => [name, String(value)]);
        expect(fromFile({ url: 's3://bucket/p', ...options })).toEqual(
          parseStoreUrl(`s3://bucket/p?${new URLSearchParams(given)}`),
        );
      }),
    );
  });

  test('finds the folder of every file URL that is written for it', () => {
    const segment = fc
      .string({ minLength: 1, unit: 'grapheme' })
      .filter((text) => !/[\p{Cc}/\\]/u.test(text));
    fc.assert(
      fc.property(fc.array(segment, { maxLength: 4 }), (segments) => {
        const folder = resolve('/', join(...segments, '.'));
        expect(parseStoreUrl(pathToFileURL(folder).href)).toEqual({ kind: 'file', folder });
      }),
    );
  });
});

function fromFile(value: unknown) {
  const parsed = storeConfig('.').safeParse(tree(JSON.stringify(value)));
  if (parsed.success) return parsed.data;
  throw parsed.error;
}

function outcomeOf(read: () => string): string {
  try {
    return read();
  } catch (error) {
    return isMusterError(error, 'config') || (error instanceof Error && error.name.includes('Zod'))
      ? 'refused'
      : String(error);
  }
}
