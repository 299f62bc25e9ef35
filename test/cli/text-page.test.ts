import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { openTextPage } from '../../lib/cli/targets.ts';
import { anyCharacter } from '../support/any-text.ts';

const anyText = fc.oneof(
  fc.string({ unit: anyCharacter, maxLength: 40 }),
  fc.constantFrom('', 'é', '😀', '\ud800', 'x'.repeat(200_000), 'é'.repeat(400_000)),
);

test('what was added is written, in order and whole, however it was cut into pages', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(anyText, { maxLength: 30 }), async (texts) => {
      const written: Buffer[] = [];
      const page = openTextPage(async (bytes) => {
        // As a slow reader: the page must be left alone until this is over.
        await new Promise(setImmediate);
        written.push(Buffer.from(bytes));
      });
      for (const text of texts) if (page.add(text)) await page.flush();
      await page.flush();
      const expected = Buffer.from(texts.map((text) => text.toWellFormed()).join(''));
      // Not toEqual: that goes through megabytes one by one.
      expect(Buffer.concat(written).equals(expected)).toBe(true);
    }),
  );
});

test('a page says that it is full once it holds a quarter of a megabyte, and an empty one is not written', async () => {
  const sizes: number[] = [];
  const page = openTextPage(async ({ length }) => {
    sizes.push(length);
  });
  await page.flush();
  expect([page.add('x'.repeat(262_143)), page.add('x'), page.add('x')]).toEqual([false, true, true]);
  await page.flush();
  expect([sizes, page.add('x')]).toEqual([[262_145], false]);
});
