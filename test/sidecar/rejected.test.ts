import { describe, expect, test } from '@jest/globals';
import { MusterError } from '../../lib/base/errors.ts';
import { watchStore, withStrangeKeys } from './counting-store.ts';
import {
  changed,
  cleanUpAfterEach,
  publish,
  round,
  summary,
  syncedWorld,
  targets,
  visibleFiles,
} from './world.ts';

cleanUpAfterEach();

const good = { 'api/consul-0.json': targets('a:1', 'b:1') };
const other = { 'web/consul-0.json': targets('y:1') };

describe('an object that must not be applied', () => {
  test.each([
    ['cut JSON', '[{"targets":["a'],
    ['an object', '{}'],
    ['a group that is null', '[null]'],
    ['targets that are numbers', '[{"targets":[1]}]'],
    ['broken UTF-8', Uint8Array.of(0x5b, 0xff, 0x5d)],
    ['no byte at all', ''],
    ['a byte order mark, which Prometheus refuses', '\ufeff[]'],
  ])('%s: its last good file stays, the others go on, and it is not fetched again', async (_, content) => {
    const { memory, store, reads, path, folder } = await syncedWorld({
      ...good,
      'web/consul-0.json': targets(),
    });
    await publish(memory, { 'api/consul-0.json': content, ...other });
    const first = await round(store, folder);
    expect(summary(first)).toEqual({
      changes: ['written web/consul-0.json'],
      rejections: ['invalid targets/api/consul-0.json'],
      errors: [],
    });
    expect(first.rejections[0]?.message).toMatch(
      /^targets\/api\/consul-0\.json is not file_sd JSON: .+; its last good file stays$/,
    );
    expect(await visibleFiles(path)).toEqual({ ...good, ...other });
    expect((await round(store, folder)).rejections).toEqual(first.rejections);
    expect(reads).toHaveLength(2);
    await publish(memory, { 'api/consul-0.json': targets('mended:1') });
    expect(summary(await round(store, folder))).toEqual(changed('written api/consul-0.json'));
  });

  test('the good content comes back: the rejection is over and nothing is written', async () => {
    const { memory, store, folder } = await syncedWorld(good);
    await publish(memory, { 'api/consul-0.json': 'rubbish' });
    expect(summary(await round(store, folder)).rejections).toEqual(['invalid targets/api/consul-0.json']);
    await publish(memory, good);
    expect(summary(await round(store, folder))).toEqual(changed());
  });

  test('a bad object that went is forgotten', async () => {
    const { memory, folder } = await syncedWorld(good);
    await publish(memory, { 'bad/consul-0.json': 'rubbish' });
    await round(memory, folder);
    expect([...folder.refused.keys()]).toEqual(['bad/consul-0.json']);
    await publish(memory, { 'bad/consul-0.json': undefined });
    expect(summary(await round(memory, folder))).toEqual(changed());
    expect(folder.refused.size).toBe(0);
  });

  test('one over the size limit is not even fetched', async () => {
    const { memory, store, reads, path, folder } = await syncedWorld(good);
    await publish(memory, { 'api/consul-0.json': targets('long'.repeat(100)) });
    const { rejections } = await round(store, folder, { maxObjectBytes: 200 });
    expect(rejections).toEqual([
      {
        key: 'targets/api/consul-0.json',
        reason: 'too-large',
        message:
          'targets/api/consul-0.json has 446 bytes, the limit is 200: raise the limit or split the provider; its last good file stays',
      },
    ]);
    expect(reads).toEqual([]);
    expect(await visibleFiles(path)).toEqual(good);
  });

  test('one that turns out too large while it is read', async () => {
    const { memory, path, folder } = await syncedWorld(good);
    await publish(memory, { 'api/consul-0.json': targets('z:1') });
    const { store } = watchStore(memory, {
      get: async () => {
        throw new MusterError('too-large', 'memory:targets/api/consul-0.json is over 200 bytes');
      },
    });
    expect(summary(await round(store, folder)).rejections).toEqual(['too-large targets/api/consul-0.json']);
    expect(await visibleFiles(path)).toEqual(good);
  });
});

describe('a key that must not become a path', () => {
  const strange = [
    'targets/../../escape/consul-0.json',
    'targets/../consul-0.json',
    'targets/./consul-0.json',
    'targets//consul-0.json',
    'targets//etc/consul-0.json',
    'targets/api/../../consul-0.json',
    'targets/.muster/consul-0.json',
    'targets/..%2F..%2Fescape/consul-0.json',
    'targets/%2E%2E/consul-0.json',
    'targets/a\u0000b/consul-0.json',
    'targets/a\nb/consul-0.json',
    'targets/a\\b/consul-0.json',
    'targets/api/consul-0.json/',
    'targets/api/',
    'targets/api/CON',
    'targets/api/consul-0.yml',
    `targets/${'x'.repeat(300)}/consul-0.json`,
    `targets/api/${'x'.repeat(300)}-0.json`,
  ];

  test.each(strange)('%j is told, not followed, and the rest is mirrored', async (key) => {
    const { memory, path, folder } = await syncedWorld(good);
    await publish(memory, other);
    const { store, reads } = watchStore(withStrangeKeys(memory, [key]));
    const done = await round(store, folder);
    expect(summary(done)).toEqual({
      changes: ['written web/consul-0.json'],
      rejections: [`key ${key}`],
      errors: [],
    });
    expect(done.rejections[0]?.message).toMatch(
      /^"[ -~…]+" is not a key that this version knows; no file is removed while it exists$/,
    );
    expect(reads).toEqual(['targets/web/consul-0.json']);
    expect(await visibleFiles(path)).toEqual({ ...good, ...other });
  });

  test('jobs that differ in case alone are two jobs where the file system tells them apart', async () => {
    const { memory, path, folder } = await syncedWorld(good);
    await publish(memory, { 'API/consul-0.json': targets('z:1') });
    expect(summary(await round(memory, folder))).toEqual(changed('written API/consul-0.json'));
    expect(await visibleFiles(path)).toEqual({ ...good, 'API/consul-0.json': targets('z:1') });
  });
});
