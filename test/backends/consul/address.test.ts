import { describe, expect, test } from '@jest/globals';
import { isRequestable } from '../../../lib/backends/consul/client.ts';
import { readAddress } from '../../../lib/backends/consul/schema.ts';

describe('the address of an agent', () => {
  test.each([
    ['localhost:8500', 'http', '', 'http://localhost:8500'],
    ['consul.internal', 'https', '', 'https://consul.internal'],
    ['[::1]:8500', 'http', '', 'http://[::1]:8500'],
    ['c:8500', 'http', '/gate', 'http://c:8500/gate'],
    ['c:8500', 'http', 'gate/two/', 'http://c:8500/gate/two'],
    ['https://c:8501', 'http', '', 'https://c:8501'],
    ['http://c:8500', 'https', '', 'https://c:8500'],
    ['https://c/gate/', 'http', '/other', 'https://c/gate'],
    ['https://c', 'http', '/other', 'https://c/other'],
  ] as const)('server %s, scheme %s, path_prefix %j: %s', (server, scheme, path_prefix, base) => {
    expect(readAddress({ server, scheme, path_prefix })).toEqual({ base });
  });

  test('a Unix socket', () => {
    expect(readAddress({ server: 'unix:///run/consul.sock', scheme: 'http', path_prefix: 'gate' })).toEqual({
      base: 'http://localhost/gate',
      unixSocket: '/run/consul.sock',
    });
  });

  test.each([
    'ftp://c',
    'c:8500/gate',
    'user:pass@c',
    'http://',
    'two words',
    'c:99999',
    'c?x=1',
    'http://c/#x',
    ':8500',
  ])('%s is none', (server) => {
    expect(readAddress({ server, scheme: 'http', path_prefix: '' })).toBeUndefined();
  });
});

test.each([
  ['web', true],
  ['a/b', true],
  ['tail/', true],
  ['two words %2e%2e ü ?#\\', true],
  ['...', true],
  ['', false],
  ['/', false],
  ['.', false],
  ['..', false],
  ['a/../b', false],
  ['a/.', false],
  ['a//b', false],
  ['a//', false],
  ['/a', false],
  ['\ud800', false],
])('a service named %j can be asked for: %s', (name, askable) => {
  expect(isRequestable(name)).toBe(askable);
});
