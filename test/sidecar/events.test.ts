import { watch } from 'node:fs';
import { mkdir, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { createMemoryStore } from '../../lib/store/memory.ts';
import { fileOf, fill, listOf, retiredOf } from '../support/bucket.ts';
import { afterThisTest, cleanUpAfterEach, makeFolder, openTestFolder, round } from './world.ts';

cleanUpAfterEach();

/** Events of a folder, as a watcher in it gets them; `settle` waits until a mark of our own has come through. */
function watchFolder(path: string): { readonly events: string[]; readonly settle: () => Promise<void> } {
  const events: string[] = [];
  let marks = 0;
  let onMark = () => {};
  const watcher = watch(path, (event, name) => {
    // That an older mark went away is told late, perhaps.
    if (name === `mark-${marks}`) onMark();
    else if (!name?.startsWith('mark-')) events.push(`${event} ${name}`);
  });
  afterThisTest(() => watcher.close());
  const settle = async () => {
    const seen = new Promise<void>((resolve) => {
      onMark = resolve;
    });
    const mark = join(path, `mark-${++marks}`);
    await mkdir(mark);
    await seen;
    await rmdir(mark);
  };
  return { events, settle };
}

test('one changed provider is one event in the folder of its job, and none elsewhere', async () => {
  const memory = createMemoryStore();
  const part = { since: 1, list: ['c:1'] };
  await fill(
    memory,
    fileOf('api/consul-0', 1, ['a:1']),
    fileOf('api/consul-1', 1, ['b:1']),
    listOf('parts/kubernetes-0', 1, [part, { since: 1, list: ['d:1'] }]),
    fileOf('still/http-0', 1, ['e:1']),
  );
  const path = await makeFolder();
  const folder = await openTestFolder(path);
  await round(memory, folder);
  const watched = ['api', 'parts', 'still', '.'].map((job) => watchFolder(join(path, job)));
  const settled = async () => {
    for (const { settle } of watched) await settle();
    return watched.map(({ events }) => events.splice(0));
  };

  await round(memory, folder);
  expect(await settled()).toEqual([[], [], [], []]);

  await fill(memory, fileOf('api/consul-0', 2, ['a:2']));
  await round(memory, folder);
  expect(await settled()).toEqual([['rename consul-0.json'], [], [], []]);

  await fill(memory, listOf('parts/kubernetes-0', 2, [part, { since: 2, list: ['d:2'] }]));
  await round(memory, folder);
  expect(await settled()).toEqual([[], ['rename kubernetes-0.json'], [], []]);

  await fill(memory, retiredOf('api/consul-1', 2), { 'targets/api/consul-1.json': undefined });
  await round(memory, folder);
  expect(await settled()).toEqual([['rename consul-1.json'], [], [], []]);
});
