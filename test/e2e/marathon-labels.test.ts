import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { marathon } from '../../lib/backends/marathon/index.ts';
import { type MarathonFleet, startMarathonFleet } from '../../lib/sim/marathon.ts';
import { startFleetServer } from '../../lib/sim/server.ts';
import { listTargets } from '../support/discover.ts';
import { describeWithPrograms } from '../support/programs.ts';
import { discoverWithPromtool, targetTexts } from '../support/promtool.ts';

const labels = { HAPROXY_GROUP: 'external', 'a.dotted/key': 'x', empty: '', größe: 'ü "q"\n\\' };
const tasks = (...ports: readonly (readonly number[] | undefined)[]) =>
  ports.map((each, index) => ({
    id: `task-${index}`,
    host: index === 1 ? '2001:db8::1' : `agent-${index}`,
    ports: each,
    ipAddresses: [
      { ipAddress: `10.0.0.${index}`, protocol: 'IPv4' },
      { ipAddress: 'fd00::1', protocol: 'IPv6' },
    ],
  }));
const mapping = { containerPort: 80, hostPort: 0, labels };

/** What the documentation of some version of Marathon knows, and what no version should send, each in an app. */
const apps: Readonly<Record<string, object>> = {
  'host, ports chosen': {
    portDefinitions: [{ port: 10_000, labels }, { port: 10_001 }],
    tasks: tasks([1, 2], [3, 4]),
  },
  'host, ports required': { requirePorts: true, portDefinitions: [{ port: 80, labels }], tasks: tasks([80]) },
  'host, required port 0': { requirePorts: true, portDefinitions: [{ port: 0 }], tasks: tasks([81]) },
  'ports of the tasks alone': { ports: [1, 2], tasks: tasks([31_000, 31_001], [31_002, 31_003], [31_004]) },
  'the first task without ports': { tasks: tasks([], [31_000], undefined, [31_001]) },
  bridge: {
    networks: [{ mode: 'container/bridge' }],
    container: { docker: { image: 'img:1' }, portMappings: [mapping, { containerPort: 81, hostPort: 8081 }] },
    tasks: tasks([1, 2], [3]),
  },
  'bridge before 1.5': {
    container: { docker: { image: 'img:2', network: 'BRIDGE', portMappings: [mapping] } },
    tasks: tasks([1], [2, 3], []),
  },
  'both kinds of mappings': {
    container: { portMappings: [mapping], docker: { portMappings: [{ hostPort: 1 }, { hostPort: 2 }] } },
    tasks: tasks([1]),
  },
  'mappings beat definitions': {
    container: { portMappings: [mapping] },
    portDefinitions: [{ port: 1 }],
    tasks: tasks([1]),
  },
  'empty mappings, then definitions': {
    container: { portMappings: [], docker: { image: '', portMappings: null } },
    portDefinitions: [{ port: 1, labels: null }],
    tasks: tasks([1]),
  },
  'a network of containers': {
    networks: [{ name: 'dcos', mode: 'container' }, { mode: 'host' }],
    container: { portMappings: [mapping, { containerPort: 0 }] },
    tasks: tasks([], [1, 2]),
  },
  'a network of containers, no address yet': {
    networks: [{ mode: 'container' }],
    container: { portMappings: [mapping] },
    tasks: [{ id: 'staged', host: 'agent-9' }],
  },
  'host before a network of containers': {
    networks: [{ mode: 'host' }, { mode: 'container' }],
    container: { portMappings: [mapping] },
    tasks: tasks([1]),
  },
  nulls: {
    container: null,
    portDefinitions: null,
    networks: null,
    labels: null,
    requirePorts: null,
    tasks: tasks([7]),
  },
  'no tasks': { portDefinitions: [{ port: 1 }], tasks: [] },
  'tasks left out': { portDefinitions: [{ port: 1 }] },
  'no ports': { tasks: tasks(undefined) },
};
const body = JSON.stringify({
  apps: Object.entries(apps).map(([name, app]) => ({ id: `/${name}`, labels, ...app })),
});

describeWithPrograms('Marathon, as a real Prometheus sees the same server', ['promtool'], () => {
  let fleet: MarathonFleet;
  beforeAll(async () => {
    fleet = await startMarathonFleet({
      seed: 'labels',
      apps: 300,
      token: 't0ken',
      pathPrefix: '/service/marathon',
    });
  });
  afterAll(() => fleet?.stop());

  test('every target of every networking has the same labels', async () => {
    const server = await startFleetServer(() => ({ body, headers: { 'content-type': 'application/json' } }));
    const stanza = { servers: [server.url] };
    const { groups } = await listTargets(marathon, stanza);
    const ours = targetTexts(groups);
    const theirs = await discoverWithPromtool({ marathon_sd_configs: [stanza] }, ours.length);
    await server.stop();
    expect(theirs).toEqual(ours);
    expect(ours.length).toBeGreaterThan(25);
    expect(groups.map(({ source }) => source)).toEqual(
      Object.keys(apps)
        .filter((name) => !['no tasks', 'tasks left out', 'no ports'].includes(name))
        .map((name) => `/${name}`),
    );
  });

  test('so it is with hundreds of simulated apps, a token and a path, before and after changes', async () => {
    const stanza = { servers: [`${fleet.url}/service/marathon`], auth_token: 't0ken' };
    for (const changes of [0, 100]) {
      fleet.mutate(changes);
      const ours = targetTexts((await listTargets(marathon, stanza)).groups);
      expect(ours.length).toBeGreaterThan(500);
      expect(await discoverWithPromtool({ marathon_sd_configs: [stanza] }, ours.length)).toEqual(ours);
    }
  });
});
