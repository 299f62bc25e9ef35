/**
 * A whole number from 0 to 2^32 - 1 that depends only on the seed and the salt. It is a random number without state.
 */
export function draw(seed: number, salt: number): number {
  let mixed = Math.imul(seed ^ Math.imul(salt + 0x9e3779b9, 0x85ebca6b), 0xc2b2ae35);
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x2c1b3c6d);
  mixed = Math.imul(mixed ^ (mixed >>> 12), 0x297a2d39);
  return (mixed ^ (mixed >>> 15)) >>> 0;
}

/** A number from 0 to below 1. */
export function share(seed: number, salt: number): number {
  return draw(seed, salt) / 0x1_0000_0000;
}

/** One of the items. Throws RangeError when there is none. */
export function pickBy<T>(items: readonly T[], seed: number, salt: number): T {
  const at = draw(seed, salt) % items.length;
  for (const item of items.slice(at, at + 1)) return item;
  throw new RangeError('there is nothing to pick from');
}

/** Eight random hexadecimal digits. */
export function hex(seed: number, salt: number): string {
  const drawn = draw(seed, salt);
  return `${fourDigits[drawn >>> 16]}${fourDigits[drawn & 0xffff]}`;
}

const fourDigits = Array.from({ length: 0x10000 }, (_, number) => number.toString(16).padStart(4, '0'));

/** A UUID of version 4, as in the metadata of an object. */
export function uid(seed: number): string {
  const [one, two, three, four] = [hex(seed, 101), hex(seed, 102), hex(seed, 103), hex(seed, 104)];
  return `${one}-${two.slice(0, 4)}-4${two.slice(5)}-8${three.slice(1, 4)}-${three.slice(4)}${four}`;
}

/** The letters of generated names in Kubernetes, in ASCII order, so that numbers and their strings sort alike. */
const letters = '2456789bcdfghjklmnpqrstvwxz';

/** `count` letters for a number below 27 to the power of `count`. The strings sort as their numbers do. */
export function lettersOf(number: number, count: number): string {
  let text = '';
  let rest = number;
  for (let place = 0; place < count; place += 1) {
    text = (letters[rest % letters.length] ?? '') + text;
    rest = Math.floor(rest / letters.length);
  }
  return text;
}

/** The number of strings of five such letters. */
export const fiveLetters = letters.length ** 5;

/** One of 256 RFC 3339 times in 2026. They are few, so that objects can share what contains only a time. */
export function timeBy(seed: number, salt: number): string {
  return times[draw(seed, salt) % times.length] ?? '';
}

const times = Array.from({ length: 256 }, (_, number) =>
  new Date(Date.UTC(2026, 0, 1) + number * 77_777_000).toISOString().replace('.000', ''),
);
