import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

const folder = join(import.meta.dirname, '../golden');

/** A recorded file by its path under test/golden, without `.gz`: what is large or binary is packed. */
export function readGolden(path: string): Buffer {
  const file = join(folder, path);
  return existsSync(file) ? readFileSync(file) : gunzipSync(readFileSync(`${file}.gz`));
}

/** A recorded text. */
export function readGoldenText(path: string): string {
  return readGolden(path).toString();
}
