import { MusterError } from '../errors.ts';

/** S3's limit for a key; a store's prefix counts too, so S3 may refuse one a little earlier. */
const maxKeyBytes = 1024;

/** Throws (kind `config`) when the text is no key that a store can hold. `url` is the store's, for the message. */
export function checkKey(url: string, key: string): void {
  if (!isKey(key)) throw new MusterError('config', `${url}: ${JSON.stringify(key)} is not a key: ${rule}`);
}

/** Throws (kind `config`) when the text is neither empty nor a folder's key with a `/` behind it. */
export function checkPrefix(url: string, prefix: string): void {
  if (prefix === '' || (prefix.endsWith('/') && isKey(prefix.slice(0, -1)))) return;
  throw new MusterError(
    'config',
    `${url}: ${JSON.stringify(prefix)} is not a prefix: it is empty or a key and a "/", where a key is ${rule}`,
  );
}

const rule =
  'relative, made of non-empty segments other than "." and "..", with no dot in front, no control characters, well-formed Unicode, at most 1024 bytes';

/** Whether the text is a key in the sense of the store contract. */
export function isKey(key: string): boolean {
  return (
    !key.startsWith('.') &&
    !/\p{Cc}/u.test(key) &&
    key.isWellFormed() &&
    Buffer.byteLength(key) <= maxKeyBytes &&
    key.split('/').every((segment) => segment !== '' && segment !== '.' && segment !== '..')
  );
}

/** Orders keys by their UTF-8 bytes, as S3 does. */
export function compareKeys(left: string, right: string): number {
  const shorter = Math.min(left.length, right.length);
  for (let index = 0; index < shorter; index++) {
    const [a, b] = [left.charCodeAt(index), right.charCodeAt(index)];
    if (a !== b) return utf8Rank(a) - utf8Rank(b);
  }
  return left.length - right.length;
}

/** UTF-16 puts surrogates (characters beyond 0xffff) before 0xe000 to 0xffff, UTF-8 behind them. */
function utf8Rank(unit: number): number {
  if (unit < 0xd800) return unit;
  return unit < 0xe000 ? unit + 0x2000 : unit - 0x800;
}
