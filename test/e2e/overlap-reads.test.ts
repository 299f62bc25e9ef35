import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type ConsulFleet, startConsulFleet } from '../../lib/sim/consul.ts';
import { openStore } from '../../lib/store/open.ts';
import { createS3Store } from '../../lib/store/s3/store.ts';
import type { ObjectStore } from '../../lib/store/store.ts';
import { encodeFileSd, readVersionMark } from '../../lib/targets/file-sd.ts';
import { repeats } from '../support/counts.ts';
import { type Moto, motoCredentials, startMoto } from '../support/moto.ts';
import { describeWithPrograms } from '../support/programs.ts';
import { type History, readHistory } from '../support/provider.ts';
import { makeWorkplace, type Workplace } from '../support/workplace.ts';

/** MUSTER_READS=1000 is what a release has to outlive. */
const wanted = repeats(150, 'MUSTER_READS');
/** Reads of each mirror at least, and versions that they have to meet so that a read is worth something. */
const enough = { reads: wanted, versions: Math.min(15, Math.ceil(wanted / 50)), kills: 5 };
/** Milliseconds after which a slow machine has done enough anyway. */
const longest = 240_000;
const shards = 3;

/**
 * `muster run` twice, and `muster dev`, at once and over and over on one store; half of them are killed at some moment.
 * The registry changes all the time. What is read meanwhile is the file of the killed `dev` and that of a sidecar that
 * lives.
 */
describeWithPrograms(
  'overlapping run and dev processes with kill -9, a list in three parts',
  ['moto'],
  () => {
    let fleet: ConsulFleet;
    let moto: Moto;
    beforeAll(async () => {
      fleet = await startConsulFleet({ seed: 'overlap', services: 30, instances: 90 });
      moto = await startMoto();
    });
    afterAll(async () => {
      await moto?.stop();
      await fleet?.stop();
    });

    test(
      'on a folder: each read of the mirror is one committed version, whole',
      async () => {
        await using place = await makeWorkplace();
        const location = join(place.folder, 'store');
        const store = openStore(location);
        await expectWholeReads(place, { fleet, store, location, env: {} });
        await store[Symbol.asyncDispose]();
      },
      longest + 60_000,
    );

    test(
      'on S3: each read of the mirror is one committed version, whole',
      async () => {
        await using place = await makeWorkplace();
        const bucket = await moto.createBucket();
        const { endpoint, env } = moto;
        const store = createS3Store({ bucket, endpoint, region: 'us-east-1', credentials: motoCredentials });
        await expectWholeReads(place, { fleet, store, location: `s3://${bucket}`, env });
        await store[Symbol.asyncDispose]();
      },
      longest + 60_000,
    );
  },
);

interface Setting {
  readonly fleet: ConsulFleet;
  /** The test's own view of the store. */
  readonly store: ObjectStore;
  /** The same for the command line. */
  readonly location: string;
  readonly env: Readonly<Record<string, string>>;
}

/** What was read: the content by its digest, and how often the mirrors were read. */
interface Readings {
  readonly contents: Map<string, Buffer>;
  readonly counts: Map<string, number>;
}

