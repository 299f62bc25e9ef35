import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { backendFrom, loadBackendFile } from '../../lib/backends/foreign.ts';
import { bindMechanism } from '../../lib/backends/mechanism.ts';
import { MusterError, toMusterError } from '../../lib/base/errors.ts';
import { loadConfig, parseConfig } from '../../lib/config/load.ts';
import {
  bool,
  defineBackend,
  duration,
  int,
  oneOf,
  optional,
  text,
  textList,
  url,
} from '../../lib/library/backend.ts';
import { failure } from '../../lib/store/contract/probe.ts';
import { makeWorkplace } from '../support/workplace.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'muster-foreign-'));
});
afterAll(() => rm(folder, { recursive: true }));

const plain = {
  name: 'inventory',
  fields: { server: url('http://localhost:8080'), rack: optional(text()) },
  server: ({ server }: { readonly server: string }) => server,
  async *list() {},
};

/** A file whose export has these parts, and what loading it comes to. */
async function loading(name: string, code: string): Promise<{ kind: string; message: string }> {
  await writeFile(join(folder, `${name}.mjs`), code);
  return failure(loadBackendFile(`./${name}.mjs`, folder));
}

describe('a file of backends', () => {
  test.each([
    ['is no JavaScript', 'export default', 'cannot be loaded: Unexpected end of input'],
    ['throws', "throw new Error('no\\nluck')", 'cannot be loaded: no luck'],
    ['exports nothing', '', 'is no backend: its default export'],
    ['exports half a backend', 'export default { api: 1, name: "x", fields: {} }', 'is no backend: refresh'],
    ['is of another version', 'export default { api: 2 }', 'is no backend: api must be 1'],
  ])('that %s is refused with its reason', async (name, code, message) => {
    expect(await loading(name.replace(/ /g, '-'), code)).toMatchObject({
      kind: 'config',
      message: expect.stringContaining(message),
    });
  });

  test.each(['https://example.com/x.mjs', 'data:text/javascript,0', 'node:fs', 's3://bucket/x.mjs'])(
    'is a file on this machine, not %s',
    async (path) => {
      expect(await failure(loadBackendFile(path, folder))).toMatchObject({
        kind: 'config',
        message: 'must be the path of a file on this machine, as in ./my-backend.mjs',
      });
    },
  );

  test('that is missing is named so', async () => {
    expect(await failure(loadBackendFile('./nowhere.mjs', folder))).toMatchObject({
      message: 'cannot be loaded: there is no such file',
    });
  });

  test.each(['consul', 'gce', 'static', 'Big', 'a-b'])('cannot be called %s', (name) => {
    expect(() => backendFrom(defineBackend({ ...plain, name }))).toThrow(
      /cannot be called|must be lower-case/,
    );
  });

  test.each(['refresh_interval', 'muster', 'tls_config', 'authorization'])('cannot have a key %s', (key) => {
    expect(() =>
      backendFrom(defineBackend({ ...plain, fields: { ...plain.fields, [key]: text() } })),
    ).toThrow(`cannot have a key ${key}`);
  });
});

describe('a configuration that names one', () => {
  const jobs = '\nscrape_configs: [{ job_name: a, inventory_sd_configs: [{}] }]\n';
  const load = async (location: string, text: string) => {
    const loadBackend = async () => bindMechanism(backendFrom(defineBackend(plain)));
    const readUrl = async () => text;
    return loadConfig({ location, mechanisms: [], loadBackend, readUrl });
  };

  test('is refused where it is no file of this machine', async () => {
    const code = await load('s3://bucket/muster.yml', `backends: [./x.mjs]${jobs}`).catch(toMusterError);
    expect(code).toMatchObject({
      kind: 'config',
      message: expect.stringContaining(
        'backends[0]: is code, which is loaded from files on this machine only: name it in a configuration that is such a file',
      ),
    });
  });

  test('says where the backend is wrong, and nothing else', async () => {
    await using place = await makeWorkplace();
    await writeFile(join(place.folder, 'muster.yml'), `backends: [./x.mjs]${jobs}`);
    const { code, stderr } = await place.run(['check', '--offline']);
    expect([code, stderr]).toEqual([
      2,
      'muster.yml:1:12 backends[0]: cannot be loaded: there is no such file\nmuster check: 1 problem in muster.yml\n',
    ]);
  });

  test('has the stanzas of an unknown one left alone by a program that loads none, and counts them', () => {
    const reader = bindMechanism(backendFrom(defineBackend(plain)));
    const { jobs: found } = parseConfig(`backends: [./x.mjs]${jobs}`, {
      ...{ origin: 'muster.yml', directory: '/', mechanisms: [] },
      readForeign: (name) => ({ ...reader, name }),
    });
    expect(found.map(({ name, providers }) => [name, providers.map((one) => one.name)])).toEqual([
      ['a', ['inventory-0']],
    ]);
  });
});

