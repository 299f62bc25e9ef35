import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import * as names from '../../lib/targets/keys.ts';

const id = { job: 'team/api', provider: 'consul-0' };

describe('keys of the bucket', () => {
  test('are the public contract', () => {
    expect([
      names.storeKey,
      names.targetsKey(id),
      names.manifestKey(id),
      names.partsFolder(id),
      names.partKey(id, `000000000007-${'0a'.repeat(32)}`),
      names.heldKey(id),
      names.retiredKey(id),
      names.snapshotKey(id),
      names.journalKey(id, 42),
      names.statusKey(id),
    ]).toEqual([
      'store.json',
      'targets/team%2Fapi/consul-0.json',
      'targets/team%2Fapi/consul-0.manifest',
      'parts/team%2Fapi/consul-0/',
      `parts/team%2Fapi/consul-0/000000000007-${'0a'.repeat(32)}`,
      'held/team%2Fapi/consul-0.json.gz',
      'retired/team%2Fapi/consul-0.json',
      'snapshots/team%2Fapi/consul-0.json.gz',
      'journal/team%2Fapi/consul-0/000000000042.json.gz',
      'status/team%2Fapi/consul-0.json',
    ]);
  });

  test('any job name is one segment which reads back', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, maxLength: 20 }), (job) => {
        const key = names.targetsKey({ job, provider: 'dns-12' });
        expect(key).toMatch(/^targets\/[A-Za-z0-9_.%-]+\/dns-12\.json$/);
        expect(key).not.toMatch(/^targets\/\./);
        const parsed = { job, segment: key.split('/')[1], provider: 'dns-12' };
        expect(names.parseTargetsKey(key)).toEqual({ ...parsed, form: 'file' });
        const manifest = names.manifestKey({ job, provider: 'dns-12' });
        expect(names.parseTargetsKey(manifest)).toEqual({ ...parsed, form: 'manifest' });
        expect(names.parseRetiredKey(names.retiredKey({ job, provider: 'dns-12' }))).toEqual({
          job,
          provider: 'dns-12',
        });
        expect(names.parseStatusKey(names.statusKey({ job, provider: 'dns-12' }))).toMatchObject({
          job,
          provider: 'dns-12',
        });
      }),
    );
  });

  test.each([
    'targets/../consul-0.json',
    'targets/a/../consul-0.json',
    'targets/a/consul-0.json/x',
    'targets//consul-0.json',
    'targets/a/consul.json',
    'targets/a/consul-.json',
    'targets/a/consul-0-.json',
    'targets/a/consul-0.3.json',
    'targets/a/consul-0.manifest.json',
    'targets/a/Consul-0.json',
    'targets/a b/consul-0.json',
    'targets/%2e/consul-0.json',
    'targets/%zz/consul-0.json',
    'targets/a/.consul-0.json',
    'targets/a/consul-0.json\u0000',
    'status/a/consul-0.json',
    '/targets/a/consul-0.json',
  ])('%j is not a targets key', (key) => {
    expect(names.parseTargetsKey(key)).toBeUndefined();
  });

  test.each([
    [`000000000007-${'0a'.repeat(32)}`, { version: 7, digest: '0a'.repeat(32) }],
    [`7-${'0a'.repeat(32)}`, undefined],
    ['000000000007-0a', undefined],
    [`000000000007-${'0A'.repeat(32)}`, undefined],
  ])('%j names a part: %j', (name, part) => {
    expect(names.parsePartName(name)).toEqual(part);
  });

  test.each([
    ['consul-eu', true],
    ['consul-0', true],
    ['consul-', false],
    ['consul-eu-', false],
    ['consul-EU', false],
    ['dns-eu', false],
    [`consul-${'x'.repeat(61)}`, false],
  ])('a provider of Consul can be called %j: %j', (name, can) => {
    expect(names.isProviderName(name, 'consul')).toBe(can);
  });

  test('a job name too long for a file is refused', () => {
    expect(() => names.encodeJob('/'.repeat(100))).toThrow('is too long: 200 bytes at most');
  });

  test('versions read back', () => {
    expect([
      names.parseJournalVersion(names.journalKey(id, 7)),
      names.parseJournalVersion('journal/x'),
    ]).toEqual([7, undefined]);
  });
});
