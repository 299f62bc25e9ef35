import { describe, expect, test } from '@jest/globals';
import { dockerSwarmConfig } from '../../../lib/backends/dockerswarm/index.ts';
import { plainConfig } from '../../support/http-client.ts';

/** The problems of a stanza, each with the path of its key. */
function problems(stanza: object): string[] {
  const { error } = dockerSwarmConfig.safeParse(stanza);
  return (error?.issues ?? []).map(({ path, message }) => `${path.join('.')}: ${message}`);
}

describe('dockerswarm_sd_configs', () => {
  test.each(['services', 'tasks', 'nodes'])('a host and the role %s will do', (role) => {
    expect(dockerSwarmConfig.parse({ host: 'tcp://manager:2375', role })).toEqual({
      refresh_interval: 60_000,
      host: { base: 'http://manager:2375', takesHttpOptions: false },
      role,
      port: 80,
      filters: [],
      http: plainConfig,
    });
  });

  test.each<[object, string[]]>([
    [{}, ['host: is required', 'role: is required']],
    [{ host: 'tcp://m', role: 'node' }, ['role: must be services, tasks or nodes']],
    [{ host: 'tcp://m', role: 'nodes', match_first_network: true }, [': unknown key']],
    [{ host: 'tcp://m', role: 'nodes', port: -1 }, ['port: must be a whole number from 0 to 65535']],
  ])('%j is refused', (stanza, expected) => {
    expect(problems(stanza)).toEqual(expected);
  });
});
