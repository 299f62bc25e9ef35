import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createFileStore } from '../../lib/store/folder/store.ts';
import { fileOf, fill } from '../support/bucket.ts';
import { polled } from '../support/poll.ts';
import { describeWithPrograms } from '../support/programs.ts';
import { type Prometheus, startPrometheus } from '../support/prometheus.ts';
import { makeWorkplace, type Workplace } from '../support/workplace.ts';

/** Providers that get one file for all of them, each with an event, and those that change together. */
const size = { moved: 100, all: 1000 };

/** Each test goes on from where the one before it ended. */
describeWithPrograms('a job of 1,000 providers, in a real Prometheus', ['prometheus'], () => {
  let place: Workplace;
  let prometheus: Prometheus;

  beforeAll(async () => {
    place = await makeWorkplace();
    await publish(1, size.moved);
    expect((await sync('--files', 'provider')).code).toBe(0);
    prometheus = await startPrometheus({
      global: { scrape_interval: '1h' },
      scrape_configs: [
        {
          job_name: 'api',
          // Only what happens in the folder leads to a scan, not the clock.
          file_sd_configs: [{ files: [join(place.folder, 'targets/api/*.json')], refresh_interval: '1h' }],
        },
      ],
    });
  });
  afterAll(async () => {
    await prometheus?.stop();
    await place?.[Symbol.asyncDispose]();
  });

  const sync = (...args: readonly string[]) =>
    place.run(['sync', '--from', 'store', '--to', 'targets', '--once', ...args]);
  const scans = () => prometheus.ownMetric('prometheus_sd_file_scan_duration_seconds_count');
  const addresses = async () =>
    (await prometheus.targets()).activeTargets
      .map(({ discoveredLabels }) => discoveredLabels.__address__)
      .sort();
  const addressOf = (index: number, version: number) => `127.0.0.1:${index + 10_000 * version}`;
  const published = (version: number, providers: number) =>
    Array.from({ length: providers }, (_, index) => addressOf(index, version)).sort();

  async function publish(version: number, providers: number) {
    const store = createFileStore(join(place.folder, 'store'));
    for (let index = 0; index < providers; index += 1)
      await fill(store, fileOf(`api/consul-${index}`, version, [addressOf(index, version)]));
    await store[Symbol.asyncDispose]();
  }

  test('the move to one file is without a moment in which a target is missing or scraped twice', async () => {
    expect(await polled(addresses, published(1, size.moved))).toEqual(published(1, size.moved));
    const counts = new Set<number>();
    let moving = true;
    const watch = async () => {
      while (moving) counts.add((await prometheus.targets()).activeTargets.length);
    };
    const watching = watch();
    expect((await sync()).code).toBe(0);
    expect(await place.files('targets')).toEqual(['api/all.json']);
    const quiet = async () => {
      const before = await scans();
      await new Promise((resolve) => setTimeout(resolve, 1000));
      return (await scans()) === before;
    };
    expect(await polled(quiet, true)).toBe(true);
    moving = false;
    await watching;
    expect([...counts]).toEqual([size.moved]);
    expect(await addresses()).toEqual(published(1, size.moved));
  });

  test('all of them change, and Prometheus reads its files once', async () => {
    for (const [index, version] of [2, 3].entries()) {
      const before = await scans();
      await publish(version, size.all);
      expect((await sync()).code).toBe(0);
      expect(await polled(addresses, published(version, size.all))).toEqual(published(version, size.all));
      expect({ index, scans: (await scans()) - before }).toEqual({ index, scans: 1 });
    }
  });
});
