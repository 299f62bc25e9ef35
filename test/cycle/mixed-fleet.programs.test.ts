import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createFileStore } from '../../lib/store/folder/store.ts';
import { copyCommand } from '../support/command.ts';
import { readGolden } from '../support/golden.ts';
import { openScenario, targets } from './scenario.ts';

/** The bundled commands: of the release before blocks, and of today. */
const commands = { old: '', new: '' };
let programs: string;
let backend: Server;
/** Targets that the backend lists for each job. */
const listed = new Map<string, number>();

beforeAll(async () => {
  programs = await mkdtemp(join(tmpdir(), 'muster-fleet-'));
  await mkdir(join(programs, 'new'));
  await copyCommand(join(programs, 'new'));
  commands.new = join(programs, 'new/muster.mjs');
  commands.old = join(programs, 'old.mjs');
  await writeFile(commands.old, readGolden('releases/0.1/muster.mjs'));
  backend = createServer((request, response) => {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(groups(request.url?.slice(1) ?? '')));
  });
  await new Promise<void>((resolve) => backend.listen(0, '127.0.0.1', resolve));
});
afterAll(async () => {
  backend.close();
  await rm(programs, { recursive: true, force: true });
});

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(programs, 'case-'));
  listed.clear();
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** Those of the job `large` have so much text that today's cycle keeps the list in blocks. */
function groups(job: string): readonly object[] {
  const filler = job === 'large' ? 'x'.repeat(4000) : 'x';
  return addresses(listed.get(job) ?? 0).map((address) => ({
    targets: [address],
    labels: { address, filler },
  }));
}

function addresses(count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `10.0.${index >> 8}.${index & 255}:80`);
}

type Age = keyof typeof commands;

/** Runs a command of this age in the folder. Never fails. */
function muster(age: Age, args: readonly string[]): Promise<{ code: number; errors: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [commands[age], ...args], { cwd: folder }, (error, _, errors) =>
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, errors }),
    );
  });
}

/** One cycle of each job: of the one named, with so many targets. */
async function cycle(age: Age, lists: Readonly<Record<string, number>>, settings: object = {}) {
  for (const [job, count] of Object.entries(lists)) listed.set(job, count);
  const address = backend.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const jobs = Object.keys(lists).map((job) => ({
    job_name: job,
    muster: settings,
    http_sd_configs: [{ url: `http://127.0.0.1:${port}/${job}` }],
  }));
  await writeFile(join(folder, 'muster.yml'), JSON.stringify({ store: './bucket', scrape_configs: jobs }));
  return muster(age, ['run', '-c', 'muster.yml']);
}

const mirror = (age: Age) => muster(age, ['sync', '--once', '--from', 'bucket', '--to', 'mirror']);

/** The addresses that Prometheus finds for a job. */
async function mirrored(job: string): Promise<readonly string[]> {
  const home = join(folder, 'mirror', job);
  const files = (await readdir(home)).filter((name) => name.endsWith('.json'));
  const texts = await Promise.all(files.map((name) => readFile(join(home, name), 'utf8')));
  const found: readonly { readonly targets: readonly string[] }[] = texts.flatMap((text) => JSON.parse(text));
  return found.flatMap(({ targets }) => targets).sort();
}

const sorted = (count: number) => addresses(count).toSorted();

