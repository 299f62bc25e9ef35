import * as z from 'zod';
import { isMusterError, MusterError } from '../base/errors.ts';
import { type Piece, packLines, type UnpackOptions, unpackLines } from '../base/gzip-lines.ts';
import { parseJson } from '../base/json.ts';
import type { ObjectStore } from '../store/store.ts';
import { countTargets, type EncodedGroup, encodeGroup, type Groups } from '../targets/canonical.ts';
import type { Change } from '../targets/diff.ts';
import type { TargetGroup } from '../targets/group.ts';
import { journalFolder, journalKey, type ProviderId, parseJournalVersion } from '../targets/keys.ts';
import { createPacker, textsOf } from '../targets/pack.ts';
import { fetchTexts } from './blocks.ts';
import { type ControlRecord, controlRecordSchema, schemaOf } from './control.ts';
import { knownHistorySchema, refuseNewer, targetGroup } from './document.ts';

/**
 * Why a change was committed: `discovered` by a cycle; `confirmed` by time or `accepted` by an operator after the gate
 * held it; `rebuilt` because the history before it could not be read; `retired` with its provider.
 */
const reasons = ['discovered', 'confirmed', 'accepted', 'rebuilt', 'retired'] as const;
/** Why a version exists. */
export type Reason = (typeof reasons)[number];

/** The head of a journal entry: all but the change itself. */
export interface JournalHead {
  readonly version: number;
  /** When it was committed, ISO 8601. */
  readonly at: string;
  readonly reason: Reason;
  /** The run that committed it; no two runs share one. */
  readonly run: string;
  /** Targets after it. */
  readonly targets?: number | undefined;
  /** What an operator decided with it, or a cycle found to be over. */
  readonly control?: ControlRecord | undefined;
}

/** One version of a provider's list, as the change that led to it. */
export interface JournalEntry extends JournalHead {
  readonly change: Change;
}

/** The entry as an object of the bucket: JSON with one group, or one pair of groups, a line. */
export function encodeJournalEntry(entry: JournalEntry): Promise<Uint8Array> {
  return packLines(entryText(entry));
}

function* entryText({ change, ...head }: JournalEntry): Generator<Piece, undefined> {
  const schema = head.control === undefined ? 1 : schemaOf(head.control.state);
  yield `${JSON.stringify({ schema, ...head }).slice(0, -1)},\n"added":`;
  yield* listText(textsOf(change.added.values()).map(alone));
  yield ',\n"removed":';
  yield* listText(textsOf(change.removed.values()).map(alone));
  yield ',\n"changed":';
  yield* listText(pairTexts(change));
  yield '}\n';
  return undefined;
}

function alone(text: Uint8Array): readonly Piece[] {
  return [text];
}

function* pairTexts({ changed }: Change): Generator<readonly Piece[]> {
  const olds = textsOf(changed.values().map(({ before }) => before));
  for (const after of textsOf(changed.values().map(({ after }) => after)))
    yield ['{"before":', olds.next().value ?? '', ',"after":', after, '}'];
}

function* listText(items: Iterable<readonly Piece[]>): Generator<Piece, undefined> {
  let separator = '[\n';
  for (const item of items) {
    yield separator;
    yield* item;
    separator = ',\n';
  }
  yield separator === '[\n' ? '[]' : '\n]';
  return undefined;
}

/** A piece of a journal entry, in the order in which it is stored. */
export type JournalLine =
  | { readonly kind: 'head'; readonly head: JournalHead }
  | { readonly kind: 'added' | 'removed'; readonly group: TargetGroup }
  | { readonly kind: 'changed'; readonly before: TargetGroup; readonly after: TargetGroup };

const head = z.object({
  schema: z.union([z.literal(1), z.literal(2)]),
  version: z.int().min(1),
  at: z.iso.datetime(),
  reason: z.enum(reasons),
  run: z.string(),
  targets: z.int().optional(),
  control: controlRecordSchema.optional(),
});

const pair = z.strictObject({ before: targetGroup, after: targetGroup });

/**
 * Reads an entry group by group, as it is unpacked: the first entry of a provider is its whole list, which is not to be
 * in memory for a page that shows twenty lines of it. Throws kind `malformed`, `too-large`, or `timeout` for the
 * signal.
 */
export async function* readJournalLines(
  body: Uint8Array,
  options: UnpackOptions = {},
): AsyncGenerator<JournalLine, undefined> {
  let section: string | undefined;
  for await (const line of unpackLines(body, options)) {
    const opened = /^"(added|removed|changed)":\[(\]?)/.exec(line);
    if (opened !== null) section = opened[2] === '' ? opened[1] : undefined;
    else if (line.startsWith('{') && section === undefined) yield readHead(line);
    else if (line.startsWith('{')) yield readGroup(section, line.replace(/,$/, ''));
    else section = undefined;
  }
  return undefined;
}

