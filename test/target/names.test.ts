import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import * as names from '../../lib/target/names.ts';

const id = { job: 'team/api', provider: 'consul-0' };

describe('keys of the bucket', () => {
  test('are the public contract', () => {
    expect([
      names.targetsKey(id),
      names.targetsKey(id, 3),
      names.snapshotKey(id),
      names.journalKey(id, 42),
      names.statusKey(id),
    ]).toEqual([
      'targets/team%2Fapi/consul-0.json',
      'targets/team%2Fapi/consul-0.3.json',
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
        expect(names.parseTargetsKey(key)).toEqual({ job, segment: key.split('/')[1], provider: 'dns-12' });
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
    'targets/a/consul-01.json',
    'targets/a/consul-0.01.json',
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
