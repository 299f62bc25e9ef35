import { isMusterError, toMusterError } from '../../base/errors.ts';
import type { ObjectStore } from '../store.ts';

/** Makes an empty place for objects, and returns what opens a handle on it, as often as it is called. */
export type MakePlace = () => Promise<() => ObjectStore>;

/** How a write went: `done`, or the kind of its error. */
export async function outcome(write: Promise<unknown>): Promise<string> {
  try {
    await write;
    return 'done';
  } catch (error) {
    return isMusterError(error) ? error.kind : String(error);
  }
}

/** The error of a call that must fail. */
export async function failure(call: Promise<unknown>): Promise<{ kind: string; message: string }> {
  try {
    await call;
  } catch (error) {
    if (isMusterError(error)) return toMusterError(error);
    throw error;
  }
  return { kind: 'none', message: 'it did not fail' };
}

/** The text as UTF-8. */
export function bytes(content: string): Uint8Array {
  return new TextEncoder().encode(content);
}

/** The object's content as text. */
export async function text(store: ObjectStore, key: string, maxBytes = 1e9): Promise<string | undefined> {
  const found = await store.get(key, { maxBytes });
  if (found === undefined) return found;
  return new TextDecoder().decode(found.body);
}

/** A body that shows whether it is whole: its size and every byte follow from the number. */
export function whole(number: number): Uint8Array {
  return new Uint8Array(100_000 + number * 1000).fill(number);
}

/** Whether the body is one of these, from its first byte to its last. */
export function isWhole(body: Uint8Array): boolean {
  const [number = -1] = body;
  return body.length === 100_000 + number * 1000 && body.every((byte) => byte === number);
}

/** A promise of the contract: what a driver does, and how that is tried. */
export interface ContractTest {
  readonly name: string;
  /** Throws where the driver does not keep it. */
  readonly run: () => Promise<void>;
}

/** Collects promises under a heading. */
export function promisesOf(
  about: string,
  make: (test: (name: string, run: () => Promise<void>) => void) => void,
): readonly ContractTest[] {
  const tests: ContractTest[] = [];
  make((name, run) => tests.push({ name: `${about}: ${name}`, run }));
  return tests;
}
