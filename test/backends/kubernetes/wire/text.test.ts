import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { openReader, readText, readWord } from '../../../../lib/backends/kubernetes/wire/reader.ts';

const anyText = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 12 }),
  fc.string({ unit: 'binary-ascii', maxLength: 300 }),
  fc.constantFrom('', '\ufeffmark', 'é', '😀', '\0', 'a'.repeat(96), 'a'.repeat(97), 'é'.repeat(200)),
);

test('every text is read as it was written, seldom or often', () => {
  fc.assert(
    fc.property(fc.array(anyText, { maxLength: 20 }), fc.uint8Array({ maxLength: 5 }), (texts, after) => {
      const read = (reading: typeof readText) =>
        texts.map((text) => {
          const reader = openReader(Buffer.concat([Buffer.from(`<${text}`), after]));
          reader.at = 1;
          const end = reader.bytes.length - after.length;
          const found = reading(reader, end);
          expect(reader.at).toBe(end);
          return found;
        });
      expect([read(readText), read(readWord), read(readWord)]).toEqual([texts, texts, texts]);
    }),
  );
});

test('bytes that are not UTF-8 are replaced, short or long, and the reader says so', () => {
  const broken = ['\xff', '\xc3', '\xed\xa0\x80', `${'a'.repeat(500)}\xff`, '\xc0\xaf'];
  const padding = Buffer.alloc(3);
  for (const text of broken) {
    const bytes = Buffer.from(text, 'latin1');
    for (const reading of [readText, readWord]) {
      const reader = openReader(Buffer.concat([bytes, padding]));
      const read = reading(reader, bytes.length);
      expect([read, reader.isReplaced, reader.at]).toEqual([bytes.toString(), true, bytes.length]);
    }
  }
});

test('words that differ in one byte, or in length alone, are not taken for one another', () => {
  const words = ['name', 'nama', 'nam', 'names', 'same', 'na\0', 'na\0\0', 'na'];
  const bytes = Buffer.from(`${words.join('')}after`);
  for (let round = 0; round < 2; round++) {
    const reader = openReader(bytes);
    expect(words.map((word) => readWord(reader, reader.at + word.length))).toEqual(words);
  }
});
