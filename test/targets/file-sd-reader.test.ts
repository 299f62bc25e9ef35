import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { isMusterError } from '../../lib/base/errors.ts';
import { toGroups } from '../../lib/targets/canonical.ts';
import { encodeFileSd, joinFileSd } from '../../lib/targets/file-sd.ts';
import {
  decodeFileSd,
  type FileSdGroup,
  largestForeign,
  longestLine,
  readFileSd,
} from '../../lib/targets/file-sd-reader.ts';
import { anyCharacter } from '../support/any-text.ts';
import { draws } from '../support/counts.ts';

/** The groups of the bytes in pieces of that size, or why they are refused. */
function readInPieces(bytes: Uint8Array, size: number): readonly FileSdGroup[] | string {
  const groups: FileSdGroup[] = [];
  try {
    const reader = readFileSd((group) => groups.push(group));
    for (let at = 0; at < bytes.length; at += size) reader.push(bytes.subarray(at, at + size));
    reader.end();
    return groups;
  } catch (error) {
    if (isMusterError(error, 'malformed')) return error.message;
    throw error;
  }
}

/** The same by JSON.parse of the whole file, and the rules of Prometheus; undefined for what it refuses. */
function parsed(bytes: Uint8Array): readonly FileSdGroup[] | undefined {
  try {
    const list = JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));
    if (!Array.isArray(list)) return undefined;
    return list.map((group) => {
      const { targets = [], labels, ...others } = Object.assign(Object.create(null), isMap(group) && group);
      const isSound =
        isMap(group) &&
        Object.keys(others).length === 0 &&
        Array.isArray(targets) &&
        targets.every((target) => typeof target === 'string') &&
        (labels === undefined || labels === null || isMap(labels)) &&
        Object.entries(labels ?? {}).every(([name, value]) => name !== '' && typeof value === 'string');
      if (!isSound) throw new Error('refused');
      return { targets, labels: labels ?? {} };
    });
  } catch {
    return undefined;
  }
}

