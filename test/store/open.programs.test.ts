import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { bytes, text } from '../../lib/store/contract/probe.ts';
import { openStore } from '../../lib/store/open.ts';
import { parseStoreUrl } from '../../lib/store/url.ts';
import { type Moto, startMoto } from '../support/moto.ts';
import { describeWithPrograms } from '../support/programs.ts';
import { newFolder } from './folders.ts';

describe('a store’s URL', () => {
  test.each([
    ['s3://bucket', 's3://bucket'],
    ['s3://bucket/', 's3://bucket'],
    ['s3://my.bucket-1/a/b%2Fc/', 's3://my.bucket-1/a/b%2Fc'],
    [
      'S3://Bucket_1/p?region=eu-west-1&endpoint=http://127.0.0.1:9000&force_path_style=true',
      's3://Bucket_1/p',
    ],
    ['/var/lib/muster', 'file:///var/lib/muster'],
    ['file:///var/lib/muster%20store', 'file:///var/lib/muster%20store'],
    ['file:store', pathToFileURL(resolve('store')).href],
    ['.muster/store', pathToFileURL(resolve('.muster/store')).href],
  ])('%s opens %s', (url, opened) => {
    expect([openStore(url).url, openStore(parseStoreUrl(url)).url]).toEqual([opened, opened]);
  });

  test('that is none is refused, and the message says of what it speaks', () => {
    expect(() => openStore('s3://b')).toThrow(
      expect.objectContaining({
        kind: 'config',
        message: 'store: the URL has no name of a bucket behind s3://',
      }),
    );
  });

  test('of a folder opens a store there', async () => {
    const folder = await newFolder();
    await openStore(pathToFileURL(folder).href).put('a', bytes('x'), { condition: 'create' });
    expect(await text(openStore(folder), 'a')).toBe('x');
  });
});

describeWithPrograms('a store’s endpoint', ['moto'], () => {
  let moto: Moto;
  const before = { ...process.env };
  beforeAll(async () => {
    moto = await startMoto();
  });
  afterAll(async () => {
    process.env = before;
    await moto.stop();
  });

  test('comes from the URL, the configuration or the environment, with the bucket in the path', async () => {
    const bucket = await moto.createBucket();
    const { AWS_ENDPOINT_URL: endpoint = '', ...credentials } = moto.env;
    // Such as a profile, which the SDK would take before keys.
    for (const name of Object.keys(process.env)) if (name.startsWith('AWS_')) delete process.env[name];
    Object.assign(process.env, credentials);
    const local = endpoint.replace('127.0.0.1', 'localhost');
    const byUrl = openStore(`s3://${bucket}/p?endpoint=${endpoint}&region=us-east-1`);
    await byUrl.put('a', bytes('x'), { condition: 'create' });
    const byConfig = openStore({
      ...{ kind: 's3', bucket, prefix: 'p' },
      ...{ endpoint: local, region: 'us-east-1', force_path_style: false },
    });
    expect(await text(byConfig, 'a')).toBe('x');
    process.env.AWS_ENDPOINT_URL_S3 = local;
    const byEnvironment = openStore(`s3://${bucket}`);
    expect(await text(byEnvironment, 'p/a')).toBe('x');
    await Promise.all([byUrl, byConfig, byEnvironment].map((store) => store[Symbol.asyncDispose]()));
  });
});