async function expectWholeReads(place: Workplace, setting: Setting): Promise<void> {
  const { fleet, store, location, env } = setting;
  await place.write('muster.yml', {
    store: location,
    scrape_configs: [
      {
        job_name: 'api',
        consul_sd_configs: [{ server: fleet.url, refresh_interval: '300ms' }],
        muster: { shards },
      },
    ],
  });
  const options = { env };
  await place.run(['run'], options);
  await using sidecar = place.start(
    ['sync', '--from', location, '--to', 'sidecar', '--interval', '150ms'],
    options,
  );
  await sidecar.waitFor(/target file written/);

  const readings: Readings = { contents: new Map(), counts: new Map() };
  const over = new AbortController();
  const tally = { kills: 0 };
  const storm = [
    churn(fleet, over.signal),
    ...[1, 2].map(() => runs(place, options, tally, over.signal)),
    devs(place, options, tally, over.signal),
    ...['sidecar', 'dev'].map((folder) => reads(join(place.folder, folder), readings, over.signal)),
  ];
  const giveUpAt = performance.now() + longest;
  const isEnough = () =>
    performance.now() > giveUpAt ||
    (['sidecar', 'dev'].every((folder) => readsOf(readings, place, folder) >= enough.reads) &&
      readings.contents.size >= enough.versions &&
      tally.kills >= enough.kills);
  while (!isEnough()) await sleep(100);
  over.abort();
  await Promise.all(storm);

  // Whatever the killed ones left half done, the next run heals.
  expect((await place.run(['run'], options)).code).toBe(0);
  const history = await readHistory(store);
  const known = new Map(
    history.lists.map((_, version) => [digestOf(fileOf(history, version)), version] as const),
  );
  const strange = [...readings.contents].filter(([digest]) => !known.has(digest));
  expect(strange.map(([, content]) => readVersionMark(content) ?? content.toString().slice(0, 200))).toEqual(
    [],
  );
  expect(readings.contents.size).toBeGreaterThan(1);
  expect(tally.kills).toBeGreaterThan(1);

  expect((await sidecar.stop()).code).toBe(0);
  expect((await place.run(['sync', '--from', location, '--to', 'sidecar', '--once'], options)).code).toBe(0);
  expect(await place.read('sidecar/api/consul-0.json')).toBe(fileOf(history, history.version).toString());
  const met = ['sidecar', 'dev'].map((folder) => readsOf(readings, place, folder)).join(' + ');
  process.stderr.write(
    `${location}: ${met} reads met ${readings.contents.size} of ${history.version} versions, ${tally.kills} processes killed\n`,
  );
}

/** The file of a version as every mirror joins it. */
function fileOf(history: History, version: number): Buffer {
  const list = history.lists[version] ?? new Map();
  return Buffer.from(encodeFileSd(list, { store: history.store, version }));
}

async function churn(fleet: ConsulFleet, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    fleet.mutate(2);
    await sleep(100);
  }
}

interface Options {
  readonly env: Readonly<Record<string, string>>;
}

/** One `muster run` after the other; every second one is killed somewhere on its way. */
async function runs(
  place: Workplace,
  options: Options,
  tally: { kills: number },
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    await using running = place.start(['run'], options);
    if (Math.random() < 0.5) {
      await running.ended;
      continue;
    }
    await Promise.race([sleep(300 + Math.random() * 2500), running.ended]);
    if ((await running.stop('SIGKILL')).code === 'SIGKILL') tally.kills += 1;
  }
}

/** One `muster dev` after the other; each is killed a while after it has begun to mirror. */
async function devs(
  place: Workplace,
  options: Options,
  tally: { kills: number },
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    await using dev = place.start(['dev', '--to', 'dev', '--listen', '127.0.0.1:0'], options);
    await dev.waitFor(/target file written/);
    await sleep(500 + Math.random() * 6000);
    if ((await dev.stop('SIGKILL')).code === 'SIGKILL') tally.kills += 1;
  }
}

/** Reads a mirror's file again and again, as Prometheus would. Once it is there it must always be. */
async function reads(folder: string, { contents, counts }: Readings, signal: AbortSignal): Promise<void> {
  const path = join(folder, 'api/consul-0.json');
  while (!signal.aborted) {
    await sleep(25);
    const content = await readFile(path).catch((error: unknown) => {
      if (counts.has(folder)) throw error;
    });
    if (content === undefined) continue;
    counts.set(folder, (counts.get(folder) ?? 0) + 1);
    contents.set(digestOf(content), content);
  }
}

function readsOf({ counts }: Readings, place: Workplace, folder: string): number {
  return counts.get(join(place.folder, folder)) ?? 0;
}

function digestOf(content: Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}
