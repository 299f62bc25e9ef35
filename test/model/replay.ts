import { createHash } from 'node:crypto';
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises';
import { runCycle } from '../../lib/cycle/cycle.ts';
import { decodeManifest } from '../../lib/cycle/manifest.ts';
import { retireProvider } from '../../lib/cycle/retire.ts';
import { readStatus, writeStatus } from '../../lib/cycle/status.ts';
import { readTombstone } from '../../lib/cycle/tombstone.ts';
import { createMemoryStore } from '../../lib/store/memory.ts';
import type { ObjectStore } from '../../lib/store/store.ts';
import type { Groups } from '../../lib/targets/canonical.ts';
import { readVersionMark } from '../../lib/targets/file-sd.ts';
import { decodeFileSd } from '../../lib/targets/file-sd-reader.ts';
import type { TargetGroup } from '../../lib/targets/group.ts';
import { manifestKey, partKey, targetsKey } from '../../lib/targets/keys.ts';
import { id, providerOf, readHistory } from '../support/provider.ts';
import type { Step } from './explore.ts';
import { has, type Layout, targetNames, type World } from './world.ts';

/** What is left in the end, of the model and of the code alike. */
export interface Bucket {
  /** The list of each version. */
  readonly journal: readonly number[];
  readonly snapshot: number;
  readonly file: Published | undefined;
  readonly manifest: Published | undefined;
  readonly tombstone: number;
  readonly status: { readonly version: number; readonly published: number } | undefined;
  /** What processes of the code still wait for where those of the model have ended. */
  readonly waiting: readonly string[];
}

interface Published {
  readonly version: number;
  readonly targets: number;
}

/** The real code on a store whose operations the model's steps let through, one by one. */
export interface Replay {
  /** Does what the step of the model does in this world. */
  follow(world: World, step: Step<World>): Promise<void>;
  bucket(): Promise<Bucket>;
}

/** What a process waits for: an operation on an object, or its listing. */
interface Waiting {
  readonly what: string;
  readonly go: () => void;
}

interface Process {
  readonly layout: Layout;
  readonly waiting: Waiting[];
  isOver: boolean;
}

/** The operations that a step of the model stands for; what is not there is skipped, as where nothing was published. */
const operations: Readonly<Record<string, readonly string[]>> = {
  status: ['get status'],
  held: ['get held', 'head held', 'delete held'],
  snapshot: ['get snapshots'],
  journal: ['get journal'],
  list: ['list'],
  commit: ['put journal'],
  look: ['head own', 'head status'],
  checkpoint: ['put snapshots'],
  'checkpoint again': ['get snapshots'],
  before: ['get manifest'],
  head: ['head own'],
  announce: ['put status'],
  'announce again': ['get status'],
  fence: ['head snapshots'],
  put: ['put own'],
  other: ['head other'],
  'other fence': ['head snapshots'],
  'other version': ['get other'],
  'other delete': ['delete other'],
  'take back': ['delete own'],
  hold: ['put held', 'delete held'],
  'hold again': ['get held'],
  report: ['put status'],
  'report again': ['get status'],
  files: ['head file', 'head manifest'],
  published: ['get file', 'get manifest'],
  tombstone: ['get retired'],
  bury: ['put retired'],
  file: ['head file', 'delete file'],
  manifest: ['head manifest', 'delete manifest'],
  end: ['delete status'],
};

