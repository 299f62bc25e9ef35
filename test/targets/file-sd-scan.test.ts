import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { decodeFileSd } from '../../lib/targets/file-sd.ts';
import { countFileSd, scanFileSd } from '../../lib/targets/file-sd-reader.ts';
import { draws } from '../support/counts.ts';

/** The number of targets by the scan of pieces of that size, or `undefined` where it refuses them. */
function scanned(bytes: Uint8Array, size: number): number | undefined {
  try {
    const scan = scanFileSd();
    for (let at = 0; at < bytes.length; at += size) scan.push(bytes.subarray(at, at + size));
    return scan.end();
  } catch {
    return undefined;
  }
}

/** The same by the reader that makes objects. */
function decoded(bytes: Uint8Array): number | undefined {
  try {
    return decodeFileSd(bytes).reduce((sum, { targets }) => sum + targets.length, 0);
  } catch {
    return undefined;
  }
}

const text = fc.oneof(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'binary' }), fc.constant(''));
const group = fc.record(
  { targets: fc.array(text), labels: fc.option(fc.dictionary(text, text)) },
  { requiredKeys: [] },
);
const nearlyGroup = fc.oneof(
  group,
  fc.record({ targets: fc.jsonValue() }),
  fc.record({ labels: fc.jsonValue() }),
  fc.jsonValue(),
);
const layout = fc.constantFrom(undefined, 1, '\t', '\r\n ');

describe('a scan', () => {
  test('takes what the reader takes, and counts as it does, whatever the pieces are', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.array(group), fc.array(nearlyGroup), fc.jsonValue()),
        layout,
        fc.integer({ min: 1, max: 30 }),
        (value, space, size) => {
          const bytes = Buffer.from(JSON.stringify(value, undefined, space) ?? '');
          expect(scanned(bytes, size)).toBe(decoded(bytes));
        },
      ),
      { numRuns: draws(500) },
    );
  });

  test('refuses what the reader refuses of a file that was spoilt', () => {
    const good = Buffer.from(
      JSON.stringify(
        [{ targets: ['ä:1', '\\"\u0001:2'], labels: { a: 'é', b: '' } }, { labels: null }],
        undefined,
        1,
      ),
    );
    const byte = fc.oneof(fc.nat(255), fc.constantFrom(...Buffer.from('"\\[]{},:nul \u0000u0')));
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(good.length - 1), byte), { maxLength: 3 }),
        fc.nat(good.length),
        (spoils, end) => {
          const bytes = Buffer.from(good);
          for (const [at, value] of spoils) bytes[at] = value;
          const cut = spoils.length === 0 ? bytes.subarray(0, end) : bytes;
          expect(scanned(cut, 7)).toBe(decoded(cut));
        },
      ),
      { numRuns: draws(1000) },
    );
  });

  test.each([
    ['{"targets":[]}', 'the file is not a list of groups'],
    ['', 'it ends in the middle'],
    ['[{}', 'it ends in the middle'],
    ['[{},', 'it ends in the middle'],
    ['[{}] x', 'unexpected byte at offset 5'],
    ['[null]', 'group 0 is not an object'],
    ['[{},5]', 'group 1 is not an object'],
    ['[{"targets":"x:1"}]', 'targets of group 0 are not a list of strings'],
    ['[{"targets":[]},{"targets":["a",1]}]', 'targets of group 1 are not a list of strings'],
    ['[{"labels":{"a":1}}]', 'group 0 has a label whose value is not a text'],
    ['[{"labels":{"":"a"}}]', 'group 0 has a label without name'],
    ['[{"labels":[]}]', 'labels of group 0 are not an object'],
    ['[{"tar\\u0067et":[]}]', 'group 0 has the unknown key "target"'],
    ['[{"labels":n ull}]', 'unexpected byte at offset 12'],
    ['['.repeat(1e6), 'group 0 is not an object'],
  ])('of %.40s says: %s', (content, complaint) => {
    expect(() => countFileSd(Buffer.from(content))).toThrow(`not file_sd JSON: ${complaint}`);
  });

  test('of what is no text says so', () => {
    expect(() => countFileSd(Uint8Array.of(0x5b, 0x7b, 0xff, 0x7d))).toThrow(
      'not file_sd JSON: it is not UTF-8',
    );
    expect(() => countFileSd(Buffer.from('\ufeff[]'))).toThrow('the file is not a list of groups');
  });

  test('counts the last of several lists of one group', () => {
    expect(countFileSd(Buffer.from('[{"targets":["a","b"],"targets":["c"]},{"targets":["d"]}]'))).toBe(2);
  });
});
