import { metricsKey } from '../../../target/names.ts';
import { createLimit } from '../../limit.ts';
import type { FaceSource } from '../source.ts';
import { type KeptObject, keepObject } from './kept.ts';

/** The object of an output as it is in the store now, held until the signal fires; `undefined` where there is none. */
export type ReadOutput = (name: string, signal: AbortSignal) => Promise<KeptObject | undefined>;

/** Bytes of one gzipped output; kube-state of 50,000 pods has about 57 MB. */
const maxBytes = 512 * 2 ** 20;

/**
 * Keeps the last object of each name on disk, so that one that did not change is asked for and not fetched; until
 * `ended` fires.
 */
export function createOutputReader(sources: readonly FaceSource[], ended?: AbortSignal): ReadOutput {
  const kept = new Map<string, KeptObject>();
  ended?.addEventListener('abort', () => {
    for (const object of kept.values()) object.drop();
    kept.clear();
  });
  const inTurn = createTurns();
  const limit = createLimit(4);

  async function readFrom(
    { name: source, store, folder }: FaceSource,
    name: string,
    signal: AbortSignal,
  ): Promise<KeptObject | undefined> {
    const place = JSON.stringify([source, name]);
    // Who asks for what is just being fetched waits for it, and finds it unchanged.
    return inTurn(place, async () => {
      const old = kept.get(place);
      const condition = old === undefined ? {} : { ifNoneMatch: old.etag };
      const found = await store.open(metricsKey(name), { maxBytes, signal, ...condition });
      const fresh = found === 'unchanged' ? old : found && (await keepObject(found, folder.temporary()));
      if (fresh !== old) {
        old?.drop();
        if (fresh === undefined) kept.delete(place);
        else kept.set(place, fresh);
      }
      fresh?.holdUntil(signal);
      return fresh;
    });
  }

  return (name, signal) =>
    limit(async () => {
      for (const source of sources) {
        const found = await readFrom(source, name, signal);
        if (found !== undefined) return found;
      }
      return undefined;
    });
}

/** Runs work of the same name one after another. */
function createTurns(): <T>(name: string, work: () => Promise<T>) => Promise<T> {
  const last = new Map<string, Promise<unknown>>();
  return async (name, work) => {
    const before = last.get(name);
    const turn = before === undefined ? work() : before.then(work, work);
    last.set(name, turn);
    try {
      return await turn;
    } finally {
      if (last.get(name) === turn) last.delete(name);
    }
  };
}
