import { decodeManifest, type Manifest, maxManifestBytes } from '../discovery/manifest.ts';
import type { ListedObject } from '../store/store.ts';
import type { VersionMark } from '../target/file-sd.ts';
import { parseTargetsKey } from '../target/names.ts';
import { isLater } from './admit.ts';
import { discard, download, type Fetched, longestHeld } from './fetch.ts';
import type { WantedFile } from './plan.ts';
import type { RoundState } from './round.ts';
import type { OwnedFile, SourceObject } from './state.ts';

/** What a listed object says. */
export type Candidate = { readonly source: SourceObject; readonly mark: VersionMark | undefined } & (
  | { readonly form: 'held' }
  | { readonly form: 'file'; readonly fetched: Fetched }
  | { readonly form: 'manifest'; readonly manifest: Manifest }
);

/**
 * Reads what is listed for a file and not on disk yet, of a list in parts the manifest. While a manifest takes the
 * place of a target file, or the other way round, both are there, and the higher version counts. `undefined` when
 * all is gone since the listing: the next one will tell. Throws `malformed`, `newer` and `too-large` for a bad object,
 * and what store and disk throw.
 */
export async function readCandidate(
  round: RoundState,
  wanted: WantedFile,
  held: OwnedFile | undefined,
): Promise<Candidate | undefined> {
  // The manifest first: it is small.
  const objects = wanted.objects.toSorted((a, b) => (isManifest(a) ? 0 : 1) - (isManifest(b) ? 0 : 1));
  let best: Candidate | undefined;
  for (const object of objects) {
    const next = await readOne(round, object, held);
    if (next === undefined) continue;
    if (best === undefined) best = next;
    else {
      const [kept, left] = isBetter(next, best, held) ? [next, best] : [best, next];
      if (left.form === 'file') await discard(round.folder, left.fetched.content);
      best = kept;
    }
  }
  return best;
}

function isManifest({ key }: ListedObject): boolean {
  return parseTargetsKey(key)?.form === 'manifest';
}

async function readOne(
  round: RoundState,
  object: ListedObject,
  held: OwnedFile | undefined,
): Promise<Candidate | undefined> {
  const { store, signal, limit, maxObjectBytes } = round;
  const { key } = object;
  const source = held?.source?.key === key ? held.source : undefined;
  const kept = source && ({ form: 'held', source, mark: held?.mark } as const);
  if (kept !== undefined && source?.etag === object.etag) return kept;
  const onBytes = (count: number) => {
    round.bytes += count;
  };
  if (isManifest(object)) {
    const maxBytes = Math.min(maxObjectBytes, maxManifestBytes);
    const condition = source === undefined ? {} : { ifNoneMatch: source.etag };
    const found = await limit(() => store.get(key, { maxBytes, signal, ...condition }));
    if (found === 'unchanged' || found === undefined) return found && kept;
    onBytes(found.body.byteLength);
    const manifest = decodeManifest(found.body, key);
    const { store: id, version } = manifest;
    return { form: 'manifest', source: { key, etag: found.etag }, mark: { store: id, version }, manifest };
  }
  const large = object.size > longestHeld;
  const input = { ...round, onBytes, large, ifNoneMatch: source?.etag };
  const found = await limit(() => download(input, object));
  if (found === 'unchanged' || found === undefined) return found && kept;
  return { form: 'file', source: { key, etag: found.etag }, mark: found.mark, fetched: found };
}

/** Where versions do not tell, the one whose store is that of the file on disk, then the one that has a version. */
function isBetter(next: Candidate, best: Candidate, held: OwnedFile | undefined): boolean {
  const later = isLater(next.mark, best.mark);
  if (later !== undefined) return later;
  const isOfStore = ({ mark }: Candidate) => mark !== undefined && mark.store === held?.mark?.store;
  if (isOfStore(next) !== isOfStore(best)) return isOfStore(next);
  return next.mark !== undefined && best.mark === undefined;
}
