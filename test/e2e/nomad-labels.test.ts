import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { nomad } from '../../lib/backends/nomad/index.ts';
import { type NomadFleet, startNomadFleet } from '../../lib/fleet/nomad.ts';
import { startFleetServer } from '../../lib/fleet/server.ts';
import { listTargets } from '../support/discover.ts';
import { describeWithPrograms } from '../support/programs.ts';
import { discoverWithPromtool, targetTexts } from '../support/promtool.ts';

/** Instances as some version of Nomad writes them, and as none should. */
const instances: readonly object[] = [
  {
    ID: 'all',
    ServiceName: 's',
    Namespace: 'default',
    NodeID: 'n',
    Datacenter: 'dc',
    Tags: ['a', 'b'],
    Address: 'h',
    Port: 1,
  },
  { ID: 'IPv6', Address: 'fd00::1', Port: 80, Tags: [] },
  { ID: 'zone', Address: 'fe80::1%eth0', Port: 80, Tags: null },
  { ID: 'no port', Address: '10.0.0.1' },
  { ID: 'port of null', Address: '10.0.0.1', Port: null },
  { ID: 'negative port', Address: '10.0.0.1', Port: -1 },
  { ID: 'no address', Port: 80 },
  { ID: 'empty tag', Address: 'h', Tags: [''] },
  { ID: 'tag of null', Address: 'h', Tags: [null, 'b'] },
  { ID: 'odd tags', Address: 'h', Tags: ['a,b', 'ü "q"\n\\'] },
  { ID: 'another', Namespace: 'other', ServiceName: 'web', Address: 'h' },
  { ID: 'nulls', Namespace: null, ServiceName: null, NodeID: null, Datacenter: null, Address: 'h' },
  { ID: 'unknown keys', Address: 'h', Weights: { Passing: 1 } },
];

describeWithPrograms('Nomad, as a real Prometheus sees the same API', ['promtool'], () => {
  let fleet: NomadFleet;
  beforeAll(async () => {
    fleet = await startNomadFleet({ seed: 'labels', services: 200, token: 't0ken', region: 'eu' });
  });
  afterAll(() => fleet?.stop());

  test.each([',', '; '])('every instance has the same labels, tags joined by %j', async (tag_separator) => {
    const server = await startFleetServer(({ path }) => ({
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(
        path === '/v1/services'
          ? [
              {
                Namespace: 'default',
                Services: [{ ServiceName: 'a b', Tags: null }, { ServiceName: 'gone' }],
              },
            ]
          : path === '/v1/service/a%20b'
            ? instances
            : [],
      ),
    }));
    const stanza = { server: server.url, tag_separator };
    const ours = targetTexts((await listTargets(nomad, stanza)).groups);
    const theirs = await discoverWithPromtool({ nomad_sd_configs: [stanza] }, ours.length);
    await server.stop();
    expect(theirs).toEqual(ours);
    expect(ours.length).toBe(instances.length);
  });

  test('so it is with hundreds of simulated services, a token and a namespace, before and after changes', async () => {
    const authorization = { credentials: 't0ken' };
    const stanzas = ['default', 'platform'].map((namespace) => ({
      ...{ server: fleet.url, region: 'eu', namespace, authorization, allow_stale: namespace === 'default' },
    }));
    for (const changes of [0, 100]) {
      fleet.mutate(changes);
      const listings = await Promise.all(stanzas.map((stanza) => listTargets(nomad, stanza)));
      const ours = targetTexts(listings.flatMap(({ groups }) => groups));
      expect(ours.length).toBeGreaterThan(300);
      expect(await discoverWithPromtool({ nomad_sd_configs: stanzas }, ours.length)).toEqual(ours);
    }
  });
});
