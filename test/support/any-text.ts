import fc from 'fast-check';

const [surrogates, beyond, last] = [0xd800, 0xe000, 0x10ffff];

/**
 * Any character of Unicode, as the unit of `fc.string`. The own one of fast-check, `binary`, makes a map of all 1,112,064
 * characters, which costs a second of CPU and stays in the worker's memory.
 */
export const anyCharacter: fc.Arbitrary<string> = fc.nat(last - (beyond - surrogates)).map(
  (number) => String.fromCodePoint(number < surrogates ? number : number - surrogates + beyond),
  (text) => {
    if (typeof text !== 'string') throw new Error('no text');
    const point = text.codePointAt(0) ?? surrogates;
    const isOne = text === String.fromCodePoint(point) && !(point >= surrogates && point < beyond);
    if (!isOne) throw new Error(`${JSON.stringify(text)} is no character`);
    return point < surrogates ? point : point - beyond + surrogates;
  },
);
