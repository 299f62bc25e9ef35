import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type ConsulFleet, startConsulFleet } from '../../lib/sim/consul.ts';
import { runHere } from '../support/io.ts';
import { smallWorld } from '../support/small-world.ts';
import { consulConfig, makeWorkplace, type Workplace } from '../support/workplace.ts';

const terminal = { outIsTerminal: true, errIsTerminal: true };

describe('on a terminal', () => {
  let fleet: ConsulFleet;
  let place: Workplace;
  let config: string[];
  beforeAll(async () => {
    fleet = await startConsulFleet({ seed: 'terminal', services: 0, instances: 0 });
    fleet.replace(smallWorld(1));
    place = await makeWorkplace(consulConfig(fleet.url));
    config = ['-c', join(place.folder, 'muster.yml')];
  });
  afterAll(async () => {
    await place?.[Symbol.asyncDispose]();
    await fleet?.stop();
  });

  test('the diff has colours, and elsewhere none', async () => {
    const args = ['run', '--dry-run', ...config];
    const [watched, piped, plain] = await Promise.all([
      runHere(args, terminal),
      runHere(args),
      runHere(args, { ...terminal, env: { NO_COLOR: '1' } }),
    ]);
    expect(watched.stdout.split('\n').at(-2)).toBe('\u001b[32m+ web-0 10.0.0.1:8000\u001b[0m');
    expect([piped, plain].map(({ stdout }) => stdout.split('\n').at(-2))).toEqual([
      '+ web-0 10.0.0.1:8000',
      '+ web-0 10.0.0.1:8000',
    ]);
  });

  test('progress is shown and cleared away, and elsewhere there is none', async () => {
    const args = ['targets', '--job', 'api', '--output', 'json', ...config];
    const [watched, piped] = await Promise.all([runHere(args, terminal), runHere(args)]);
    expect([watched.stderr, piped.stderr]).toEqual(['\r\u001b[Kapi/consul-0: 1 of 1 objects\r\u001b[K', '']);
    expect(watched.stdout).toBe(piped.stdout);
  });
});
