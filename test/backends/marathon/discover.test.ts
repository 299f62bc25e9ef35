import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { marathon } from '../../../lib/backends/marathon/index.ts';
import { createCredentialReader } from '../../../lib/config/credentials.ts';
import { type MarathonFleet, startMarathonFleet } from '../../../lib/sim/marathon.ts';
import { encodeGroup } from '../../../lib/targets/canonical.ts';
import { listTargets } from '../../support/discover.ts';
import { failure } from '../../support/http-client.ts';

const size = { seed: 'discover', apps: 30 };

let fleets: readonly MarathonFleet[];
beforeEach(async () => {
  fleets = await Promise.all([0, 1, 2].map(() => startMarathonFleet({ ...size, token: 'root' })));
});
afterEach(() => Promise.all(fleets.map((fleet) => fleet.stop())));

const servers = () => fleets.map(({ url }) => url);
const list = (more: object = {}) =>
  listTargets(marathon, { servers: servers(), auth_token: 'root', ...more });

describe('apps', () => {
  test('each with tasks and ports is a group, and who this Marathon is, is asked after that', async () => {
    const [fleet] = fleets;
    const { groups, listed, warnings, progress } = await list({ servers: [fleet?.url] });
    const apps = fleet?.world().apps.filter(({ ports, tasks }) => ports.length * tasks.length > 0) ?? [];
    expect(groups.map(({ source, targets }) => [source, targets.length])).toEqual(
      apps.map(({ id, ports, tasks }) => [id, ports.length * tasks.length]),
    );
    expect(apps.length).toBeGreaterThan(15);
    expect({ listed, warnings, progress }).toEqual({
      listed: { backend: ['framework-discover'] },
      warnings: [],
      progress: [{ read: 30, total: 30 }],
    });
    expect(fleet?.requests.map(({ method, path, query }) => `${method} ${path}?${query}`)).toEqual([
      'GET /v2/apps?embed=apps.tasks',
      'GET /v2/info?',
    ]);
  });

  test('one that is removed, or loses its last task, is no group any more; the others are as before', async () => {
    const before = await list();
    const [gone, idle] = before.groups.map(({ source }) => source);
    for (const fleet of fleets)
      fleet.replace({
        apps: fleet
          .world()
          .apps.filter(({ id }) => id !== gone)
          .map((app) => (app.id === idle ? { ...app, tasks: [] } : app)),
      });
    expect((await list()).groups).toEqual(before.groups.slice(2));
  });

  test('none is an empty list, but an answer without a list of apps is none', async () => {
    for (const fleet of fleets) fleet.replace({ apps: [] });
    expect((await list()).groups).toEqual([]);
    for (const fleet of fleets) fleet.faults.add({ kind: 'json', value: { message: 'not yet' } });
    expect(await failure(list({ servers: servers().slice(0, 1) }))).toEqual({
      kind: 'malformed',
      message: `GET ${servers()[0]}/v2/apps: unexpected JSON: apps: expected array, received undefined`,
    });
  });

  test('null for no apps is an empty list, as Go reads it', async () => {
    for (const fleet of fleets) fleet.faults.add({ kind: 'json', value: { apps: null } });
    expect((await list()).groups).toEqual([]);
  });

  test('the same seed makes the same apps and the same churn, another one another', async () => {
    const [first, second, third] = fleets;
    if (!first || !second || !third) throw new Error('there are three');
    first.mutate(50);
    second.mutate(50);
    third.mutate(49);
    expect(second.world()).toEqual(first.world());
    expect(third.world()).not.toEqual(first.world());
    const texts = (await list({ servers: [first.url] })).groups.map((group) => encodeGroup(group).json);
    const again = (await list({ servers: [second.url] })).groups.map((group) => encodeGroup(group).json);
    expect(again).toEqual(texts);
  });
});

test.each([
  ['is too old to know', { kind: 'status', status: 404 }],
  ['refuses', { kind: 'status', status: 403 }],
  ['says something else', { kind: 'json', value: { name: 'marathon' } }],
] as const)('a Marathon that %s is unknown, and the listing is whole all the same', async (_, fault) => {
  const [fleet] = fleets;
  fleet?.faults.add(fault, { when: ({ path }) => path === '/v2/info' });
  const { groups, listed, warnings } = await list({ servers: [fleet?.url] });
  expect([groups.length > 15, listed, warnings]).toEqual([true, {}, []]);
});

describe('several servers', () => {
  test('each of them is the first one at some time, and only one is asked', async () => {
    for (let listing = 0; listing < 60; listing += 1) await list();
    const asked = fleets.map(({ requests }) => requests.filter(({ path }) => path === '/v2/apps').length);
    expect(asked.reduce((sum, each) => sum + each, 0)).toBe(60);
    // By chance alone, one of them is never asked in one of 10 thousand million runs.
    expect(asked.every((each) => each > 0)).toBe(true);
  });

  test('the next one is asked when one fails, and the operator is told', async () => {
    const [good, ...others] = fleets;
    const { groups } = await list({ servers: [good?.url] });
    for (const fleet of others) fleet.faults.add({ kind: 'status', status: 503 });
    const told = new Set<string>();
    for (let listing = 0; listing < 60; listing += 1) {
      const found = await list();
      expect(found.groups).toEqual(groups);
      for (const warning of found.warnings) told.add(warning);
    }
    const sorry = 'HTTP 503 Service Unavailable: simulated fault 503; another server answered';
    expect([...told].sort()).toEqual(others.map(({ url }) => `GET ${url}/v2/apps: ${sorry}`).sort());
  });

  test('when all fail, the listing does, and the error has them all', async () => {
    for (const fleet of fleets) fleet.faults.add({ kind: 'truncated' });
    const { kind, message } = await failure(list());
    expect(kind).toBe('malformed');
    for (const url of servers())
      expect(message).toContain(`GET ${url}/v2/apps: expected JSON, got JSON that breaks off after`);
    expect(message).toMatch(/^none of 3 servers answered: /);
    expect(fleets.map(({ requests }) => requests.length)).toEqual([1, 1, 1]);
  });
});

describe('the token', () => {
  const authorization = () =>
    fleets.flatMap(({ requests }) =>
      requests.filter(({ path }) => path === '/v2/apps').map(({ headers }) => headers.authorization),
    );

  test('goes as DC/OS wants it', async () => {
    await list();
    expect(authorization()).toEqual(['token=root']);
  });

  test('is read from its file in each listing', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'marathon-'));
    const readCredential = createCredentialReader({ directory: folder, env: { TOKEN: 'root' } });
    const stanza = (key: object) => ({ servers: servers().slice(0, 1), ...key });
    await writeFile(join(folder, 'token'), ' old\n');
    const old = await failure(
      listTargets(marathon, stanza({ auth_token_file: 'token' }), { http: { readCredential } }),
    );
    await writeFile(join(folder, 'token'), ' root\n');
    await listTargets(marathon, stanza({ auth_token_file: 'token' }), { http: { readCredential } });
    await listTargets(marathon, stanza({ auth_token_ref: 'env:TOKEN' }), { http: { readCredential } });
    await rm(folder, { recursive: true });
    expect(old.kind).toBe('denied');
    expect(authorization()).toEqual(['token=old', 'token=root', 'token=root']);
  });

  test('that is wrong is denied, and not shown', async () => {
    const { kind, message } = await failure(list({ auth_token: 'wr0ng-token' }));
    expect(kind).toBe('denied');
    expect(message).not.toContain('wr0ng');
  });
});
