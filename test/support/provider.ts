import { type BlockLimits, fetchTexts } from '../../lib/cycle/blocks.ts';
import { decodeJournalEntry } from '../../lib/cycle/journal.ts';
import { readStoreDocument } from '../../lib/cycle/ownership.ts';
import type { CycleInput, Provider } from '../../lib/cycle/provider.ts';
import { decodeSnapshot } from '../../lib/cycle/snapshot.ts';
import { readStatus } from '../../lib/cycle/status.ts';
import type { ObjectStore, StoredObject } from '../../lib/store/store.ts';
import type { Groups } from '../../lib/targets/canonical.ts';
import { applyChange } from '../../lib/targets/diff.ts';
import { encodeFileSd } from '../../lib/targets/file-sd.ts';
import type { TargetGroup } from '../../lib/targets/group.ts';
import {
  journalFolder,
  journalKey,
  type ProviderId,
  snapshotKey,
  targetsKey,
} from '../../lib/targets/keys.ts';

export const id: ProviderId = { job: 'api', provider: 'consul-0' };

/** Blocks of three groups or so, for the smallest list. */
export const smallBlocks: BlockLimits = { inline: 0, groups: 3, least: 0, most: 1000 };

/** How lists are kept, for tests that are to hold for each way. */
export const layouts = [
  ['one object', undefined],
  ['blocks', smallBlocks],
] as const;

/** Groups `<prefix>0 … <prefix>n-1` of one target each; `value` is a label by which versions are told apart. */
export function listing(count: number, value = '', prefix = 'g'): TargetGroup[] {
  return Array.from({ length: count }, (_, index) => ({
    source: `${prefix}${index}`,
    labels: { __meta_value: value },
    targets: [{ __address__: `10.0.${index >> 8}.${index & 255}:80` }],
  }));
}

/** A provider which finds what `find` gives at the time it is asked. */
export function providerOf(
  find: () => readonly TargetGroup[] | Promise<readonly TargetGroup[]>,
  options: Partial<Omit<Provider, 'discover'>> = {},
): Provider {
  return {
    ...id,
    guard: {
      max_removed: 0.5,
      min_targets: 10,
      confirm_after: 15 * 60_000,
      confirm_empty_after: 60 * 60_000,
    },
    shards: 1,
    deadline: 10_000,
    async *discover() {
      yield await find();
      return undefined;
    },
    ...options,
  };
}

let runs = 0;

/** A cycle's input on a clock which starts at 2026-01-01 and goes on a second a look. */
export function inputOf(store: ObjectStore, options: Partial<CycleInput> = {}): CycleInput {
  let looks = 0;
  return {
    store,
    run: `run-${++runs}`,
    now: () => new Date(Date.UTC(2026, 0, 1, 0, 0, ++looks)),
    ...options,
  };
}

/** What the bucket holds for a provider, read the plain way. */
export interface History {
  /** Newest version. */
  readonly version: number;
  /** The list at each version, from 0 on. */
  readonly lists: readonly Groups[];
  readonly reasons: readonly string[];
  /** The run that committed each version. */
  readonly runs: readonly string[];
  readonly snapshotVersion: number;
  readonly publishedVersion: number;
  /** The target file, where there is one. */
  readonly file: string | undefined;
  /** Id of the store. */
  readonly store: string;
}

/**
 * Reads journal, snapshot, status and target file, and throws where the journal has a gap, a change does not fit, or
 * the snapshot is not the list of its version.
 */
export async function readHistory(store: ObjectStore, of: ProviderId = id): Promise<History> {
  const keys = (await store.list(journalFolder(of))).map(({ key }) => key);
  const lists: Groups[] = [new Map()];
  const reasons: string[] = [];
  const runs: string[] = [];
  for (const [index, key] of keys.entries()) {
    if (key !== journalKey(of, index + 1)) throw new Error(`the journal has a gap before ${key}`);
    const entry = await decodeJournalEntry(bodyOf(await store.get(key)));
    if (entry.version !== index + 1) throw new Error(`${key} says it is version ${entry.version}`);
    lists.push(applyChange(lists.at(-1) ?? new Map(), entry.change));
    reasons.push(entry.reason);
    runs.push(entry.run);
  }
  const stored = await store.get(snapshotKey(of));
  const snapshot = stored === undefined ? undefined : await decodeSnapshot(bodyOf(stored));
  if (snapshot !== undefined) await fetchTexts(snapshot.groups.values(), { store, id: of });
  if (
    snapshot !== undefined &&
    text(encodeFileSd(snapshot.groups)) !== text(encodeFileSd(lists[snapshot.version] ?? new Map()))
  ) {
    throw new Error(`the snapshot is not the list of version ${snapshot.version}`);
  }
  const file = await store.get(targetsKey(of));
  const { status } = await readStatus(store, of);
  const name = await readStoreDocument(store);
  return {
    version: keys.length,
    lists,
    reasons,
    runs,
    snapshotVersion: snapshot?.version ?? 0,
    publishedVersion: status?.published_version ?? 0,
    file: file === undefined ? undefined : text(bodyOf(file)),
    store: name?.document.id ?? '',
  };
}

/** The target file that belongs to a version. */
export function fileOf(history: History, version = history.version): string {
  return text(encodeFileSd(history.lists[version] ?? new Map(), { store: history.store, version }));
}

function bodyOf(object: StoredObject | undefined): Uint8Array {
  if (object === undefined) throw new Error('the object is not there');
  return object.body;
}

function text(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
