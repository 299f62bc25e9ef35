/** A random generator. The same seed gives the same numbers on every machine. */
export interface Random {
  /** A number from 0 to below 1. */
  next(): number;
  /** A whole number from `min` to `max`, both included. */
  integer(min: number, max: number): number;
  /** True with the given probability. */
  chance(probability: number): boolean;
  /** One of the items; throws RangeError when there is none. */
  pick<T>(items: readonly T[]): T;
  /** At most `count` different items, in the order drawn. */
  sample<T>(items: readonly T[], count: number): T[];
  /** A separate generator for a subject: draws for one subject do not change those for another. */
  fork(subject: string): Random;
}

/** A generator for the seed, a number or any string. Not for secrets. */
export function seededRandom(seed: number | string): Random {
  let state = hash(String(seed));

  // Mulberry32, a public-domain generator: 32 bits of state are plenty for worlds of a few million draws.
  const next = () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000;
  };
  const integer = (min: number, max: number) => min + Math.floor(next() * (max - min + 1));

  return {
    next,
    integer,
    chance: (probability) => next() < probability,
    pick(items) {
      const at = integer(0, items.length - 1);
      for (const item of items.slice(at, at + 1)) return item;
      throw new RangeError('there is nothing to pick from');
    },
    sample(items, count) {
      const rest = [...items];
      const drawn = [];
      while (drawn.length < count && rest.length > 0)
        drawn.push(...rest.splice(integer(0, rest.length - 1), 1));
      return drawn;
    },
    fork: (subject) => seededRandom(`${seed}/${subject}`),
  };
}

/** FNV-1a over UTF-16 units, so that similar seeds give different states. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1)
    value = Math.imul(value ^ text.charCodeAt(index), 0x01000193);
  return value >>> 0;
}
