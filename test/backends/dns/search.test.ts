import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import {
  fullNames,
  parseResolverConfig,
  readResolverConfig,
  resolverDefaults,
} from '../../../lib/backends/dns/lookup.ts';
import { failure } from '../../support/http-client.ts';

describe('resolv.conf', () => {
  test('servers, search list and options, as a pod has them', () => {
    const text = [
      '# a comment',
      'nameserver 10.96.0.10',
      'search default.svc.cluster.local svc.cluster.local cluster.local',
      'options ndots:5 timeout:3 attempts:4 rotate',
      'nameserver fd00::10 # the second',
      'sortlist 130.155.160.0',
    ].join('\n');
    expect(parseResolverConfig(text)).toEqual({
      protocol: 'udp',
      servers: [
        { address: '10.96.0.10', port: 53 },
        { address: 'fd00::10', port: 53 },
      ],
      search: ['default.svc.cluster.local', 'svc.cluster.local', 'cluster.local'],
      ndots: 5,
      timeout: 3000,
      attempts: 4,
    });
  });

  test.each([
    ['', {}],
    ['search a b\ndomain c d', { search: ['c'] }],
    ['domain c\nsearch a b', { search: ['a', 'b'] }],
    ['search a\nsearch', { search: [] }],
    ['search a\r\n', { search: ['a'] }],
    ['  search\ta ', { search: ['a'] }],
    ['nameserver\n;nameserver 10.0.0.1', {}],
    ['options ndots:99 timeout:0 attempts:0', { ndots: 15, timeout: 1000, attempts: 1 }],
    ['options ndots:x timeout:999 attempts:99', { ndots: 0, timeout: 30_000, attempts: 5 }],
    ['options ndots', { ndots: 0 }],
  ])('%j', (text, more) => {
    expect(parseResolverConfig(text)).toEqual({ ...resolverDefaults, ...more });
  });

  test('one that is missing or names no server is told of', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'resolv-'));
    const path = join(folder, 'resolv.conf');
    expect(await failure(readResolverConfig(path))).toEqual({
      kind: 'config',
      message: `${path} cannot be read (ENOENT): fix it, or configure nameservers`,
    });
    await writeFile(path, 'search a\n');
    expect(await failure(readResolverConfig(path))).toEqual({
      kind: 'config',
      message: `${path} names no nameserver: add one there, or configure nameservers`,
    });
    await rm(folder, { recursive: true });
  });
});

describe('the names that a name may stand for', () => {
  const search = ['one.test', 'two.test.'];
  test.each([
    ['web', 1, ['web.one.test.', 'web.two.test.', 'web.']],
    ['web.prod', 1, ['web.prod.', 'web.prod.one.test.', 'web.prod.two.test.']],
    ['web.prod', 2, ['web.prod.one.test.', 'web.prod.two.test.', 'web.prod.']],
    ['web', 0, ['web.', 'web.one.test.', 'web.two.test.']],
    ['web.', 5, ['web.']],
    ['web\\.prod', 1, ['web\\.prod.one.test.', 'web\\.prod.two.test.', 'web\\.prod.']],
    ['web\\.', 1, ['web\\..one.test.', 'web\\..two.test.', 'web\\..']],
    ['web\\\\.', 1, ['web\\\\.']],
    ['.', 1, ['.']],
  ])('%s with ndots:%d: %j', (name, ndots, names) => {
    expect(fullNames(name, { ...resolverDefaults, search, ndots })).toEqual(names);
  });

  test('a search list of the root alone changes nothing', () => {
    expect(fullNames('web', { ...resolverDefaults, search: ['.'] })).toEqual(['web.']);
  });
});
