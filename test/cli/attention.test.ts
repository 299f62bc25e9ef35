import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { acceptCommand, quoted, retireCommand } from '../../lib/cycle/hints.ts';
import type { Status } from '../../lib/cycle/status.ts';
import { type ConsulFleet, startConsulFleet } from '../../lib/sim/consul.ts';
import { smallWorld } from '../support/small-world.ts';
import { consulConfig, makeWorkplace, type Workplace } from '../support/workplace.ts';

let fleet: ConsulFleet;
beforeAll(async () => {
  fleet = await startConsulFleet({ seed: 'attention', services: 0, instances: 0 });
});
afterAll(() => fleet?.stop());

const path = 'store/status/api/consul-0.json';

async function placeWith(...counts: readonly number[]): Promise<Workplace> {
  const place = await makeWorkplace({ ...consulConfig(fleet.url), store: 'store' });
  for (const count of counts) {
    fleet.replace(smallWorld(count));
    await place.here(['run']);
  }
  return place;
}

async function change(place: Workplace, fields: Partial<Status> | { readonly schema: number }) {
  await place.write(path, { ...JSON.parse(await place.read(path)), ...fields });
}

/** Exit code of --check, and the state of the only provider. */
async function check(place: Workplace): Promise<readonly [number, string]> {
  const { code, stdout } = await place.here(['status', '--check']);
  const row = stdout.split('\n')[1] ?? '';
  return [code, row.split(/ {2,}/).slice(6).join('')];
}

describe('muster status', () => {
  test('has the whole command that lets go what is held, and it does', async () => {
    await using place = await placeWith(12, 4);
    const [code, state] = await check(place);
    expect([code, state]).toEqual([
      1,
      expect.stringMatching(
        /^held: the listing fell from 12 to 4 targets: .*; muster accept --job api --provider consul-0$/,
      ),
    ]);
    const command = state.replace(/^.*; muster /, '').split(' ');
    expect((await place.here(command)).code).toBe(0);
    await place.here(['run']);
    expect(await check(place)).toEqual([0, 'ok']);
  });

  test('says what left after a hold that nobody accepted, and counts it as not ok', async () => {
    await using place = await placeWith(3);
    await change(place, { confirmed: { at: new Date().toISOString(), targets: 7 } });
    expect(await check(place)).toEqual([
      1,
      '7 targets left after a hold that nobody accepted; muster history --job api --provider consul-0 shows which',
    ]);
  });

  test('says what was damaged, and counts it as not ok', async () => {
    await using place = await placeWith(3);
    await change(place, { damaged: { at: new Date().toISOString(), message: 'the snapshot is not gzip' } });
    expect(await check(place)).toEqual([
      1,
      'the store was damaged, and mended as far as it could be: the snapshot is not gzip; muster history --job api --provider consul-0 shows what it has',
    ]);
  });

  test('names the command for what left the configuration, which is ok while it waits, and not while it is held', async () => {
    await using place = await placeWith(3);
    await place.write('muster.yml', 'store: store\nscrape_configs: []\n');
    const at = new Date().toISOString();
    const retiring = { since: at, waited_seconds: 0, looked: at };
    await change(place, { retiring });
    expect(await check(place)).toEqual([
      0,
      'left the configuration, will be retired after retire_after; muster retire api --provider consul-0',
    ]);
    await change(place, { retiring: { ...retiring, held: '3 of 3 published targets would be retired' } });
    expect(await check(place)).toEqual([
      1,
      'left the configuration, not retired: 3 of 3 published targets would be retired; muster accept --retired',
    ]);
    await change(place, { retiring, pinned: { since: at, by: 'ann', why: 'the registry moves' } });
    expect(await check(place)).toEqual([
      1,
      'left the configuration, not retired before the pin ends: the list is pinned by ann (the registry moves) until it is unpinned; muster unpin api --provider consul-0',
    ]);
  });

  test('tells of a status that a later Muster wrote', async () => {
    await using place = await placeWith(3);
    await change(place, { schema: 2 });
    const [code, state] = await check(place);
    expect([code, state]).toEqual([1, expect.stringContaining('was written by a newer Muster (schema 2')]);
  });
});

test('commands can be pasted, whatever the job is called', () => {
  expect(["it's", 'a b', 'plain/1', '$HOME'].map(quoted)).toEqual([
    `'it'\\''s'`,
    `'a b'`,
    'plain/1',
    `'$HOME'`,
  ]);
  const odd = { job: '-x', provider: 'dns-0' };
  expect([acceptCommand(odd), retireCommand(odd)]).toEqual([
    'muster accept --job=-x --provider dns-0',
    'muster retire --provider dns-0 -- -x',
  ]);
});