/** Starts where the model starts: version 1, with a and b, is published in this layout. */
export async function openReplay(layout: Layout): Promise<Replay> {
  const store = etagsOfContent(createMemoryStore());
  const processes = new Map<string, Process>();
  let runs = 0;
  let seconds = 0;
  const now = () => new Date(Date.UTC(2026, 0, 1) + ++seconds * 10);
  const signal = new AbortController().signal;
  let backend = 0b011;

  const start = (
    name: string,
    own: Layout,
    run: (gated: ObjectStore, list: () => Promise<void>) => Promise<unknown>,
  ) => {
    const process: Process = { layout: own, waiting: [], isOver: false };
    processes.set(name, process);
    const gate = (what: string) => new Promise<void>((go) => process.waiting.push({ what, go }));
    const gated = gatedStore(store, gate);
    const end = () => {
      process.isOver = true;
    };
    run(gated, () => gate('list')).then(end, end);
  };
  const startCycle = (name: string, own: Layout) =>
    start(name, own, (gated, list) => {
      const find = async () => {
        await list();
        return groupsOf(backend);
      };
      return runCycle(providerOf(find, settingsOf(own)), { store: gated, run: `run-${++runs}`, now });
    });
  await runCycle(
    providerOf(() => groupsOf(backend), settingsOf(layout)),
    { store, run: 'first', now },
  );

  /** Lets everybody go on until he waits for an operation or has ended. */
  const settle = async () => {
    do await turn();
    while ([...processes.values()].some(({ waiting, isOver }) => waiting.length === 0 && !isOver));
  };
  /** Looks that the model leaves out where they would find nothing. */
  const leaveOut = async (process: Process) => {
    const leftOut = [inLayout('head other', process.layout), 'get manifest'];
    for (;;) {
      const place = process.waiting.findIndex(({ what }) => leftOut.includes(what));
      if (place < 0) return;
      process.waiting.splice(place, 1)[0]?.go();
      await settle();
    }
  };
  const release = async (name: string, at: string) => {
    const process = processes.get(name);
    for (const wanted of operations[at] ?? []) {
      if (process === undefined) return;
      const what = inLayout(wanted, process.layout);
      const find = () => process.waiting.findIndex((one) => one.what === what);
      await settle();
      // What is done beside something else may take a moment longer.
      for (let tries = 0; find() < 0 && !process.isOver && tries < 3; tries++) {
        await sleep(1);
        // The look at the published file comes before all that is left out.
        if (at !== 'look') await leaveOut(process);
      }
      const place = find();
      if (place >= 0) process.waiting.splice(place, 1)[0]?.go();
    }
    await settle();
  };

  return {
    async follow(world, { label, next }) {
      const [, name = ''] = /^cycle (\w) /.exec(label) ?? [];
      backend = next.backend;
      if (label === 'a cycle begins') {
        const began = next.cycles.at(-1);
        startCycle(began?.name ?? '', began?.layout ?? 1);
      } else if (label === 'the provider is found to have left') {
        await noteLeaving(store, now);
        start('retirement', 1, (gated) =>
          retireProvider(id, { store: gated, run: `run-${++runs}`, now, signal, ifLeaving: true }),
        );
      } else if (label.endsWith(' dies')) processes.delete(name === '' ? 'retirement' : name);
      else if (name !== '') await release(name, world.cycles.find((one) => one.name === name)?.at ?? '');
      else if (label.startsWith('the retirement ')) {
        const { at = '' } = world.retirement ?? {};
        await release('retirement', at);
        // Of a list in parts the model leaves out the look at the file.
        const isBoth = at === 'file' && next.retirement !== undefined && next.retirement.at !== 'manifest';
        if (isBoth) await release('retirement', 'manifest');
      }
      await settle();
    },
    async bucket() {
      for (const process of processes.values()) await leaveOut(process);
      const { lists, snapshotVersion } = await readHistory(store);
      const { status } = await readStatus(store, id);
      return {
        journal: lists.slice(1).map(listOf),
        snapshot: snapshotVersion,
        file: await fileIn(store),
        manifest: await manifestIn(store),
        tombstone: (await readTombstone(store, id))?.version ?? 0,
        status: status && { version: status.version, published: status.published_version },
        waiting: [...processes].flatMap(([name, { waiting }]) =>
          waiting.map(({ what }) => `${name}: ${what}`),
        ),
      };
    },
  };
}

/** The same of the model. */
export function bucketOf({ journal, snapshot, file, manifest, tombstone, status }: World): Bucket {
  const published = (one: World['file']) =>
    one && { version: one.version, targets: targetNames.filter((_, bit) => has(one.list, bit)).length };
  return {
    journal: journal.map(({ list }) => list),
    snapshot: snapshot.version,
    file: published(file),
    manifest: published(manifest),
    tombstone,
    status: status && { version: status.version, published: status.published },
    waiting: [],
  };
}

function settingsOf(layout: Layout) {
  const guard = { max_removed: 1, min_targets: 1000, confirm_after: 0, confirm_empty_after: 0 };
  return { shards: layout, guard } as const;
}

function groupsOf(list: number): readonly TargetGroup[] {
  return targetNames
    .filter((_, bit) => has(list, bit))
    .map((name) => ({ source: name, labels: {}, targets: [{ __address__: `${name}:80` }] }));
}

