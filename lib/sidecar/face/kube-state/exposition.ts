import { pipeline } from 'node:stream';
import { createGunzip, gzipSync } from 'node:zlib';
import type { KeptObject } from './kept.ts';

/** A kept output in one of the formats, gzipped. */
export interface Exposition {
  /** Bytes. */
  readonly size: number;
  readonly chunks: () => AsyncGenerator<Uint8Array, undefined>;
}

/** As it is stored: text 0.0.4. */
export function plainExposition({ size, read }: KeptObject): Exposition {
  return { size, chunks: () => read(0, size) };
}

/**
 * As OpenMetrics: the members that read differently replaced, and its last line behind. All else is passed on as it is
 * stored. `undefined` where the object does not say, or not soundly, how it reads so.
 */
export function openMetricsExposition({ head, size, read }: KeptObject): Exposition | undefined {
  if (head?.splices === undefined) return undefined;
  const pieces: Piece[] = [];
  let from = head.length;
  for (const { at, length, text } of head.splices) {
    const start = head.length + at;
    pieces.push({ from, to: start }, gzipSync(text));
    from = start + length;
  }
  if (from > size) return undefined;
  pieces.push({ from, to: size }, gzipSync('# EOF\n'));
  return {
    size: pieces.reduce((sum, piece) => sum + ('from' in piece ? piece.to - piece.from : piece.length), 0),
    async *chunks() {
      for (const piece of pieces) {
        if ('from' in piece) yield* read(piece.from, piece.to);
        else yield piece;
      }
      return undefined;
    },
  };
}

/** Unpacked. Fails at its end where the gzip is not whole. */
export async function* unpacked({ chunks }: Exposition): AsyncGenerator<Uint8Array, undefined> {
  const plain = createGunzip();
  // What fails shows in what comes out.
  pipeline(chunks, plain, () => undefined);
  yield* plain;
  return undefined;
}

type Piece = Uint8Array | { readonly from: number; readonly to: number };
