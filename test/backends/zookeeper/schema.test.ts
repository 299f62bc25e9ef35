import { describe, expect, test } from '@jest/globals';
import { zookeeperConfig } from '../../../lib/backends/zookeeper/schema.ts';

/** The problems of a stanza, each with the path of its key. */
function problems(stanza: object): string[] {
  const { error } = zookeeperConfig.safeParse(stanza);
  return (error?.issues ?? []).map(({ path, message }) => `${path.join('.')}: ${message}`);
}

describe('serverset_sd_configs and nerve_sd_configs', () => {
  test('defaults are as Prometheus has them', () => {
    expect(zookeeperConfig.parse({ servers: ['zk'], paths: ['/a'] })).toEqual({
      refresh_interval: 30_000,
      servers: [{ host: 'zk', port: 2181 }],
      paths: ['/a'],
      timeout: 10_000,
    });
  });

  test('servers and paths in all their forms', () => {
    const servers = ['zk1:2182', '10.0.0.1', '[fd00::1]', '[fd00::1]:2183'];
    const paths = ['/', '/a/b c/ü', '/a.b/..c'];
    const { refresh_interval, ...rest } = zookeeperConfig.parse({
      servers,
      paths,
      timeout: '5s',
      refresh_interval: '1m',
    });
    expect([refresh_interval, rest]).toEqual([
      60_000,
      {
        servers: [
          { host: 'zk1', port: 2182 },
          { host: '10.0.0.1', port: 2181 },
          { host: 'fd00::1', port: 2181 },
          { host: 'fd00::1', port: 2183 },
        ],
        paths,
        timeout: 5000,
      },
    ]);
  });

  const server = 'servers.0: must be host:port, or host for port 2181';
  const path = 'paths.0: must be a path such as /services/web, without a / at its end';
  test.each([
    [{}, ['servers: must list at least one server', 'paths: must list at least one path']],
    [{ servers: [], paths: ['/a'] }, ['servers: must list at least one server']],
    ...['', 'a:0', 'a:65536', 'a:b', 'fd00::1', '[a]', 'a/chroot', 'a:1/chroot', 'u@a', 'a b'].map(
      (each) => [{ servers: [each], paths: ['/a'] }, [server]] as const,
    ),
    ...['', 'a', '/a/', '//a', '/a//b', '/./a', '/a/..', '/a\u0000', '/a\nb', '/\ud800'].map(
      (each) => [{ servers: ['a'], paths: [each] }, [path]] as const,
    ),
    [
      { servers: ['a'], paths: ['/a'], timeout: 0 },
      ['timeout: must be a duration such as 30s, 5m or 1h30m, longer than 0'],
    ],
    [{ servers: ['a'], paths: ['/a'], path: '/a' }, [': unknown key, did you mean "paths"?']],
  ])('%j', (stanza, expected) => {
    expect(problems(stanza)).toEqual(expected);
  });
});
