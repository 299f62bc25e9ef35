import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { compareKeys, isKey } from '../../lib/store/store.ts';

describe('keys', () => {
  test('sort as their UTF-8 bytes do', () => {
    const text = fc.string({
      unit: fc.constantFrom('a', 'b', '/', 'é', '\ud7ff', '\ue000', '\uffff', '😀', '𐀀'),
    });
    fc.assert(
      fc.property(text, text, (left, right) => {
        expect(Math.sign(compareKeys(left, right))).toBe(
          Buffer.compare(Buffer.from(left), Buffer.from(right)),
        );
      }),
    );
  });

  test('never lead out of their folder', () => {
    const text = fc.string({ unit: fc.constantFrom('a', '.', '/', '\\', '\0', '\n') });
    fc.assert(
      fc.property(text, (key) => {
        const resolved = new URL(`file:///store/${encodeURI(key).replaceAll('%5C', '\\')}`);
        if (isKey(key) && !key.includes('\\')) expect(resolved.pathname).toBe(`/store/${key}`);
      }),
    );
  });

  test('are 1024 bytes long at most, not characters', () => {
    expect([isKey('é'.repeat(512)), isKey('é'.repeat(513))]).toEqual([true, false]);
  });
});
