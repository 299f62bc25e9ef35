import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { docker } from '../../../lib/backends/docker/index.ts';
import type { PrometheusVersion } from '../../../lib/config/prometheus-version.ts';
import { type DockerFleet, startDockerFleet } from '../../sim/docker.ts';
import { createAuthority } from '../../support/certificates.ts';
import { listTargets } from '../../support/discover.ts';
import { failure } from '../../support/http-client.ts';

const size = { seed: 'discover', containers: 30 };
let fleet: DockerFleet;
beforeEach(async () => {
  fleet = await startDockerFleet(size);
});
afterEach(() => fleet.stop());

/** What was asked, path and query. */
const calls = (of = fleet) =>
  of.requests.map(({ method, path, query }) => `${method} ${path} ${JSON.stringify([...query])}`);

describe('what is asked', () => {
  test('the version, the containers, the networks for their labels, and who the engine is', async () => {
    const { groups, progress } = await listTargets(docker, { host: fleet.url });
    expect(calls()).toEqual([
      'GET /_ping []',
      'GET /v1.41/containers/json []',
      'GET /v1.41/networks []',
      'GET /v1.41/info []',
    ]);
    const live = fleet.world().containers.filter(({ state }) => state === 'running' || state === 'paused');
    expect(progress).toEqual([{ read: live.length, total: live.length }]);
    expect(groups.length).toBeGreaterThan(10);
  });

  test('filters go with the containers alone, several of one name as one set, none without values', async () => {
    const filters = [
      { name: 'label', values: ['note'] },
      { name: 'status', values: ['paused', 'running'] },
      { name: 'label', values: ['constructor=x'] },
      { name: 'colour', values: [] },
    ];
    await listTargets(docker, { host: fleet.url, filters });
    const asked = fleet.requests.flatMap(({ query }) => query.get('filters') ?? []);
    expect(asked.map((text) => JSON.parse(text))).toEqual([
      { label: { note: true, 'constructor=x': true }, status: { paused: true, running: true } },
    ]);
  });

  test.each([
    ['1.24', '/v1.24/'],
    ['1.43', '/v1.43/'],
    ['1.51', '/v1.51/'],
    ['1.52', '/v1.51/'],
    ['1.100', '/v1.51/'],
    ['2.0', '/v1.51/'],
  ])('of an engine that speaks %s, %s', async (apiVersion, path) => {
    fleet.faults.add({ kind: 'status', status: 200, headers: { 'api-version': apiVersion } }, isPing);
    fleet.faults.add({ kind: 'json', value: [] }, { when: (request) => request.path !== '/_ping' });
    await listTargets(docker, { host: fleet.url });
    expect(fleet.requests.map((request) => request.path).slice(1)).toEqual([
      `${path}containers/json`,
      `${path}networks`,
      `${path}info`,
    ]);
  });

  test('of an engine that does not say what it speaks, 1.24', async () => {
    fleet.faults.add({ kind: 'status', status: 200, body: 'OK' }, isPing);
    await listTargets(docker, { host: fleet.url });
    expect(calls()[1]).toMatch('GET /v1.24/containers/json');
  });
});

test.each([401, 403, 404, 405, 501])(
  'behind a proxy that answers /_ping with %i the newest version is spoken, as by Prometheus',
  async (status) => {
    fleet.faults.add({ kind: 'status', status }, isPing);
    fleet.faults.add({ kind: 'json', value: [] }, { when: ({ path }) => path !== '/_ping' });
    expect((await listTargets(docker, { host: fleet.url })).groups).toEqual([]);
    expect(calls().slice(1)).toEqual([
      'GET /v1.51/containers/json []',
      'GET /v1.51/networks []',
      'GET /v1.51/info []',
    ]);
  },
);

test('a version of Prometheus has no newer labels, and no address in a network with IPv6 alone', async () => {
  const large = await startDockerFleet({ seed: 'docker-labels', containers: 120 });
  await using _ = { [Symbol.asyncDispose]: () => large.stop() };
  const filters = [{ name: 'network', values: ['six'] }];
  const list = async (prometheus?: PrometheusVersion) =>
    (await listTargets(docker, { host: large.url, filters }, { prometheus })).groups.flatMap(
      ({ labels, targets }) =>
        targets.map(({ __address__ = '', __meta_docker_network_ip: ip = '' }) => [
          __address__.replace(/\[.*\]/, '[…]').replace(/\d+$/, 'port'),
          ip === '' ? '' : 'ip',
          ...Object.keys(labels).filter((name) => name.includes('_image')),
        ]),
    );
  const images = ['__meta_docker_container_image', '__meta_docker_container_image_id'];
  const forms = async (prometheus?: PrometheusVersion) =>
    [...new Set((await list(prometheus)).map((found) => found.join(' ')))].sort();
  expect(await forms('3.13')).toEqual([':port ']);
  expect(await forms('3.14')).toEqual(['[…]:port ip']);
  expect(await forms('3.15')).toEqual([['[…]:port ip', ...images].join(' ')]);
  expect(await forms()).toEqual(await forms('3.15'));
});

