import * as z from 'zod';
import { tryParseJson } from '../../base/json.ts';
import type { Compared, Cursor, Listed } from '../../targets/discover.ts';

/** What Consul said of its answers to one listing. */
export interface Sight {
  /** Services with targets. */
  readonly seen: readonly string[];
  /** Services that were asked for. */
  readonly asked: ReadonlySet<string>;
  /** Whether Consul left services out of the catalog. */
  readonly catalogFiltered: boolean;
  /** Services of which Consul left instances out. */
  readonly filtered: ReadonlySet<string>;
}

/**
 * Whether the last listing was filtered. `seen` is there since the token lost rights under our eyes: services that it
 * has shown us since. What is missing of these left by itself.
 */
const state = z.object({ filtered: z.boolean(), seen: z.array(z.string()).optional() });

/**
 * What a listing says of itself where Consul's answers tell that the token's rights hide a part. Rights that were
 * never there are one thing: all that is missing may be hidden. Rights that were lost are another: what vanished with
 * them was not seen, until the rights are back or a person says otherwise.
 */
export function completenessOf(
  sight: Sight,
  cursor: Cursor | undefined,
): Compared & Pick<Listed, 'comparedWith'> {
  const comparedWith = (last: Cursor | undefined) => compare(sight, last);
  return { ...comparedWith(cursor), comparedWith };
}

function compare(sight: Sight, cursor: Cursor | undefined): Compared {
  if (!sight.catalogFiltered && sight.filtered.size === 0) return { cursor: encode({ filtered: false }) };
  const filtered = `Consul says that it left out what the token may not read: ${placesOf(sight)}`;
  const before = readState(cursor);
  if (before === undefined || (before.filtered && before.seen === undefined))
    return { cursor: encode({ filtered: true }), filtered };

  const seen = new Set(sight.seen);
  const since = new Set([...(before.seen ?? []), ...seen]);
  return {
    cursor: encode({ filtered: true, seen: [...since].sort() }),
    filtered,
    unseen(source) {
      if (since.has(source)) return undefined;
      const mayBeHidden = sight.filtered.has(source) || (sight.catalogFiltered && !sight.asked.has(source));
      return mayBeHidden ? sawLess : undefined;
    },
  };
}

const sawLess = 'the token sees less than before: Consul says that it filtered the answer';

function placesOf({ catalogFiltered, filtered }: Sight): string {
  const services = `${filtered.size === 1 ? 'instances of a service' : `instances of ${filtered.size} services`}`;
  if (filtered.size === 0) return 'services';
  return catalogFiltered ? `services, and ${services}` : services;
}

function encode(value: z.infer<typeof state>): Cursor {
  return JSON.stringify(value);
}

/** Undefined for a first listing, and where the cursor is another version's. */
function readState(cursor: Cursor | undefined): z.infer<typeof state> | undefined {
  if (cursor === undefined) return undefined;
  return state.safeParse(tryParseJson(cursor)).data;
}
