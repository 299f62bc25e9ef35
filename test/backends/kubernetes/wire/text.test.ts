import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Malformed } from '../../../../lib/backends/kubernetes/wire/reader.ts';
import { readText, readWord } from '../../../../lib/backends/kubernetes/wire/text.ts';

const anyText = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 12 }),
  fc.string({ unit: 'binary-ascii', maxLength: 300 }),
  fc.constantFrom('', '\ufeffmark', 'é', '😀', '\0', 'a'.repeat(96), 'a'.repeat(97), 'é'.repeat(200)),
);

test('every text is read as it was written, seldom or often', () => {
  fc.assert(
    fc.property(fc.array(anyText, { maxLength: 20 }), (texts) => {
      const read = (reading: typeof readText) =>
        texts.map((text) => {
          const bytes = Buffer.from(`<${text}>`);
          const reader = { bytes, at: 1 };
          const found = reading(reader, bytes.length - 1);
          expect(reader.at).toBe(bytes.length - 1);
          return found;
        });
      expect([read(readText), read(readWord), read(readWord)]).toEqual([texts, texts, texts]);
    }),
  );
});

test('bytes that are not UTF-8 are refused, short or long', () => {
  const broken = ['\xff', '\xc3', '\xed\xa0\x80', `${'a'.repeat(500)}\xff`, '\xc0\xaf'];
  for (const text of broken) {
    const bytes = Buffer.from(text, 'latin1');
    for (const reading of [readText, readWord])
      expect(() => reading({ bytes, at: 0 }, bytes.length)).toThrow(new Malformed('is not UTF-8'));
  }
});