/** The entry behind an object, its groups packed where they are many. Throws as `readJournalLines` does. */
export async function decodeJournalEntry(body: Uint8Array, signal?: AbortSignal): Promise<JournalEntry> {
  const packer = createPacker();
  const pack = (group: TargetGroup) => packer.pack(encodeGroup(group));
  const added = new Map<string, EncodedGroup>();
  const removed = new Map<string, EncodedGroup>();
  const changed = new Map<string, { before: EncodedGroup; after: EncodedGroup }>();
  let head: JournalHead | undefined;
  for await (const line of readJournalLines(body, { signal })) {
    if (line.kind === 'head') head = line.head;
    else if (line.kind === 'changed')
      changed.set(line.before.source, { before: pack(line.before), after: pack(line.after) });
    else (line.kind === 'added' ? added : removed).set(line.group.source, pack(line.group));
  }
  packer.finish();
  if (head === undefined)
    throw new MusterError('malformed', 'the journal entry does not begin as one of schema 1');
  return { ...head, change: { added, removed, changed } };
}

function readHead(line: string): JournalLine {
  const json = parseJson(`${line.replace(/,$/, '')}}`);
  refuseNewer(json, 'the journal entry', knownHistorySchema);
  const parsed = head.safeParse(json);
  if (!parsed.success)
    throw new MusterError('malformed', 'the journal entry does not begin as one of schema 1');
  const { schema: _, ...rest } = parsed.data;
  return { kind: 'head', head: rest };
}

function readGroup(section: string | undefined, line: string): JournalLine {
  const json = parseJson(line);
  if (section === 'changed') {
    const { data } = pair.safeParse(json);
    if (data !== undefined) return { kind: 'changed', ...data };
  } else if (section === 'added' || section === 'removed') {
    const { data } = targetGroup.safeParse(json);
    if (data !== undefined) return { kind: section, group: data };
  }
  throw new MusterError('malformed', 'a line of the journal entry is not a target group');
}

/** What a commit is given beside the change. */
interface CommitInput {
  readonly store: ObjectStore;
  readonly run: string;
  readonly now: () => Date;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Creates the version of the list in the journal; texts that the change lacks are fetched. False when another run was
 * first. Throws what the store throws.
 */
export async function commitChange(
  id: ProviderId,
  { version, groups }: { readonly version: number; readonly groups: Groups },
  { change, reason, control }: Pick<JournalEntry, 'change' | 'reason' | 'control'>,
  { store, run, now, signal }: CommitInput,
): Promise<boolean> {
  await fetchTexts(groupsOf(change), { store, id, signal });
  const body = await encodeJournalEntry({
    version,
    at: now().toISOString(),
    reason,
    run,
    targets: countTargets(groups),
    control,
    change,
  });
  try {
    const options = { condition: 'create', contentType: 'application/gzip', signal } as const;
    await store.put(journalKey(id, version), body, options);
  } catch (error) {
    if (isMusterError(error, 'conflict')) return false;
    throw error;
  }
  return true;
}

function* groupsOf({ added, removed, changed }: Change): Generator<EncodedGroup, undefined> {
  yield* added.values();
  yield* removed.values();
  for (const { before, after } of changed.values()) yield* [before, after];
  return undefined;
}

/** An entry of the journal, as a listing shows it. */
export interface JournalObject extends ProviderId {
  readonly key: string;
  readonly version: number;
  /** When it was written, by the store's clock, in milliseconds of Unix time: no earlier than its commit. */
  readonly modified: number;
}

/**
 * The entries of a provider's journal by their keys, oldest first. Objects that are no entries are left out. Throws
 * what the store throws.
 */
export async function listEntries(
  id: ProviderId,
  { store, signal }: { readonly store: Pick<ObjectStore, 'list'>; readonly signal?: AbortSignal | undefined },
): Promise<readonly JournalObject[]> {
  const { job, provider } = id;
  return (await store.list(journalFolder(id), { signal })).flatMap(({ key, modified }) => {
    const version = parseJournalVersion(key);
    const isEntry = version !== undefined && key === journalKey(id, version);
    return isEntry ? [{ job, provider, key, version, modified }] : [];
  });
}

/** How long the journal is kept. */
export interface JournalRetention {
  /** Milliseconds. */
  readonly keep: number;
  /** Newest versions that stay, however old they are. */
  readonly min_versions: number;
}

/** Versions between two looks at the journal: a look lists it whole. */
const lookEvery = 100;

/** Entries that one look removes at most. */
const mostRemoved = 500;

/** Where old objects are removed, and what counts as old. */
export interface ClearInput {
  readonly store: ObjectStore;
  readonly now: Date;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Removes what the journal keeps too long, a few entries at a time, in every hundredth version. `version` is that of
 * the snapshot: what came after it is needed to rebuild the list, and stays.
 */
export async function clearJournal(
  id: ProviderId,
  version: number,
  { keep, min_versions }: JournalRetention,
  { store, now, signal }: ClearInput,
): Promise<void> {
  if (version % lookEvery !== 0 || version <= min_versions) return;
  const old = (await listEntries(id, { store, signal })).filter(
    (one) => one.version <= version - min_versions && now.getTime() - one.modified > keep,
  );
  // The oldest go first, so that the rest has no gap.
  for (const { key } of old.slice(0, mostRemoved)) await store.delete(key, { signal });
}
