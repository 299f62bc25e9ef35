import { chmod } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type ConsulFleet, startConsulFleet } from '../../lib/sim/consul.ts';
import { startFakeS3 } from '../store/fake-s3.ts';
import { smallWorld } from '../support/small-world.ts';
import { consulConfig, makeWorkplace } from '../support/workplace.ts';

const aws = {
  AWS_REGION: 'us-east-1',
  AWS_ACCESS_KEY_ID: 'test',
  AWS_SECRET_ACCESS_KEY: 'canary-5f2d',
  AWS_EC2_METADATA_DISABLED: 'true',
};

describe('muster run on a store that will not do', () => {
  let fleet: ConsulFleet;
  beforeAll(async () => {
    fleet = await startConsulFleet({ seed: 'stores', services: 0, instances: 0 });
    fleet.replace(smallWorld(2));
  });
  afterAll(() => fleet?.stop());

  const config = (store: unknown) => ({ ...consulConfig(fleet.url), store });
  const failed = (line: string | RegExp) => ({
    code: 1,
    stdout: '',
    stderr: typeof line === 'string' ? `muster run: ${line}\n` : expect.stringMatching(line),
  });

  test('a folder that cannot be made', async () => {
    await using place = await makeWorkplace(config('muster.yml/store'));
    expect(await place.run(['run'])).toEqual(
      failed(
        `file://${place.folder}/muster.yml/store: checking that the folder is writable failed: a folder on the way is a file (ENOTDIR)`,
      ),
    );
  });

  const unlessRoot = process.getuid?.() === 0 ? test.skip : test;
  unlessRoot('a folder that is not writable', async () => {
    await using place = await makeWorkplace(config('store'));
    await place.write('store/any', '');
    await chmod(join(place.folder, 'store'), 0o555);
    expect(await place.run(['run'])).toEqual(
      failed(
        `file://${place.folder}/store: checking that the folder is writable is not permitted (EACCES): give this user the rights to the folder`,
      ),
    );
    await chmod(join(place.folder, 'store'), 0o755);
  });

  test('an S3 that is not there', async () => {
    await using place = await makeWorkplace(
      config({ url: 's3://bucket/prefix', endpoint: 'http://127.0.0.1:1' }),
    );
    expect(await place.run(['run'], { env: aws })).toEqual(
      failed(
        's3://bucket/prefix: s3:GetObject of muster-conditional-writes got no answer; check the endpoint and the network (ECONNREFUSED)',
      ),
    );
  });

  test('no credentials for it', async () => {
    await using place = await makeWorkplace(config({ url: 's3://bucket', endpoint: 'http://127.0.0.1:1' }));
    expect(
      await place.run(['run'], {
        env: { AWS_REGION: 'us-east-1', AWS_EC2_METADATA_DISABLED: 'true', HOME: place.folder },
      }),
    ).toEqual(
      failed(/^muster run: s3:\/\/bucket: s3:GetObject [^\n]*no AWS credentials were found[^\n]*\n$/),
    );
  });

  test.each([
    [['if-match'], 'If-None-Match'],
    [['if-none-match'], 'If-Match'],
  ] as const)('one that honours %j alone', async (honours, ignored) => {
    const fake = await startFakeS3({ honours });
    try {
      await using place = await makeWorkplace(config({ url: 's3://bucket/prefix', endpoint: fake.endpoint }));
      expect(await place.run(['run'], { env: aws })).toEqual(
        failed(
          `s3://bucket/prefix does not honour conditional writes (${ignored}): of 8 at once that exclude each other, 8 were let through, so overlapping cycles could overwrite each other; docs/stores.md says which stores do, and since which version`,
        ),
      );
      expect([...fake.objects.keys()]).toEqual([]);
    } finally {
      await fake.stop();
    }
  });
});
