import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type ConsulFleet, startConsulFleet } from '../../lib/sim/consul.ts';
import { createFileStore } from '../../lib/store/folder/store.ts';
import { smallWorld } from '../support/small-world.ts';
import { consulConfig, makeWorkplace, type Workplace } from '../support/workplace.ts';

let fleet: ConsulFleet;
beforeAll(async () => {
  fleet = await startConsulFleet({ seed: 'history', services: 0, instances: 0 });
});
afterAll(() => fleet?.stop());

const keyOf = (version: number) => `journal/api/consul-0/00000000000${version}.json.gz`;

/** A place with three versions, of which some are replaced by what is given. */
async function placeWith(replaced: Readonly<Record<number, Uint8Array>>): Promise<Workplace> {
  const place = await makeWorkplace({ ...consulConfig(fleet.url), store: 'store' });
  for (const count of [1, 2, 3]) {
    fleet.replace(smallWorld(count));
    await place.here(['run']);
  }
  const store = createFileStore(`${place.folder}/store`);
  for (const [version, body] of Object.entries(replaced))
    await store.put(keyOf(Number(version)), body, { condition: 'any' });
  await store[Symbol.asyncDispose]();
  return place;
}

const junk = Buffer.from('rubbish');
const newer = gzipSync('{"schema":3,"version":3,\n"added":[],\n"removed":[],\n"changed":[]}\n');
const history = ['history', '--job', 'api'];

describe('muster history', () => {
  test('names the entries that cannot be read, shows the rest, and is good', async () => {
    await using place = await placeWith({ 2: junk, 3: newer });
    const { code, stdout, stderr } = await place.here(history);
    const rows = stdout.split('\n').slice(1, -1);
    expect([
      code,
      rows.map((row) => row.split(/ +/).filter((_, column) => column !== 2 && column !== 8)),
    ]).toEqual([
      0,
      [
        ['consul-0', '3', 'unreadable', '-', '-', '-', '-'],
        ['consul-0', '2', 'unreadable', '-', '-', '-', '-'],
        ['consul-0', '1', 'discovered', '1', '+1', '-0', '~0'],
      ],
    ]);
    expect(stderr.split('\n')).toEqual([
      expect.stringMatching(`^muster history: ${keyOf(3)}: .* was written by a newer Muster \\(schema 3`),
      expect.stringMatching(`^muster history: ${keyOf(2)}: not gzip`),
      '',
    ]);
  });

  test('has them in its JSON, with their keys', async () => {
    await using place = await placeWith({ 2: junk });
    const { code, stdout } = await place.here([...history, '--output', 'json', '--limit', '2']);
    expect([code, JSON.parse(stdout)]).toEqual([
      0,
      [
        expect.objectContaining({ version: 3, summary: { added: 1, removed: 0, changed: 0 } }),
        {
          ...{ kind: 'version', job: 'api', provider: 'consul-0', version: 2, key: keyOf(2) },
          problem: expect.stringContaining('not gzip'),
        },
      ],
    ]);
  });

  test('exits with 1 where none can be read', async () => {
    await using place = await placeWith({ 2: junk });
    expect(await place.here([...history, '--show', '2'])).toEqual({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(`^muster history: ${keyOf(2)}: not gzip[^\n]*\n$`),
    });
    expect((await place.here([...history, '--show', '3'])).code).toBe(0);
  });
});
