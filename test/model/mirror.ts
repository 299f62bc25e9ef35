import type { Step } from './explore.ts';
import { etagOf, type Setting, showList, step, type World } from './world.ts';

/** What the mirror does next: it lists, reads a manifest and its parts, or asks for a tombstone, and writes its disk. */
export function mirrorSteps(world: World, setting: Setting): readonly Step<World>[] {
  const { mirror, manifest, disk } = world;
  const go = (next: World['mirror'], change: Partial<World> = {}): World => ({
    ...world,
    ...change,
    mirror: next,
  });
  switch (mirror?.at) {
    case undefined:
      if (manifest === undefined)
        return disk === undefined
          ? []
          : [step('the mirror misses the file', go({ at: setting.tombstone ? 'tombstone' : 'remove' }))];
      return etagOf(manifest) === disk?.etag
        ? []
        : [step('the mirror lists a changed file', go({ at: 'manifest' }))];
    case 'manifest': {
      if (manifest === undefined) return [step('the mirror finds the file gone', go(undefined))];
      const label = `the mirror reads the file of version ${manifest.version}`;
      const isLater = disk === undefined || manifest.version > disk.version;
      // The same list, written anew.
      if (manifest.version === disk?.version)
        return [step(label, go(undefined, { disk: { ...disk, etag: etagOf(manifest) } }))];
      if (setting.comparedVersions && !isLater) return [step(label, go(undefined))];
      const at = manifest.parts.length === 0 ? 'apply' : 'part 0';
      return [step(label, go({ at, manifest, list: setting.shards === 1 ? manifest.list : 0 }))];
    }
    case 'part 0':
    case 'part 1': {
      const { parts = [] } = mirror.manifest ?? {};
      const isLast = mirror.at === 'part 1' || parts.length === 1;
      const name = parts[mirror.at === 'part 0' ? 0 : 1] ?? '';
      const content = world.parts[name];
      if (content === undefined) return [step(`the mirror misses part ${name}`, go(undefined))];
      const at = isLast ? 'apply' : 'part 1';
      return [
        step(`the mirror reads part ${name}`, go({ ...mirror, at, list: (mirror.list ?? 0) | content })),
      ];
    }
    case 'apply': {
      const { version = 0 } = mirror.manifest ?? {};
      const { list = 0 } = mirror;
      const isWhole = world.journal[version - 1]?.list === list;
      const isOlder = (disk?.version ?? 0) > version;
      const next = { version, list, etag: etagOf(mirror.manifest) };
      return [
        step(
          `the mirror writes version ${version}: ${showList(list)}`,
          go(undefined, { disk: next }),
          !isWhole
            ? 'a mirrored list is one committed version'
            : isOlder
              ? 'no list goes back in version'
              : undefined,
        ),
      ];
    }
    case 'tombstone': {
      const { tombstone } = world;
      const isGone = setting.comparedVersions ? tombstone > (disk?.version ?? 0) : tombstone > 0;
      const label = `the mirror reads the tombstone of version ${tombstone}`;
      return [step(label, go(isGone ? { at: 'remove' } : undefined))];
    }
    default: {
      const isRetired = world.tombstone > (disk?.version ?? 0);
      return [
        step(
          `the mirror removes the file of version ${disk?.version ?? 0}`,
          go(undefined, { disk: undefined }),
          isRetired ? undefined : 'a file is removed only for a tombstone of a higher version',
        ),
      ];
    }
  }
}
