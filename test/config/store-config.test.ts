import { describe, expect, test } from '@jest/globals';
import { storeConfig } from '../../lib/config/document.ts';
import { tree } from './parsing.ts';

function read(source: string | undefined): unknown {
  const parsed = storeConfig('/etc/muster').safeParse(source === undefined ? undefined : tree(source));
  return parsed.success
    ? parsed.data
    : parsed.error.issues.map(({ path, message }) => [...path, message].join(': '));
}

const forms = 'use s3://bucket/prefix, file:///folder, or the path of a folder';

describe('the store', () => {
  test.each<[string | undefined, unknown]>([
    [undefined, { kind: 'file', folder: '/etc/muster/.muster/store' }],
    ['{}', { kind: 'file', folder: '/etc/muster/.muster/store' }],
    ['data', { kind: 'file', folder: '/etc/muster/data' }],
    ['../data/', { kind: 'file', folder: '/etc/data' }],
    ['/var/lib/muster', { kind: 'file', folder: '/var/lib/muster' }],
    ['file:data', { kind: 'file', folder: '/etc/muster/data' }],
    ['file:/data', { kind: 'file', folder: '/data' }],
    ['file:///data', { kind: 'file', folder: '/data' }],
    ['2024', { kind: 'file', folder: '/etc/muster/2024' }],
    ['{url: data}', { kind: 'file', folder: '/etc/muster/data' }],
    ['s3://bucket', { kind: 's3', bucket: 'bucket', prefix: '' }],
    ['s3://my.bucket-1/a/b/', { kind: 's3', bucket: 'my.bucket-1', prefix: 'a/b' }],
    [
      '{url: s3://bucket/a, endpoint: "http://localhost:9000", region: eu-west-1, force_path_style: true}',
      {
        kind: 's3',
        bucket: 'bucket',
        prefix: 'a',
        endpoint: 'http://localhost:9000/',
        region: 'eu-west-1',
        force_path_style: true,
      },
    ],
    ['s3://bucket//a', { kind: 's3', bucket: 'bucket', prefix: 'a' }],
    ['{url: "s3://bucket?region=a", region: b}', { kind: 's3', bucket: 'bucket', prefix: '', region: 'b' }],
    ['s3://b', ['the URL has no name of a bucket behind s3://']],
    ['""', [`the URL is empty; ${forms}`]],
    ['[a]', ['must be a mapping']],
    [
      '{url: "http://a", uri: b}',
      [`url: the URL has the scheme http:, which is not known; ${forms}`, 'unknown key, did you mean "url"?'],
    ],
    ['{url: a, endpoint: b}', ['endpoint: must be an http:// or https:// URL without credentials']],
    [
      '{url: a, endpoint: "http://b", region: c, force_path_style: true}',
      ['endpoint', 'region', 'force_path_style'].map((key) => `${key}: is for s3:// stores only`),
    ],
  ])('%s', (source, expected) => {
    expect(read(source)).toEqual(expected);
  });
});
