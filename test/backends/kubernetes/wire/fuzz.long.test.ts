import { describe, expect, test } from '@jest/globals';
import type { Kind, ObjectMeta } from '../../../../lib/backends/kubernetes/kinds/kind.ts';
import { decodeStatus, mediaTypes, openBody } from '../../../../lib/backends/kubernetes/wire/list.ts';
import { readEnd, readVarint } from '../../../../lib/backends/kubernetes/wire/reader.ts';
import { isMusterError } from '../../../../lib/base/errors.ts';
import { repeats } from '../../../support/counts.ts';
import { listBody } from '../encode.ts';
import { body, type Form, forms, kinds } from '../recorded.ts';
import { decodeWhole } from '../whole-page.ts';

/** How many broken bodies are read, over all recordings. MUSTER_FUZZ asks for more, or for fewer. */
const mutations = repeats(30_000, 'MUSTER_FUZZ');
/** A list is cut down to so many items, to break more of them in the time there is. */
const itemsKept = 2;

interface Seed {
  readonly kind: Kind<ObjectMeta>;
  readonly form: Form;
  readonly bytes: Buffer;
}

const seeds = kinds.flatMap(([name, kind]) =>
  forms.map((form): Seed => ({ kind, form, bytes: small(name, kind, form) })),
);

describe('a recorded list with damage', () => {
  test.each(seeds.map((seed) => [seed.kind.listKind, seed.form, seed] as const))(
    '%s in %s is read with all its items or refused as malformed, whatever bytes are changed or missing at the end',
    (_, form, { kind, bytes }) => {
      const random = generator(bytes.length);
      const whole = decodeWhole(kind, bytes, mediaTypes[form]).items.length;
      const outcomes = { read: 0, refused: 0 };
      for (let round = 0; round < mutations / seeds.length / 2; round++) {
        const count = itemsRead(kind, form, random(10) === 0 ? cut(bytes, random) : changed(bytes, random));
        if (count !== undefined && count !== whole)
          throw new Error(`${count} of ${whole} items in round ${round}`);
        outcomes[count === undefined ? 'refused' : 'read']++;
      }
      expect(outcomes).toEqual({ read: expect.any(Number), refused: expect.any(Number) });
      expect(outcomes.refused).toBeGreaterThan(0);
    },
    120_000,
  );

  test.each(seeds.map((seed) => [seed.kind.listKind, seed.form, seed] as const))(
    '%s in %s is read or refused as malformed, whatever is moved, lost or put in',
    (_, form, { kind, bytes }) => {
      const random = generator(bytes.length + 1);
      let refused = 0;
      for (let round = 0; round < mutations / seeds.length / 2; round++) {
        if (itemsRead(kind, form, spliced(bytes, random)) === undefined) refused++;
      }
      expect(refused).toBeGreaterThan(0);
    },
    120_000,
  );
});

/** Items of the list; `undefined` when it is refused as it should be. Any other error is a fault. */
function itemsRead(kind: Kind<ObjectMeta>, form: Form, bytes: Buffer): number | undefined {
  decodeStatus(bytes, mediaTypes[form]);
  try {
    const { items } = decodeWhole(kind, bytes, mediaTypes[form]);
    for (const { name, namespace, labels, annotations } of items) {
      if (name === '' || (kind.namespaced && namespace === '')) throw new Error('an item without a name');
      if (labels.length % 2 !== 0 || annotations.length % 2 !== 0) throw new Error('a key without a value');
    }
    return items.length;
  } catch (error) {
    if (isMusterError(error, 'malformed')) return undefined;
    throw error;
  }
}

type Random = (below: number) => number;

function changed(bytes: Buffer, random: Random): Buffer {
  const copy = Buffer.from(bytes);
  const at = random(copy.length);
  copy[at] = random(2) === 0 ? random(256) : (copy[at] ?? 0) ^ (1 << random(8));
  return copy;
}

function cut(bytes: Buffer, random: Random): Buffer {
  return bytes.subarray(0, random(bytes.length));
}

/** A stretch of the body taken out, and another stretch, zeroes, numbers without end or noise put in. */
function spliced(bytes: Buffer, random: Random): Buffer {
  const from = random(bytes.length);
  const to = Math.min(bytes.length, from + random(40));
  return Buffer.concat([bytes.subarray(0, from), filling(bytes, random), bytes.subarray(to)]);
}

function filling(bytes: Buffer, random: Random): Buffer {
  const length = random(40);
  switch (random(4)) {
    case 0: {
      const from = random(bytes.length);
      return bytes.subarray(from, from + length);
    }
    case 1:
      return Buffer.alloc(length);
    case 2:
      return Buffer.alloc(length, 0xff);
    default:
      return Buffer.from(Array.from({ length }, () => random(256)));
  }
}

/** The same numbers in each run (mulberry32), so that a failure can be repeated. */
function generator(seed: number): Random {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

function small(name: string, kind: Kind<ObjectMeta>, form: Form): Buffer {
  const bytes = body(name, form);
  return form === 'json' ? fewerJson(bytes) : listBody(kind.apiVersion, kind.listKind, firstItems(bytes));
}

function fewerJson(bytes: Buffer): Buffer {
  const list: { items: unknown[] } = JSON.parse(bytes.toString());
  return Buffer.from(JSON.stringify({ ...list, items: list.items.slice(0, itemsKept) }));
}

function firstItems(bytes: Buffer): readonly Buffer[] {
  const opened = openBody(bytes, mediaTypes.protobuf);
  if (opened.form !== 'protobuf') throw new Error('not protobuf');
  const { reader, end } = opened;
  const items: Buffer[] = [];
  while (reader.at < end && items.length < itemsKept) {
    const tag = readVarint(reader, end);
    const itemEnd = readEnd(reader, end);
    if (tag === 0x12) items.push(reader.bytes.subarray(reader.at, itemEnd));
    reader.at = itemEnd;
  }
  return items;
}
