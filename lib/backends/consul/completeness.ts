import * as z from 'zod';
import { tryParseJson } from '../../base/json.ts';
import type { Compared, Cursor, Listed } from '../../targets/discover.ts';

/** What the answers of one listing showed, and what Consul says it left out. */
export interface Visibility {
  /** Services with targets. */
  readonly seen: readonly string[];
  /** Services whose instances were requested. */
  readonly requested: ReadonlySet<string>;
  /** Whether Consul left services out of the catalog. */
  readonly catalogFiltered: boolean;
  /** Services for which Consul left instances out. */
  readonly filtered: ReadonlySet<string>;
}

/**
 * Whether the last listing was filtered. `seen` is present when the token lost rights between two listings. It holds
 * the services that were visible after that: when one of these goes missing, it really left.
 */
const state = z.object({ filtered: z.boolean(), seen: z.array(z.string()).optional() });

/**
 * The cursor of a listing, and the targets that it may have missed because the token may not read everything. When the
 * token never had all rights, the listing is `filtered`: it adds targets, and removals wait. When the token lost rights,
 * the services that vanished with them are unseen until the rights are back, or until a person accepts their removal.
 */
export function completenessOf(
  visibility: Visibility,
  cursor: Cursor | undefined,
): Compared & Pick<Listed, 'comparedWith'> {
  const comparedWith = (last: Cursor | undefined) => compare(visibility, last);
  return { ...comparedWith(cursor), comparedWith };
}

function compare(visibility: Visibility, cursor: Cursor | undefined): Compared {
  const { seen, requested, catalogFiltered, filtered: incomplete } = visibility;
  if (!catalogFiltered && incomplete.size === 0) return { cursor: encode({ filtered: false }) };
  const filtered = `Consul says that it left out what the token may not read: ${describeFiltered(visibility)}`;
  const before = readState(cursor);
  if (before === undefined || (before.filtered && before.seen === undefined))
    return { cursor: encode({ filtered: true }), filtered };

  const since = new Set([...(before.seen ?? []), ...seen]);
  return {
    cursor: encode({ filtered: true, seen: [...since].sort() }),
    filtered,
    unseen(source) {
      if (since.has(source)) return undefined;
      const mayBeHidden = incomplete.has(source) || (catalogFiltered && !requested.has(source));
      return mayBeHidden ? sawLess : undefined;
    },
  };
}

const sawLess = 'the token sees less than before: Consul says that it filtered the answer';

function describeFiltered({ catalogFiltered, filtered }: Visibility): string {
  const services = `${filtered.size === 1 ? 'instances of a service' : `instances of ${filtered.size} services`}`;
  if (filtered.size === 0) return 'services';
  return catalogFiltered ? `services, and ${services}` : services;
}

function encode(value: z.infer<typeof state>): Cursor {
  return JSON.stringify(value);
}

/** Undefined for a first listing, and for a cursor that another version wrote. */
function readState(cursor: Cursor | undefined): z.infer<typeof state> | undefined {
  if (cursor === undefined) return undefined;
  return state.safeParse(tryParseJson(cursor)).data;
}
