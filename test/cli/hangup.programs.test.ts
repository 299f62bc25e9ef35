import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type ConsulFleet, startConsulFleet } from '../../lib/sim/consul.ts';
import { createFileStore } from '../../lib/store/folder/store.ts';
import { smallWorld } from '../support/small-world.ts';
import { consulConfig, makeWorkplace } from '../support/workplace.ts';

describe('SIGHUP', () => {
  let fleet: ConsulFleet;
  beforeAll(async () => {
    fleet = await startConsulFleet({ seed: 'hangup', services: 0, instances: 0 });
    fleet.replace(smallWorld(2));
  });
  afterAll(() => fleet?.stop());

  test('makes dev read its configuration at once, and ends nothing', async () => {
    await using place = await makeWorkplace(consulConfig(fleet.url));
    await using dev = place.start(['dev', '--listen', '127.0.0.1:0', '--log-format', 'json']);
    await dev.waitFor(/"outcome":"published"/);
    await writeFile(
      join(place.folder, 'muster.yml'),
      `scrape_configs: [{ job_name: other, consul_sd_configs: [{ server: '${fleet.url}' }] }]\n`,
    );
    dev.signal('SIGHUP');
    await dev.waitFor(
      /"msg":"the configuration is read again"[\s\S]*"msg":"the new configuration is in force"/,
    );
    const { code, stderr } = await dev.stop('SIGTERM');
    const lines = stderr
      .trim()
      .split('\n')
      .map((line): unknown => JSON.parse(line));
    expect([code, lines[0]]).toEqual([
      0,
      expect.objectContaining({ level: 'info', msg: 'started', muster: expect.stringMatching(/^\d/) }),
    ]);
  });

  test('makes sync do a round at once', async () => {
    await using place = await makeWorkplace();
    const store = createFileStore(join(place.folder, 'store'));
    const put = (text: string) =>
      store.put('targets/api/dns-0.json', Buffer.from(text), { condition: 'any' });
    await put('[{"targets":["a:1"]}]');
    await using sync = place.start(['sync', '--from', 'store', '--to', 'to', '--interval', '1h']);
    await sync.waitFor(/target file written/);
    await put('[{"targets":["a:1","b:1"]}]');
    sync.signal('SIGHUP');
    await sync.waitFor(/the stores are read again[\s\S]*target file written/);
    expect((await sync.stop('SIGTERM')).code).toBe(0);
  });
});
