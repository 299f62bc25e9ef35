import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { type Random, seededRandom } from '../../lib/sim/random.ts';
import { createFileStore } from '../../lib/store/folder/store.ts';
import type { ObjectStore } from '../../lib/store/store.ts';
import { manifestKey, targetsKey } from '../../lib/targets/keys.ts';
import {
  addresses,
  fileOf,
  fill,
  idOf,
  joinedText,
  listOf,
  listText,
  retiredOf,
  statusOf,
} from '../support/bucket.ts';
import { repeats } from '../support/counts.ts';
import { compileCache } from '../support/process.ts';
import { cleanUpAfterEach, makeFolder, roundIn, temporaries, visibleFiles } from './world.ts';

cleanUpAfterEach();

/** How often the mirror is killed; MUSTER_KILLS=1000 is the bar that a release has to pass. */
const kills = repeats(15, 'MUSTER_KILLS');
const program = fileURLToPath(new URL('killed-sync.ts', import.meta.url));
const providers = ['api/consul-0', 'api/dns-0', 'web/consul-0', 'db/consul-0', 'gone%2Fagain/http-0'];

test(
  `${kills} × kill -9 while the bucket changes: each file in sight was published once, and a new start converges`,
  async () => {
    const random = seededRandom('kills');
    const bucket = join(await makeFolder(), 'bucket');
    const path = await makeFolder();
    const store = createFileStore(bucket);
    const world = publisher(store, random);
    await world.change();
    const strangers: string[] = [];
    let changes = 0;
    for (let kill = 0; kill < kills; kill += 1) {
      const child = spawn(process.execPath, [program, bucket, path], {
        stdio: ['ignore', 'pipe', 'inherit'],
        env: { ...process.env, ...compileCache },
      });
      const ended = once(child, 'exit');
      await once(child.stdout, 'data');
      const until = performance.now() + random.integer(0, 60);
      for (let change = 0; change < 2 || performance.now() < until; change += 1) {
        await world.change();
        changes += 1;
      }
      child.kill('SIGKILL');
      expect((await ended)[1]).toBe('SIGKILL');
      strangers.push(...world.neverPublished(await visibleFiles(path)).map((file) => `${kill}: ${file}`));
      expect((await roundIn(path, store)).errors).toEqual([]);
      expect(await visibleFiles(path)).toEqual(world.current());
      expect(await temporaries(path)).toEqual([]);
      await sleep(0);
    }
    expect(strangers).toEqual([]);
    expect(changes).toBeGreaterThan(kills);
  },
  60_000 + kills * 3000,
);

/** Changes providers at random (new list, in parts, retired, back), and knows all that they ever were. */
function publisher(store: ObjectStore, random: Random) {
  const current = new Map<string, string>();
  const published = new Map<string, Set<string>>(providers.map((provider) => [provider, new Set()]));
  const parts: { since: number; list: readonly string[] }[] = [0, 1, 2].map((part) => ({
    since: 1,
    list: [`p${part}:1`],
  }));
  let version = 0;
  const list = () => addresses(random.integer(1, 300), `v${version}`);
  const note = (provider: string, text: string) => {
    published.get(provider)?.add(text);
    current.set(provider, text);
  };
  return {
    async change() {
      version += 1;
      const provider = random.pick(providers);
      if (random.chance(0.15) && current.size > 2 && current.delete(provider)) {
        await fill(store, retiredOf(provider, version));
      } else if (provider === inParts) {
        // Parts first, the manifest last, as the cycle does: another part each time, the others stay.
        parts[version % 3] = { since: version, list: list() };
        const text = joinedText(
          version,
          parts.map((part) => part.list),
        );
        published.get(provider)?.add(text);
        await fill(store, listOf(provider, version, parts));
        note(provider, text);
      } else {
        const addressesNow = list();
        const text = listText(version, addressesNow);
        published.get(provider)?.add(text);
        await fill(store, fileOf(provider, version, addressesNow));
        note(provider, text);
      }
      await confirm(store, provider);
    },
    current: () => Object.fromEntries([...current].map(([provider, text]) => [`${provider}.json`, text])),
    neverPublished: (files: Readonly<Record<string, string>>) =>
      Object.entries(files).flatMap(([file, text]) =>
        published.get(file.slice(0, -'.json'.length))?.has(text) === true ? [] : [file],
      ),
  };
}

const inParts = 'db/consul-0';

/** The status that names what was published, as after each cycle: most targets go and come at random. */
async function confirm(store: ObjectStore, provider: string): Promise<void> {
  const keys = [targetsKey(idOf(provider)), manifestKey(idOf(provider))];
  const heads = await Promise.all(
    keys.map(async (key) => {
      const etag = (await store.head(key))?.etag;
      return etag === undefined ? [] : [{ key, etag }];
    }),
  );
  await fill(store, statusOf(provider, { files: heads.flat() }));
}
