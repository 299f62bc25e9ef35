import { mkdir, open, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { createMemoryStore } from '../../lib/store/memory.ts';
import { readUsage } from '../bench/measure.ts';
import { addresses, fill, listOf, listText, retiredOf, storeId } from '../support/bucket.ts';
import { polled } from '../support/poll.ts';
import { startProcess } from '../support/process.ts';
import {
  afterThisTest,
  changed,
  cleanUpAfterEach,
  makeFolder,
  openTestFolder,
  publish,
  round,
  roundIn,
  summary,
  targets,
  temporaries,
  visibleFiles,
} from './world.ts';

cleanUpAfterEach();

/** A sound list of about so many MB, whose targets begin with the text. */
function large(megabytes: number, text: string): string {
  const labels = { note: 'x'.repeat(900) };
  const lines = Array.from({ length: megabytes * 1000 }, (_, index) =>
    JSON.stringify({ targets: [`${text}-${index}:80`], labels }),
  );
  return `[\n${lines.join(',\n')}\n]\n`;
}

/** As the mirror joins a list on disk. */
function largeText(version: number, lists: readonly (readonly string[])[]): string {
  const groups = lists.flat().map((address) => ({ targets: [address], labels: { from: 'test' } }));
  const mark = { targets: [], labels: { __muster_version: `${storeId}/${version}` } };
  return `[\n${[mark, ...groups].map((group) => JSON.stringify(group)).join(',\n')}\n]\n`;
}

describe('a file that is too large to be held', () => {
  test('is mirrored, found unchanged, replaced and removed like any other', async () => {
    const store = createMemoryStore();
    const path = await makeFolder();
    const folder = await openTestFolder(path);
    const mirror = async () => summary(await round(store, folder));
    const first = large(9, 'a');
    await publish(store, { 'api/consul-0.json': first, 'web/consul-0.json': targets('w:1') });
    expect(await mirror()).toEqual(changed('written web/consul-0.json', 'written api/consul-0.json'));
    expect((await visibleFiles(path))['api/consul-0.json'] === first).toBe(true);
    expect(await mirror()).toEqual(changed());
    const second = large(10, 'b');
    await publish(store, { 'api/consul-0.json': second });
    expect(await mirror()).toEqual(changed('written api/consul-0.json'));
    expect((await visibleFiles(path))['api/consul-0.json'] === second).toBe(true);
    const marked = listText(7, addresses(350_000));
    await publish(store, { 'api/consul-0.json': marked });
    expect(await mirror()).toEqual(changed('written api/consul-0.json'));
    await fill(store, retiredOf('api/consul-0', 8));
    expect(await mirror()).toEqual(changed('removed api/consul-0.json'));
    expect(await temporaries(path)).toEqual([]);
  });

  test('is joined out of its parts, of which only those that changed are fetched', async () => {
    const store = createMemoryStore();
    const path = await makeFolder();
    const [a, b, d] = ['a', 'b', 'd'].map((text) => ({ since: 1, list: addresses(100_000, text) }));
    if (a === undefined || b === undefined || d === undefined) throw new Error('three lists');
    await fill(store, listOf('api/consul-0', 1, [a, b]));
    expect((await roundIn(path, store)).bytes).toBeGreaterThan(9e6);
    const c = { since: 2, list: ['c:1'] };
    await fill(store, listOf('api/consul-0', 2, [a, c, { ...d, since: 2 }]));
    const { bytes } = await roundIn(path, store);
    expect((await visibleFiles(path))['api/consul-0.json']).toBe(largeText(2, [a.list, c.list, d.list]));
    expect(bytes).toBeLessThan(6e6);
    expect(await temporaries(path)).toEqual([]);
  });

  test('that turns out wrong at its end leaves its last good file, and nothing on the disk', async () => {
    const store = createMemoryStore();
    const path = await makeFolder();
    await publish(store, { 'api/consul-0.json': targets('good:1') });
    await roundIn(path, store);
    await publish(store, { 'api/consul-0.json': large(9, 'a').slice(0, -3) });
    expect(summary(await roundIn(path, store)).rejections).toEqual(['invalid targets/api/consul-0.json']);
    expect(await visibleFiles(path)).toEqual({ 'api/consul-0.json': targets('good:1') });
    expect(await temporaries(path)).toEqual([]);
  });
});

test('hostile objects, one of 210 MiB, are refused by name in little memory, while the rest is mirrored', async () => {
  const store = await makeFolder();
  const to = await makeFolder();
  await writeLarge(store, 'tiny/consul-0.json', 210, '[{}', ',{}', '!');
  await writeLarge(store, 'deep/consul-0.json', 20, '[', '[[[', '');
  await writeLarge(store, 'broad/consul-0.json', 20, '[{"a":1}', ',{"a":1}', ']');
  const good = targets('good:1');
  await mkdir(join(store, 'targets/good'), { recursive: true });
  await writeFile(join(store, 'targets/good/consul-0.json'), good);
  const sidecar = await startProcess({
    command: process.execPath,
    args: ([port]) => [
      ...['--max-old-space-size=128', join(import.meta.dirname, '../../lib/cli/main.ts')],
      ...['sync', '--from', store, '--to', to, '--listen', `127.0.0.1:${port}`],
      ...['--max-object-size', '230MiB'],
    ],
    ready: ([port]) => `http://127.0.0.1:${port}/healthz`,
    patience: 150_000,
  });
  afterThisTest(() => sidecar.stop());
  const metrics = async () => (await fetch(`http://127.0.0.1:${sidecar.ports[0]}/metrics`)).text();
  const refused = async () => (await metrics()).match(/^muster_sync_rejected_object_info.*$/gm);
  const told = ['broad', 'deep', 'tiny'].map(
    (job) => `muster_sync_rejected_object_info{reason="invalid",key="targets/${job}/consul-0.json"} 1`,
  );
  expect((await polled(async () => (await refused())?.sort(), told))?.sort()).toEqual(told);
  for (const job of ['broad', 'deep', 'tiny'])
    expect(sidecar.output()).toContain(`targets/${job}/consul-0.json is not`);
  expect(await readFile(join(to, 'good/consul-0.json'), 'utf8')).toBe(good);
  expect((await readUsage(sidecar.pid))?.memory).toBeLessThan(260);
});

/** An object of so many MiB. */
async function writeLarge(
  store: string,
  key: string,
  mebibytes: number,
  first: string,
  more: string,
  last: string,
): Promise<void> {
  const path = join(store, 'targets', key);
  await mkdir(join(path, '..'), { recursive: true });
  const file = await open(path, 'wx');
  const piece = more.repeat(Math.ceil(2 ** 20 / more.length));
  await file.writeFile(first);
  for (let mebibyte = 0; mebibyte < mebibytes; mebibyte++) await file.writeFile(piece);
  await file.writeFile(last);
  await file.close();
}
