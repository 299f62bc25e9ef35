import { promisify } from 'node:util';
import { brotliDecompress, gunzip, inflate, inflateRaw } from 'node:zlib';
import { MusterError } from '../errors.ts';
import { tooLarge } from './body.ts';
import { codeOf } from './failure.ts';

/**
 * The body without its content encoding, which was not asked for but may have been applied all the same. Decoding
 * stops once there are more than `maxBytes` (`too-large`). Nested or unknown encodings are `malformed`.
 */
export async function decodeBody(
  body: Uint8Array,
  contentEncoding: string | undefined,
  maxBytes: number,
): Promise<Uint8Array> {
  const encodings = (contentEncoding ?? '')
    .toLowerCase()
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '' && name !== 'identity');
  const [encoding, ...nested] = encodings;
  if (encoding === undefined || body.length === 0) return body;
  if (nested.length > 0) throw new MusterError('malformed', 'the answer has nested content encodings');
  const decode = decoderFor(encoding, body);
  if (decode === undefined) throw new MusterError('malformed', 'the answer has an unknown content encoding');
  try {
    return plainView(await decode(body, { maxOutputLength: maxBytes }));
  } catch (error) {
    if (codeOf(error) === 'ERR_BUFFER_TOO_LARGE') throw tooLarge(maxBytes, ' once it is decompressed');
    throw new MusterError('malformed', `the answer's ${encoding} encoding is broken (${codeOf(error)})`);
  }
}

type Decode = (body: Uint8Array, options: { readonly maxOutputLength: number }) => Promise<Uint8Array>;

function decoderFor(encoding: string, body: Uint8Array): Decode | undefined {
  if (encoding === 'gzip' || encoding === 'x-gzip') return promisify(gunzip);
  if (encoding === 'br') return promisify(brotliDecompress);
  // By the standard with zlib's header, by the habit of some servers without.
  if (encoding === 'deflate') return hasZlibHeader(body) ? promisify(inflate) : promisify(inflateRaw);
  return undefined;
}

function hasZlibHeader([first = 0, second = 0]: Uint8Array): boolean {
  return (first & 15) === 8 && (first * 256 + second) % 31 === 0;
}

/** The same bytes as a Uint8Array that is not a Buffer, whose methods differ. */
function plainView(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