describe('its stanza', () => {
  const mechanism = backendFrom(
    defineBackend({
      name: 'typed',
      refresh: '10s',
      fields: {
        server: url(),
        size: int({ min: 1, max: 5 }, 2),
        wait: duration('5s', { check: (ms) => (ms > 10_000 ? 'must be 10s at most' : undefined) }),
        fast: bool(false),
        kind: oneOf(['a', 'b'], 'a'),
        rack: optional(text()),
        tags: textList(),
      },
      server: ({ server }) => server,
      async *list() {},
    }),
  );

  test('has defaults, and values of its types', () => {
    expect(mechanism.schema.parse({ server: 'http://x/', wait: '1s', tags: ['t'] })).toMatchObject({
      refresh_interval: 10_000,
      own: { server: 'http://x', size: 2, wait: 1000, fast: false, kind: 'a', tags: ['t'] },
    });
  });

  test.each([
    [{}, 'server'],
    [{ server: 'ftp://x' }, 'server'],
    [{ server: 'http://x', size: 6 }, 'size'],
    [{ server: 'http://x', wait: '11s' }, 'wait'],
    [{ server: 'http://x', kind: 'c' }, 'kind'],
    [{ server: 'http://x', bearer_token: 'a', basic_auth: { username: 'b' } }, 'basic_auth'],
  ])('%j is wrong at %s', (stanza, key) => {
    const { error } = mechanism.schema.safeParse(stanza);
    expect(error?.issues.map(({ path }) => path[0])).toContain(key);
  });
});

describe('its listing', () => {
  async function list(groups: () => AsyncIterable<unknown>, signal = new AbortController().signal) {
    const { schema, discover } = backendFrom({ ...defineBackend(plain), list: groups });
    const client = { request: refuse, read: refuse, getJson: refuse, async [Symbol.asyncDispose]() {} };
    const input = { signal, openHttp: async () => client, readCredential: refuse, warn: () => undefined };
    const found: unknown[] = [];
    for await (const batch of discover(schema.parse({}), input)) found.push(...batch);
    return found;
  }
  const refuse = () => Promise.reject(new Error('nobody asks'));

  test('takes addresses and labels, and gives target groups', async () => {
    const found = await list(async function* () {
      yield { source: 'a', labels: { rack: 'r' }, targets: ['h:1', { __address__: 'h:2', x: 'y' }] };
      yield { source: 'b', targets: [] };
    });
    expect(found).toEqual([
      {
        source: 'a',
        labels: { rack: 'r' },
        targets: [{ __address__: 'h:1' }, { __address__: 'h:2', x: 'y' }],
      },
      { source: 'b', labels: {}, targets: [] },
    ]);
  });

  test.each([
    ['no source', { targets: [] }, 'source'],
    ['a number for a label', { source: 'a', labels: { x: 1 }, targets: [] }, 'labels.x'],
    ['a target without an address', { source: 'a', targets: [{ x: 'y' }] }, 'targets.0 has no __address__'],
    ['a list of nothing', undefined, 'expected object'],
  ])('fails of a group with %s', async (_, group, message) => {
    const call = list(async function* () {
      yield group;
    });
    expect(await failure(call)).toMatchObject({
      kind: 'malformed',
      message: expect.stringContaining(message),
    });
  });

  test('keeps the kind of an error, from whatever copy of Muster, and counts any other as malformed', async () => {
    const throwing = (error: Error) =>
      failure(
        list(async function* () {
          yield await Promise.reject(error);
        }),
      );
    const foreign = Object.assign(new Error('away'), { name: 'MusterError', kind: 'unreachable' });
    expect([
      await throwing(new MusterError('denied', 'no')),
      await throwing(foreign),
      await throwing(new TypeError('undefined is not a function')),
    ]).toMatchObject([
      { kind: 'denied', message: 'no' },
      { kind: 'unreachable', message: 'away' },
      { kind: 'malformed', message: 'the backend inventory failed: undefined is not a function' },
    ]);
  });

  test('ends at its deadline, also where the backend does not heed it', async () => {
    const call = list(async function* () {
      yield { source: 'a', targets: [] };
      await new Promise(() => undefined);
    }, AbortSignal.timeout(50));
    expect(await failure(call)).toEqual(
      expect.objectContaining({
        kind: 'timeout',
        message: 'the deadline passed while the backend inventory was listing',
      }),
    );
  });
});