function isMap(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function readable(bytes: Uint8Array, size: number): readonly FileSdGroup[] | undefined {
  const read = readInPieces(bytes, size);
  return typeof read === 'string' ? undefined : read;
}

const text = fc.oneof(fc.string({ unit: 'grapheme' }), fc.string({ unit: anyCharacter }), fc.constant(''));
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

/** One group a line, as Muster writes them; all of `lines` or some of them end a line. */
function inLines(values: readonly unknown[], breaks: readonly boolean[]): string {
  const items = values.map((value, index) => {
    const gap = breaks[index % Math.max(breaks.length, 1)] === false ? '' : '\n';
    return `${gap}${JSON.stringify(value)}${index % 3 === 2 ? '\n' : ''}`;
  });
  return `[${items.join(',')}\n]\n`;
}

describe('the reader of file_sd', () => {
  test('reads what JSON.parse reads of any layout, whatever the pieces are', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.array(group), fc.array(nearlyGroup)),
        fc.oneof(fc.constantFrom(undefined, 1, '\t', '\r\n '), fc.array(fc.boolean(), { maxLength: 4 })),
        fc.integer({ min: 1, max: 30 }),
        (values, layout, size) => {
          const file = Array.isArray(layout)
            ? inLines(values, layout)
            : JSON.stringify(values, undefined, layout);
          const bytes = Buffer.from(file);
          expect(readable(bytes, size)).toEqual(parsed(bytes));
        },
      ),
      { numRuns: draws(500) },
    );
  });

  test('refuses what JSON.parse refuses of a file that was spoilt', () => {
    const groups = [{ targets: ['ä:1', '\\"\u0001:2'], labels: { a: 'é', b: '' } }, { labels: null }, {}];
    const byte = fc.oneof(fc.nat(255), fc.constantFrom(...Buffer.from('"\\[]{},:nul \n\r\u0000u0')));
    fc.assert(
      fc.property(
        fc.constantFrom(inLines(groups, []), JSON.stringify(groups, undefined, 1)),
        fc.array(fc.tuple(fc.nat(999), byte), { maxLength: 3 }),
        fc.nat(999),
        (good, spoils, end) => {
          const bytes = Buffer.from(good);
          for (const [at, value] of spoils) bytes[at % bytes.length] = value;
          const cut = spoils.length === 0 ? bytes.subarray(0, end % bytes.length) : bytes;
          expect(readable(cut, 7)).toEqual(parsed(cut));
        },
      ),
      { numRuns: draws(1000) },
    );
  });

  test('hands on each group of a file of Muster before the next line comes', () => {
    const seen: FileSdGroup[] = [];
    const reader = readFileSd((group) => seen.push(group));
    reader.push(Buffer.from('[\n{"targets":["a:1"],"labels":{}},\n{"targets":'));
    expect(seen).toEqual([{ targets: ['a:1'], labels: {} }]);
    reader.push(Buffer.from('["b:1"],"labels":{}}\n]\n'));
    reader.end();
    expect(seen).toHaveLength(2);
  });

  test('reads a list that was joined of parts', () => {
    const part = (address: string) =>
      encodeFileSd(toGroups([{ source: address, labels: {}, targets: [{ __address__: address }] }]));
    const mark = Buffer.from('[{"targets":[],"labels":{"__muster_version":"abcdefgh/1"}}]');
    expect(
      decodeFileSd(joinFileSd([mark, part('a:1'), part('b:1')])).flatMap(({ targets }) => targets),
    ).toEqual(['a:1', 'b:1']);
  });

  test.each([
    ['{"targets":[]}', 'the file is not a list of groups'],
    ['[null]', 'group 0 is not an object'],
    ['[{},5]', 'group 1 is not an object'],
    ['[\n{},\n5\n]', 'group 1 is not an object'],
    ['[{"targets":"x:1"}]', 'targets of group 0 are not a list of strings'],
    ['[\n{"targets":[]},\n{"targets":["a",1]}]', 'targets of group 1 are not a list of strings'],
    ['[{"labels":{"a":1}}]', 'group 0 has a label whose value is not a string'],
    ['[{"labels":{"":"a"}}]', 'group 0 has a label without name'],
    ['[{"labels":[]}]', 'labels of group 0 are not an object'],
    ['[{"tar\\u0067et":[]}]', 'group 0 has the unknown key "target"'],
    ['[\n{},\n{"targets":[x]}\n]', 'from line 3 on: Unexpected token'],
    ['', 'Unexpected end of JSON input'],
    ['[\n{},', 'from line 3 on: Unexpected end of JSON input'],
  ])('says of %j: %s', (content, complaint) => {
    expect(readInPieces(Buffer.from(content), 5)).toMatch(`not file_sd JSON: ${complaint}`);
  });

  test('refuses what is not UTF-8, and a byte order mark', () => {
    expect(readInPieces(Uint8Array.of(0x5b, 0x7b, 0xff, 0x7d), 9)).toBe('not file_sd JSON: it is not UTF-8');
    expect(readInPieces(Buffer.from('\ufeff[]'), 9)).toMatch('not file_sd JSON: Unexpected token');
  });

  test('counts the last of several lists of one group', () => {
    const file = Buffer.from('[{"targets":["a","b"],"targets":["c"]},{"targets":["d"]}]');
    expect(decodeFileSd(file).map(({ targets }) => targets)).toEqual([['c'], ['d']]);
  });

  test('holds no more of another layout, or of a line, than is documented', () => {
    const pushUntilRefused = (piece: Uint8Array): string => {
      const reader = readFileSd(() => undefined);
      reader.push(Buffer.from('[\n'));
      for (let pushed = 0; pushed <= longestLine + piece.length; pushed += piece.length) {
        try {
          reader.push(piece);
        } catch (error) {
          return error instanceof Error ? error.message : '';
        }
      }
      return 'taken';
    };
    expect(pushUntilRefused(Buffer.alloc(1 << 20, '{'))).toBe(
      `not file_sd JSON: line 2 has over ${longestLine} bytes`,
    );
    expect(pushUntilRefused(Buffer.alloc(1 << 20, ' '))).toBe(
      `not file_sd JSON: line 2 has over ${largestForeign} bytes`,
    );
    expect(pushUntilRefused(Buffer.from(`${' '.repeat(1023)}\n`))).toBe(
      `not file_sd JSON: line 2 is not one group, and no more than ${largestForeign} bytes may be in another layout`,
    );
  });
});
