import { expect, test } from '@jest/globals';
import { startConsulFleet } from '../../lib/sim/consul.ts';
import { consulConfig, makeWorkplace } from '../support/workplace.ts';

test('run, its dry run and history count targets alike, also of the first list', async () => {
  const fleet = await startConsulFleet({ seed: 'counts', services: 4, instances: 40 });
  try {
    await using place = await makeWorkplace(consulConfig(fleet.url));
    const dry = await place.here(['run', '--dry-run']);
    expect(dry.stdout).toMatch(/dry-run +0 +0 -> 40 +\+40 -0 ~0 targets/);
    const [result] = JSON.parse((await place.here(['run', '--output', 'json'])).stdout);
    const [entry] = JSON.parse(
      (await place.here(['history', '--job', result.job, '--output', 'json'])).stdout,
    );
    const counts = { added: 40, removed: 0, changed: 0 };
    expect([result.counts, entry.summary]).toEqual([counts, counts]);
  } finally {
    await fleet.stop();
  }
});
