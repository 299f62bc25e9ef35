import { describe, expect, test } from '@jest/globals';
import { type ClusterState, keyOf } from '../../../lib/sim/kubernetes/api/list.ts';
import { resources } from '../../../lib/sim/kubernetes/api/resources.ts';
import { encodeJson } from '../../../lib/sim/kubernetes/wire/json.ts';
import { encodeMessage } from '../../../lib/sim/kubernetes/wire/protobuf.ts';
import { stateOfWorld } from '../../../lib/sim/kubernetes/world/state.ts';
import { churnWorld, makeWorld } from '../../../lib/sim/kubernetes/world/world.ts';
import { seededRandom } from '../../../lib/sim/random.ts';
import { kinds } from '../../backends/kubernetes/recorded.ts';
import { decodeWhole } from '../../backends/kubernetes/whole-page.ts';
import { draws } from '../../support/counts.ts';
import { disposable } from './recorded-cluster.ts';

const all = Object.values(resources);

function objectsOf(state: ClusterState, name: (typeof all)[number]['name']) {
  const shelf = state.shelf(name);
  return Array.from({ length: shelf.size }, (_, position) => shelf.object(position));
}

describe('a cluster out of a seed', () => {
  test('is the same on every run, and another for another seed', () => {
    const text = (seed: string) =>
      all
        .map(({ name }) => encodeJson(objectsOf(stateOfWorld(makeWorld({ seed, pods: 80 })), name)))
        .join('');
    expect(text('one')).toBe(text('one'));
    expect(text('one')).not.toBe(text('two'));
  });

  test.each([1, 7, 100, 1000])('of %i pods has as many', (pods) => {
    expect(stateOfWorld(makeWorld({ seed: 'count', pods })).shelf('pods').size).toBe(pods);
  });

  test('lists objects in the order of their keys, each once, before and after changes', () => {
    for (const seed of Array.from({ length: draws(20) }, (_, each) => each)) {
      const world = makeWorld({ seed, pods: 150 });
      for (const state of [world, churnWorld(world, seededRandom(seed), 40).world].map(stateOfWorld))
        for (const { name } of all) {
          const shelf = state.shelf(name);
          const keys = objectsOf(state, name).map(keyOf);
          expect(keys).toEqual([...new Set(keys)].sort());
          expect(keys.map((_, position) => shelf.key(position))).toEqual(keys);
          expect(keys.map((key) => shelf.seek(key))).toEqual([...keys.keys()]);
          expect(keys.map((key) => shelf.seek(`${key}\0`))).toEqual(keys.map((_, position) => position + 1));
        }
    }
  });

  test('holds only what the encoders know, so that both encodings say the same', () => {
    for (const seed of Array.from({ length: draws(20) }, (_, each) => `both-${each}`)) {
      const state = stateOfWorld(makeWorld({ seed, pods: 60 }));
      for (const { name, message } of all)
        for (const object of objectsOf(state, name))
          expect(encodeMessage(message, object).length).toBeGreaterThan(0);
    }
  });

  test.each(kinds)('%s read the same from protobuf as from JSON', async (name, kind) => {
    await using fleet = await disposable({ seed: 'forms', pods: 60 });
    const { resource } = kind;
    const found = all.find((each) => each.name === resource);
    const path = found?.group ? `/apis/${found.group}/v1/${name}` : `/api/v1/${name}`;
    const pages = await Promise.all(
      ['application/json', 'application/vnd.kubernetes.protobuf'].map(async (accept) => {
        const response = await fetch(fleet.url + path, { headers: { accept } });
        return decodeWhole(kind, new Uint8Array(await response.arrayBuffer()), accept);
      }),
    );
    expect(pages[0]?.items.length).toBeGreaterThan(0);
    expect(pages[1]).toEqual(pages[0]);
  });

  test('pods are as large as real ones', () => {
    const state = stateOfWorld(makeWorld({ seed: 'size', pods: 800, workloads: 40, odd: 0.05 }));
    const pods = objectsOf(state, 'pods');
    const mean = (sizes: readonly number[]) => sizes.reduce((sum, size) => sum + size, 0) / sizes.length;
    const protobuf = mean(pods.map((pod) => encodeMessage(resources.pods.message, pod).length));
    const json = mean(pods.map((pod) => Buffer.byteLength(encodeJson(pod))));
    // The recorded ones have 7,178 and 9,690 bytes.
    expect([Math.round(protobuf / 2000), Math.round(json / 2500)]).toEqual([4, 4]);
  });
});

describe('changes', () => {
  test('are told in words, and each makes the version one higher', async () => {
    await using fleet = await disposable({ seed: 'churn', pods: 60 });
    const before = encodeJson([...fleet.objects('pods')]);
    const changes = fleet.mutate(8);
    expect([changes.length, fleet.resourceVersion()]).toEqual([8, 1008]);
    expect(
      changes.every((change) => /^(?:node )?[\w./-]+ (?:was|has|got|replaced|changed) /.test(change)),
    ).toBe(true);
    expect(encodeJson([...fleet.objects('pods')])).not.toBe(before);
  });

  test('leave the objects of other workloads as they were', () => {
    const world = makeWorld({ seed: 'few', pods: 400 });
    const { world: changed } = churnWorld(world, seededRandom(1), 1);
    const texts = (of: typeof world) => objectsOf(stateOfWorld(of), 'pods').map((pod) => encodeJson(pod));
    const known = new Set(texts(world));
    const fresh = texts(changed).filter((text) => !known.has(text));
    expect(fresh.length).toBeLessThan(60);
  });
});