test('nothing is null in some versions of the engine: that is an empty list', async () => {
  fleet.faults.add({ kind: 'json', value: null }, { when: ({ path }) => path !== '/_ping' });
  expect((await listTargets(docker, { host: fleet.url })).groups).toEqual([]);
});

test('the engine is known by its ID; one that does not tell it is unknown, and its containers are not', async () => {
  const { listed, groups } = await listTargets(docker, { host: fleet.url });
  fleet.faults.add({ kind: 'status', status: 403 }, { when: ({ path }) => path.endsWith('/info') });
  const behindProxy = await listTargets(docker, { host: fleet.url });
  expect([listed, behindProxy.listed]).toEqual([{ backend: ['engine-discover'] }, {}]);
  expect(behindProxy.groups).toEqual(groups);
});

const isPing = { when: ({ path }: { path: string }) => path === '/_ping' };

describe('ways to the engine', () => {
  test('a Unix socket, TLS with a client certificate, and plain TCP lead to the same targets', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'docker-'));
    const authority = createAuthority();
    const client = authority.issue({ names: ['client'] });
    const tls = {
      ...authority.issue({ names: ['127.0.0.1'] }),
      ca: authority.cert,
      requestCert: true,
      rejectUnauthorized: true,
    };
    const socket = await startDockerFleet({ ...size, socketPath: join(folder, 'docker.sock') });
    const secure = await startDockerFleet({ ...size, tls });
    const tls_config = { ca: authority.cert, cert: client.cert, key: client.key };
    const listings = await Promise.all([
      listTargets(docker, { host: fleet.url.replace('http', 'tcp') }),
      listTargets(docker, { host: socket.url }),
      listTargets(docker, { host: secure.url, tls_config }),
    ]);
    const withoutKey = await failure(
      listTargets(docker, { host: secure.url, tls_config: { ca: authority.cert } }),
    );
    await Promise.all([socket.stop(), secure.stop(), rm(folder, { recursive: true })]);
    expect(listings[1]).toEqual(listings[0]);
    expect(listings[2]).toEqual(listings[0]);
    expect(withoutKey.kind).toBe('tls');
  });

  test('credentials go to http:// and https:// alone, and whoever expects otherwise is told', async () => {
    const stanza = { bearer_token: 't0ken' };
    const plain = await listTargets(docker, { ...stanza, host: fleet.url.replace('http', 'tcp') });
    const sent = fleet.requests.map(({ headers }) => headers.authorization);
    const open = await listTargets(docker, { ...stanza, host: fleet.url });
    expect(sent).toEqual([undefined, undefined, undefined, undefined]);
    expect(fleet.requests.slice(4).map(({ headers }) => headers.authorization)).toEqual(
      sent.map(() => 'Bearer t0ken'),
    );
    expect([plain.warnings, open.warnings]).toEqual([
      [
        `${fleet.url}: TLS, credentials and other HTTP client options apply only to http:// and https://, as in Prometheus: they are not used for this host`,
      ],
      [],
    ]);
  });

  test('a socket that is not there is named', async () => {
    expect(await failure(listTargets(docker, { host: 'unix:///nowhere/docker.sock' }))).toEqual({
      kind: 'unreachable',
      message:
        'GET http://localhost/_ping: socket /nowhere/docker.sock: there is no such socket (ENOENT) (tried 3 times)',
    });
  });
});

describe('what is no Docker Engine', () => {
  test('a version that is none', async () => {
    const headers = { 'api-version': '1.41/../..' };
    fleet.faults.add({ kind: 'status', status: 200, headers }, isPing);
    expect(await failure(listTargets(docker, { host: fleet.url }))).toEqual({
      kind: 'malformed',
      message: `GET ${fleet.url}/_ping: the header Api-Version is not a version: is this a Docker Engine?`,
    });
  });

  test('a page that answers everything', async () => {
    fleet.faults.add({ kind: 'html' });
    expect(await failure(listTargets(docker, { host: fleet.url }))).toEqual({
      kind: 'malformed',
      message: `GET ${fleet.url}/v1.24/containers/json: expected JSON, got text/html`,
    });
  });

  test("an engine's own words are passed on", async () => {
    const filters = [{ name: 'colour', values: ['red'] }];
    expect(await failure(listTargets(docker, { host: fleet.url, filters }))).toEqual({
      kind: 'status',
      status: 400,
      message: `GET ${fleet.url}/v1.41/containers/json: HTTP 400 Bad Request: Invalid filter 'colour'`,
    });
  });
});
