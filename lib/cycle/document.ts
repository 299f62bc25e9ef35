import * as z from 'zod';
import { isMusterError, MusterError } from '../base/errors.ts';
import { parseJson } from '../base/json.ts';
import type { ObjectStore } from '../store/store.ts';

/** The highest `schema` that this version knows, of documents that do not name their own. */
const knownSchema = 1;

/** The same of snapshots and journals: 2 is one with a pin or a rejection. */
export const knownHistorySchema = 2;

/** A small document as an object of the bucket: indented JSON with a line break at its end. */
export function encodeDocument(document: object): Uint8Array {
  return new TextEncoder().encode(`${JSON.stringify(document, undefined, 1)}\n`);
}

/**
 * The document behind an object. `name` names it in messages. Throws kind `malformed` for what is not one, and kind
 * `newer` for one that a later Muster wrote.
 */
export function decodeDocument<T>(
  body: Uint8Array,
  schema: z.ZodType<T>,
  name: string,
  known = knownSchema,
): T {
  const json = parseJson(new TextDecoder().decode(body), name);
  refuseNewer(json, name, known);
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const where = issue === undefined || issue.path.length === 0 ? '' : ` at ${issue.path.join('.')}`;
  throw new MusterError('malformed', `${name} is not what it should be${where}`);
}

/** Deletes just the write of this etag. False where another write is there now, or none. Throws what the store throws. */
export async function deleteSeen(
  store: ObjectStore,
  key: string,
  etag: string,
  signal?: AbortSignal | undefined,
): Promise<boolean> {
  try {
    await store.delete(key, { etag, signal });
    return true;
  } catch (error) {
    if (isMusterError(error, 'conflict')) return false;
    throw error;
  }
}

const versioned = z.looseObject({ schema: z.int() });

/** Throws (kind `newer`) where the document says a schema that this version does not know: one above `known`. */
export function refuseNewer(json: unknown, name: string, known = knownSchema): void {
  const newer = versioned.safeParse(json).data;
  if (newer === undefined || newer.schema <= known) return;
  throw new MusterError(
    'newer',
    `${name} was written by a newer Muster (schema ${newer.schema}, known is ${known}); nothing is changed: upgrade this one`,
  );
}

/** Label names to values. Not a record of zod's, which drops a label named `__proto__`. */
export const labelSet = z.custom<Readonly<Record<string, string>>>(
  (value) =>
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    Object.values(value).every((text) => typeof text === 'string'),
  { error: 'must be labels' },
);

/** A target group as snapshots and journals hold it. */
export const targetGroup = z.strictObject({
  source: z.string(),
  labels: labelSet,
  targets: z.array(labelSet),
});