/** Each object of the bucket with its digest, but for statuses, which every cycle writes. */
async function bucketDigests(): Promise<Readonly<Record<string, string>>> {
  const entries = await readdir(join(folder, 'bucket'), { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile() && !entry.name.startsWith('.'));
  const paths = files.map((entry) => join(entry.parentPath, entry.name)).sort();
  const digests = paths
    .filter((path) => !path.includes('/status/'))
    .map(
      async (path) =>
        [
          path,
          createHash('sha256')
            .update(await readFile(path))
            .digest('hex'),
        ] as const,
    );
  return Object.fromEntries(await Promise.all(digests));
}

describe('an older function and a newer sidecar', () => {
  test('all lists are mirrored, and what changes', async () => {
    expect((await cycle('old', { small: 20, large: 600 })).code).toBe(0);
    expect((await mirror('new')).code).toBe(0);
    expect([await mirrored('small'), await mirrored('large')]).toEqual([sorted(20), sorted(600)]);
    await cycle('old', { small: 21, large: 601 });
    await mirror('new');
    expect([await mirrored('small'), await mirrored('large')]).toEqual([sorted(21), sorted(601)]);
  });
});

describe('a newer function and an older sidecar', () => {
  test('short lists go on; of a list in blocks the last good file stays, and the log says why', async () => {
    await cycle('old', { small: 20, large: 600 });
    await mirror('old');
    await cycle('new', { small: 21, large: 601 });
    const { errors } = await mirror('old');
    expect(errors).toMatch(/targets\/large\/http-0\.manifest.*schema 2/);
    expect([await mirrored('small'), await mirrored('large')]).toEqual([sorted(21), sorted(600)]);
    // Its upgrade ends that.
    expect((await mirror('new')).code).toBe(0);
    expect(await mirrored('large')).toEqual(sorted(601));
  });
});

describe('an older function after a newer one', () => {
  test('goes on with short lists', async () => {
    await cycle('new', { small: 20 });
    await cycle('new', { small: 21 });
    expect((await cycle('old', { small: 22 })).code).toBe(0);
    await mirror('old');
    expect(await mirrored('small')).toEqual(sorted(22));
  });

  test('touches nothing of a list in blocks, and says so in one line; the newer one goes on', async () => {
    await cycle('new', { large: 600 });
    await mirror('new');
    const before = await bucketDigests();
    const { code, errors } = await cycle('old', { large: 601 });
    expect([code, errors.trim().split('\n').length]).toEqual([1, 1]);
    expect(errors).toMatch(/written by a newer Muster .*schema 3.*; nothing is changed/);
    expect(await bucketDigests()).toEqual(before);
    expect((await cycle('new', { large: 601 })).code).toBe(0);
    await mirror('new');
    expect(await mirrored('large')).toEqual(sorted(601));
  });

  test('goes on with a list in parts that one cycle with "shards: 1" made plain', async () => {
    await cycle('new', { small: 20 }, { shards: 3 });
    expect((await cycle('new', { small: 20 }, { shards: 1 })).code).toBe(0);
    expect((await cycle('old', { small: 21 })).code).toBe(0);
    await mirror('old');
    expect(await mirrored('small')).toEqual(sorted(21));
  });
});

describe('the bucket that the release before blocks left', () => {
  const recorded = join(import.meta.dirname, '../golden/buckets/0.1');
  const left = { pods: 410, 'shop%2Fweb': 61, held: 30, pinned: 12 };

  /** The addresses of each job of that bucket on the disk of Prometheus. */
  async function allMirrored(): Promise<Readonly<Record<string, readonly string[]>>> {
    const found = await readdir(join(folder, 'mirror'), { withFileTypes: true });
    const jobs = found.filter((one) => one.isDirectory() && !one.name.startsWith('.'));
    return Object.fromEntries(
      await Promise.all(jobs.map(async ({ name }) => [name, await mirrored(name)] as const)),
    );
  }

  const lists = (counts: Readonly<Record<string, number>>) =>
    Object.fromEntries(Object.entries(counts).map(([job, count]) => [job, sorted(count)]));

  beforeEach(() => cp(recorded, join(folder, 'bucket'), { recursive: true }));

  test('a newer sidecar mirrors all of it: in one object, in parts, held and pinned', async () => {
    expect((await mirror('new')).code).toBe(0);
    expect(await allMirrored()).toEqual(lists(left));
  });

  test('a newer function goes on with its lists, and an older sidecar follows each of them', async () => {
    expect((await mirror('old')).code).toBe(0);
    expect(await allMirrored()).toEqual(lists(left));
    const store = createFileStore(join(folder, 'bucket'));
    for (const [id, count] of [
      [{ job: 'pods', provider: 'kubernetes-0' }, 411],
      [{ job: 'shop/web', provider: 'consul-0' }, 62],
      [{ job: 'held', provider: 'consul-0' }, 5],
      [{ job: 'pinned', provider: 'consul-0' }, 20],
    ] as const) {
      const scenario = openScenario({ ...id, shards: 'auto' }, store);
      scenario.minutes = 11;
      await scenario.cycle(targets(0, count));
    }
    expect((await mirror('old')).code).toBe(0);
    // What is held still waits, and what is pinned stays.
    expect(await allMirrored()).toEqual(lists({ ...left, pods: 411, 'shop%2Fweb': 62 }));
  });
});
