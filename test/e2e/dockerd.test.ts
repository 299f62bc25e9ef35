import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startDockerFleet } from '../sim/docker.ts';
import { createAuthority } from '../support/certificates.ts';
import { discoverWithBoth, type Found, listWithMuster } from '../support/docker-targets.ts';
import { type RealDockerd, startDockerd } from '../support/dockerd.ts';
import { createService, fillWithContainers, fillWithServices } from '../support/dockerd-world.ts';
import { failure } from '../support/http-client.ts';
import { describeWithDockerd } from '../support/programs.ts';
import { discoverWithPromtool } from '../support/promtool.ts';
import { type SocketFront, startSocketFront } from '../support/socket-front.ts';

const authority = createAuthority();
const client = authority.issue({ names: ['client'] });
const filter = (name: string, ...values: readonly string[]) => ({ name, values });

/** Role or mechanism, options beside the host, and how many targets there are. */
const rows: readonly (readonly [kind: string, options: object, count: number])[] = [
  ['docker', {}, 19],
  ['docker', { match_first_network: false, host_networking_host: '10.0.0.1:9100', port: 9100 }, 26],
  ['docker', { filters: [filter('status', 'created', 'paused')] }, 3],
  ['docker', { filters: [filter('label', 'team=a', 'com.example/x'), filter('name', 'front')] }, 4],
  ['services', {}, 4],
  [
    'services',
    { filters: [filter('mode', 'replicated'), filter('label', 'team=a'), filter('name', 'web')] },
    2,
  ],
  ['tasks', {}, 9],
  ['tasks', { port: 9100, filters: [filter('service', 'internal', 'on-node')] }, 3],
  ['nodes', {}, 1],
  ['nodes', { port: 9323, filters: [filter('node.label', 'disk=ssd')] }, 1],
];

describeWithDockerd('a real Docker Engine in swarm mode', ['promtool'], () => {
  let dockerd: RealDockerd;
  let fronts: readonly SocketFront[] = [];
  let unix: string;
  let withoutSwarm: Awaited<ReturnType<typeof failure>>;
  /** What both found for each row over each way to the engine: asked all at once, as promtool takes its time. */
  let found: ReadonlyMap<string, readonly Found[]>;

  beforeAll(async () => {
    dockerd = await startDockerd();
    unix = `unix://${dockerd.socketPath}`;
    withoutSwarm = await failure(listWithMuster('services', { host: unix }));
    await fillWithContainers(dockerd);
    await fillWithServices(dockerd);

    const server = authority.issue({ names: ['127.0.0.1'] });
    const tcp = await startSocketFront(dockerd.socketPath);
    const tls = await startSocketFront(dockerd.socketPath, {
      ...server,
      ca: authority.cert,
      requestCert: true,
    });
    fronts = [tcp, tls];
    const tls_config = { ca: authority.cert, cert: client.cert, key: client.key };
    const hosts = [
      { host: unix },
      { host: `tcp://${tcp.host}` },
      { host: `https://${tls.host}`, tls_config },
    ];
    const entries = rows.map(async ([kind, options, count]) => {
      const each = hosts.map((host) => discoverWithBoth(kind, { ...host, ...options }, count));
      return [nameOf(kind, options), await Promise.all(each)] as const;
    });
    found = new Map(await Promise.all(entries));
  }, 600_000);
  afterAll(async () => {
    await Promise.all(fronts.map((front) => front.stop()));
    await dockerd?.stop();
  });

  test.each(rows)('%s over a socket, TCP and TLS: the targets that Prometheus has, with %j', (...row) => {
    const [kind, options, count] = row;
    const each = found.get(nameOf(kind, options)) ?? [];
    expect(each.map(({ ours }) => ours)).toEqual(each.map(({ theirs }) => theirs));
    expect(each.map(({ ours }) => ours.length)).toEqual([count, count, count]);
  });

  test('a filter that Docker does not know is refused in its words', async () => {
    const stanza = { host: unix, filters: [filter('colour', 'red')] };
    expect(await failure(listWithMuster('nodes', stanza))).toEqual({
      kind: 'status',
      status: 400,
      message: `GET http://localhost/v1.41/nodes: HTTP 400 Bad Request: Invalid filter 'colour'`,
    });
  });

  test('an engine that is no manager says so', () => {
    expect(withoutSwarm).toMatchObject({ kind: 'status', status: 503 });
    expect(withoutSwarm.message).toContain('This node is not a swarm manager.');
  });

  test("a service in the host's network has no address and is left out; in Prometheus all go with it", async () => {
    const before = await listWithMuster('services', { host: unix });
    await createService(dockerd, 'in-host', {}, { Networks: [{ Target: 'host' }] });
    expect(await listWithMuster('services', { host: unix })).toEqual(before);
    const theirs = await discoverWithPromtool(
      { dockerswarm_sd_configs: [{ role: 'services', host: unix }] },
      0,
    );
    expect([before.length, theirs]).toEqual([4, []]);
  });

  test('the simulated engine has no field that this one has not', async () => {
    const fleet = await startDockerFleet({ seed: 'shape', containers: 40, services: 20, nodes: 1 });
    const differences = ['containers/json', 'networks', 'services', 'tasks', 'nodes'].map(async (path) => {
      const simulated: unknown = await (await fetch(`${fleet.url}/v1.41/${path}`)).json();
      return [...fieldsOf(simulated).difference(fieldsOf(await dockerd.call('GET', `/v1.41/${path}`)))];
    });
    const fields = (await Promise.all(differences)).flat();
    await fleet.stop();
    expect(fields).toEqual([]);
  });
});

/** The paths of all fields; the keys of maps count as one. */
function fieldsOf(value: unknown, path = ''): Set<string> {
  if (typeof value !== 'object' || value === null) return new Set([path]);
  const isMap = /(Labels|Networks|Options)$/.test(path);
  const parts = Object.entries(value).map(([key, part]) =>
    fieldsOf(part, Array.isArray(value) ? `${path}[]` : `${path}.${isMap ? '*' : key}`),
  );
  return parts.reduce((all, part) => all.union(part), new Set([path]));
}

function nameOf(kind: string, options: object): string {
  return `${kind} ${JSON.stringify(options)}`;
}
