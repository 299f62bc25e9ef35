import { watch } from 'node:fs';
import { mkdir, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { afterThisTest, cleanUpAfterEach, publish, round, syncedWorld, targets } from './world.ts';

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
  const { memory, path, folder } = await syncedWorld({
    'api/consul-0.json': targets('a:1'),
    'api/consul-1.json': targets('b:1'),
    'shards/kubernetes-0.0.json': targets('c:1'),
    'shards/kubernetes-0.1.json': targets('d:1'),
    'still/http-0.json': targets('e:1'),
  });
  const watched = ['api', 'shards', 'still', '.'].map((job) => watchFolder(join(path, job)));
  const settled = async () => {
    for (const { settle } of watched) await settle();
    return watched.map(({ events }) => events.splice(0));
  };

  await round(memory, folder);
  expect(await settled()).toEqual([[], [], [], []]);

  await publish(memory, { 'api/consul-0.json': targets('a:2') });
  await round(memory, folder);
  expect(await settled()).toEqual([['rename consul-0.json'], [], [], []]);

  await publish(memory, { 'shards/kubernetes-0.1.json': targets('d:2') });
  await round(memory, folder);
  expect(await settled()).toEqual([[], ['rename kubernetes-0.json'], [], []]);

  await publish(memory, { 'api/consul-1.json': undefined, 'api/consul-0.json': targets('a:2') });
  await round(memory, folder);
  expect(await settled()).toEqual([['rename consul-1.json'], [], [], []]);
});
