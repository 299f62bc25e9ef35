import type { Step } from './explore.ts';
import { etagOf, type Manifest, type Setting, showList, step, type World } from './world.ts';

/** What the mirror does next: it lists, reads a manifest and its parts, or asks for a tombstone, and writes its disk. */
export function mirrorSteps(world: World, setting: Setting): readonly Step<World>[] {
  const { mirror, manifest, file, disk } = world;
  const go = (next: World['mirror'], change: Partial<World> = {}): World => ({
    ...world,
    ...change,
    mirror: next,
  });
  const { listed = '' } = mirror ?? {};
  /** The world when the mirror has this object of those that it has read. */
  const judged = (found: Manifest | undefined): World => {
    if (found === undefined) return go(undefined);
    const etag = etagOf(found);
    // The same list, written anew.
    if (found.version === disk?.version) return go(undefined, { disk: { ...disk, etag, settled: listed } });
    if (setting.comparedVersions && disk !== undefined && found.version < disk.version) return go(undefined);
    const at = found.parts.length === 0 ? 'apply' : 'part 0';
    return go({ at, listed, manifest: found, list: found.form === 'file' ? found.list : 0 });
  };
  switch (mirror?.at) {
    case undefined: {
      const found = [manifest, file].filter((one) => one !== undefined);
      if (found.length === 0)
        return disk === undefined
          ? []
          : [step('the mirror misses the file', go({ at: setting.tombstone ? 'tombstone' : 'remove' }))];
      const listed = found.map(etagOf).join(' ');
      const isMadeOf = found.some((one) => etagOf(one) === disk?.etag);
      if (isMadeOf && (found.length === 1 || disk?.settled === listed)) return [];
      const at = manifest === undefined ? 'file' : 'manifest';
      return [step('the mirror lists a changed file', go({ at, listed }))];
    }
    case 'manifest': {
      const hasFile = mirror.listed?.includes('file') === true;
      const label = `the mirror reads the manifest of version ${manifest?.version ?? 0}`;
      if (hasFile) return [step(label, go({ ...mirror, at: 'file', manifest }))];
      return [step(label, judged(manifest))];
    }
    case 'file': {
      const label = `the mirror reads the file of version ${file?.version ?? 0}`;
      const inParts = mirror.manifest;
      if (file === undefined || inParts === undefined) return [step(label, judged(file ?? inParts))];
      const isHigher = file.version > inParts.version && setting.higherTaken;
      return [step(label, judged(isHigher ? file : inParts))];
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
      const next = { version, list, etag: etagOf(mirror.manifest), settled: listed };
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
