import type { Kind, ListPage, ObjectMeta } from '../../../lib/backends/kubernetes/kinds/kind.ts';
import { decodeList } from '../../../lib/backends/kubernetes/wire/list.ts';

/** A page all of whose objects were decoded. */
export interface WholePage<T> extends ListPage<T> {
  readonly items: readonly T[];
  /** Names an object with a string that is not UTF-8; absent where all is. */
  readonly replaced?: string;
}

/** Decodes a page with all its objects. Throws as `decodeList` and its items do. */
export function decodeWhole<T extends ObjectMeta>(
  kind: Kind<T>,
  body: Uint8Array,
  contentType: string,
): WholePage<T> {
  const { replaced, ...page } = decodeList(kind, body, contentType);
  const items = [...page.items];
  const found = replaced();
  return { ...page, items, ...(found !== undefined && { replaced: found }) };
}
