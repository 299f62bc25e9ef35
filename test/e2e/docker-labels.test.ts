import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { labels as dockerLabels, labelsSince } from '../../lib/backends/docker/index.ts';
import { labels as swarmLabels } from '../../lib/backends/dockerswarm/roles.ts';
import type { PrometheusVersion } from '../../lib/config/prometheus-version.ts';
import type { LabelSet } from '../../lib/targets/group.ts';
import { type DockerFleet, startDockerFleet } from '../sim/docker.ts';
import { createAuthority } from '../support/certificates.ts';
import { discoverWithBoth, type Found, listWithMuster } from '../support/docker-targets.ts';
import { describeWithPrograms } from '../support/programs.ts';

const world = { seed: 'docker-labels', containers: 120, services: 60, nodes: 7 };
const authority = createAuthority();
const client = authority.issue({ names: ['client'] });

/** Role or mechanism, options beside the host, and how many targets there are at least. */
const rows: readonly (readonly [kind: string, options: object, atLeast: number])[] = [
  ['docker', {}, 80],
  ['docker', { match_first_network: false, port: 9323, host_networking_host: 'node.example:9100' }, 90],
  ['docker', { filters: [{ name: 'status', values: ['created', 'exited', 'paused'] }] }, 20],
  [
    'docker',
    {
      match_first_network: false,
      filters: [
        { name: 'label', values: ['note', 'constructor=x'] },
        { name: 'network', values: ['front', 'back'] },
      ],
    },
    4,
  ],
  ['services', {}, 30],
  ['services', { port: 9323, filters: [{ name: 'mode', values: ['global', 'replicated-job'] }] }, 4],
  ['tasks', {}, 60],
  ['tasks', { port: 0, filters: [{ name: 'desired-state', values: ['shutdown'] }] }, 10],
  ['nodes', {}, 7],
  ['nodes', { port: 9323, filters: [{ name: 'role', values: ['worker'] }] }, 4],
];

/** Everything over TCP, and what has no options over the other ways too. */
const cases = rows.flatMap(([kind, options, atLeast]) => {
  const ways = isDeepStrictEqual(options, {}) ? ['tcp://', 'http://', 'https://', 'unix://'] : ['tcp://'];
  return ways.map((way) => [way, kind, options, atLeast] as const);
});

describeWithPrograms('Docker, as Prometheus sees the same engine', ['promtool'], () => {
  const fleets: DockerFleet[] = [];
  let folder: string;
  /** What both found for each row, over each way to the engine: asked all at once, as promtool takes its time. */
  let found: ReadonlyMap<string, Found>;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'docker-labels-'));
    const requireClient = { ca: authority.cert, requestCert: true, rejectUnauthorized: true };
    const tls = { ...authority.issue({ names: ['127.0.0.1'] }), ...requireClient };
    const [tcp, secure, socket] = await Promise.all([
      startDockerFleet(world),
      startDockerFleet({ ...world, tls }),
      startDockerFleet({ ...world, socketPath: join(folder, 'docker.sock') }),
    ]);
    fleets.push(tcp, secure, socket);
    const ways: Readonly<Record<string, object>> = {
      'tcp://': { host: tcp.url.replace('http:', 'tcp:') },
      'http://': { host: tcp.url, http_headers: { 'X-Team': { values: ['edge'] } } },
      'https://': {
        host: secure.url,
        tls_config: { ca: authority.cert, cert: client.cert, key: client.key },
      },
      'unix://': { host: socket.url },
    };
    const entries = cases.map(async ([way, kind, options, atLeast]) => {
      const both = await discoverWithBoth(kind, { ...ways[way], ...options }, atLeast);
      return [nameOf(way, kind, options), both] as const;
    });
    found = new Map(await Promise.all(entries));
  });
  afterAll(async () => {
    await Promise.all(fleets.map((fleet) => fleet.stop()));
    await rm(folder, { recursive: true });
  });

  test.each(cases)(
    'over %s every target of %s has the same labels with %j',
    (way, kind, options, atLeast) => {
      const { ours, theirs } = found.get(nameOf(way, kind, options)) ?? {};
      expect(ours?.length).toBeGreaterThanOrEqual(atLeast);
      expect(ours).toEqual(theirs);
    },
  );

  test('every label of both tables was compared, but for those newer than Prometheus 3.5', () => {
    const names = new Set(
      [...found.values()].flatMap(({ ours }) => ours.flatMap((text) => Object.keys(JSON.parse(text)))),
    );
    const tables = [...Object.values(dockerLabels), ...Object.values(swarmLabels)];
    const missing = tables.filter((label) => ![...names].some((name) => isOf(label, name)));
    expect(missing).toEqual(Object.keys(labelsSince));
    expect([...names].filter((name) => !tables.some((label) => isOf(label, name)))).toEqual(['__address__']);
  });

  test('in a network with IPv6 alone the address is that since Prometheus 3.14', async () => {
    const [tcp] = fleets;
    const options = { host: tcp?.url, filters: [{ name: 'network', values: ['six'] }], port: 9323 };
    const addressesOf = async (prometheus: PrometheusVersion) =>
      (await listWithMuster('docker', options, prometheus))
        .map((text): LabelSet => JSON.parse(text))
        .map(({ __address__ = '' }) => __address__.replace(/^\[fd00:77::[\da-f]+\]/, '…'))
        .sort();
    const before = await addressesOf('3.13');
    expect(before.length).toBeGreaterThan(5);
    expect(await addressesOf('3.14')).toEqual(before.map((address) => `…${address}`));
  });
});

function isOf(label: string, name: string): boolean {
  return label.endsWith('_label_') ? name.startsWith(label) : name === label;
}

function nameOf(way: string, kind: string, options: object): string {
  return `${way} ${kind} ${JSON.stringify(options)}`;
}