function listOf(groups: Groups): number {
  return targetNames.reduce((list, name, bit) => (groups.has(name) ? list | (1 << bit) : list), 0);
}

async function fileIn(store: ObjectStore): Promise<Published | undefined> {
  const found = await store.get(targetsKey(id));
  if (found === undefined) return undefined;
  const targets = decodeFileSd(found.body).reduce((sum, group) => sum + group.targets.length, 0);
  return { version: readVersionMark(found.body)?.version ?? 0, targets };
}

/** Throws where a part is missing. */
async function manifestIn(store: ObjectStore): Promise<Published | undefined> {
  const found = await store.get(manifestKey(id));
  if (found === undefined) return undefined;
  const { version, parts } = decodeManifest(found.body, manifestKey(id));
  for (const { name } of parts)
    if ((await store.head(partKey(id, name))) === undefined) throw new Error(`part ${name} is missing`);
  return { version, targets: parts.reduce((sum, { targets }) => sum + targets, 0) };
}

/** A look at the configuration finds that the provider has left. */
async function noteLeaving(store: ObjectStore, now: () => Date): Promise<void> {
  const { status, etag } = await readStatus(store, id);
  if (status === undefined || status.retiring !== undefined) return;
  const at = now().toISOString();
  const retiring = { since: at, waited_seconds: 0, looked: at };
  await writeStatus(id, { ...status, retiring }, etag, { store, merge: false });
}

/** Own and other file of a layout by their names. */
function inLayout(what: string, layout: Layout): string {
  const [own, other] = layout === 1 ? ['file', 'manifest'] : ['manifest', 'file'];
  return what.replace('own', own).replace('other', other);
}

function nameOf(key: string): string | undefined {
  if (key === targetsKey(id)) return 'file';
  if (key === manifestKey(id)) return 'manifest';
  const [folder = ''] = key.split('/');
  return ['status', 'held', 'snapshots', 'journal', 'retired'].includes(folder) ? folder : undefined;
}

/** Published files have the same etag where they have the same bytes, as in S3 and in the model. */
function etagsOfContent(store: ObjectStore): ObjectStore {
  const known = new Map<string, { readonly shown: string; readonly etag: string }>();
  const shown = (key: string, etag: string) => {
    const one = known.get(key);
    return one?.etag === etag ? one.shown : etag;
  };
  const hidden = (key: string, etag: string) => {
    const one = known.get(key);
    return one?.shown === etag ? one.etag : etag;
  };
  return {
    ...store,
    async get(key, options) {
      const found = await store.get(key, options);
      return found && { ...found, etag: shown(key, found.etag) };
    },
    async head(key, options) {
      const found = await store.head(key, options);
      return found && { etag: shown(key, found.etag) };
    },
    async put(key, body, options) {
      const { condition } = options;
      const over = typeof condition === 'object' ? { etag: hidden(key, condition.etag) } : condition;
      const bytes = body instanceof Uint8Array ? body : Buffer.concat([...body.chunks()]);
      const { etag } = await store.put(key, bytes, { ...options, condition: over });
      if (key.startsWith('targets/'))
        known.set(key, { shown: createHash('sha256').update(bytes).digest('hex'), etag });
      return { etag: shown(key, etag) };
    },
    async delete(key, options = {}) {
      const { etag } = options;
      return store.delete(key, { ...options, etag: etag === undefined ? undefined : hidden(key, etag) });
    },
  };
}

/** What the model does not tell apart, as parts and the document of the store, does not wait. */
function gatedStore(store: ObjectStore, gate: (what: string) => Promise<void>): ObjectStore {
  const wait = async (kind: string, key: string) => {
    const name = nameOf(key);
    if (name !== undefined) await gate(`${kind} ${name}`);
  };
  return {
    ...store,
    async get(key, options) {
      await wait('get', key);
      return store.get(key, options);
    },
    async getIfChanged(key, etag, options) {
      await wait('get', key);
      return store.getIfChanged(key, etag, options);
    },
    async open(key, options) {
      await wait('get', key);
      return store.open(key, options);
    },
    async head(key, options) {
      await wait('head', key);
      return store.head(key, options);
    },
    async put(key, body, options) {
      await wait('put', key);
      return store.put(key, body, options);
    },
    async delete(key, options) {
      await wait('delete', key);
      return store.delete(key, options);
    },
  };
}
