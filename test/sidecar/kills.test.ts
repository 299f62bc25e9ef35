import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { type Random, seededRandom } from '../../lib/fleet/random.ts';
import { createFileStore } from '../../lib/store/file.ts';
import type { ObjectStore } from '../../lib/store/store.ts';
import { decodeFileSd, joinFileSd } from '../../lib/target/file-sd.ts';
import { compileCache } from '../support/process.ts';
import {
  cleanUpAfterEach,
  makeFolder,
  publish,
  roundIn,
  targets,
  temporaries,
  visibleFiles,
} from './world.ts';

cleanUpAfterEach();

/** How often the mirror is killed; MUSTER_KILLS=1000 is the bar that a release has to pass. */
const kills = Number(process.env.MUSTER_KILLS ?? 40);
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
      do {
        await world.change();
        changes += 1;
      } while (performance.now() < until);
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

/** Changes providers at random (new list, split in shards, gone, back), and knows all that they ever were. */
function publisher(store: ObjectStore, random: Random) {
  const current = new Map<string, string>();
  const published = new Map<string, Set<string>>(providers.map((provider) => [provider, new Set()]));
  let version = 0;
  const list = (shard: number) =>
    targets(...Array.from({ length: random.integer(1, 300) }, (_, at) => `v${version}-${shard}-${at}:1`));
  return {
    async change() {
      version += 1;
      const provider = random.pick(providers);
      if (provider === sharder) {
        const parts = [list(0), list(1), list(2)];
        for (const part of parts) published.get(provider)?.add(groupsOf(part).join());
        for (const [shard, part] of [...parts.entries()].reverse())
          await publish(store, { [`${provider}.${shard}.json`]: part });
        current.set(provider, Buffer.from(joinFileSd(parts.map((part) => Buffer.from(part)))).toString());
      } else if (random.chance(0.15) && current.size > 2 && current.delete(provider)) {
        await publish(store, { [`${provider}.json`]: undefined });
      } else {
        const text = list(0);
        published.get(provider)?.add(text);
        await publish(store, { [`${provider}.json`]: text });
        current.set(provider, text);
      }
    },
    current: () => Object.fromEntries([...current].map(([provider, text]) => [`${provider}.json`, text])),
    neverPublished(files: Readonly<Record<string, string>>) {
      const isKnown = (file: string, text: string) => {
        const provider = file.slice(0, -'.json'.length);
        const versions = published.get(provider);
        if (provider !== sharder) return versions?.has(text) === true;
        const parts = Map.groupBy(groupsOf(text), (group) => /v\d+-(\d)-/.exec(group)?.[1]);
        return parts.size === 3 && [...parts.values()].every((part) => versions?.has(part.join()) === true);
      };
      return Object.entries(files).flatMap(([file, text]) => (isKnown(file, text) ? [] : [file]));
    },
  };
}

/** Published in three shards, the first one last, as the cycle does: the mirror joins those that it finds. */
const sharder = 'db/consul-0';

/** The groups of a file; it must parse. */
function groupsOf(text: string): readonly string[] {
  return decodeFileSd(Buffer.from(text)).map((group) => JSON.stringify(group));
}
