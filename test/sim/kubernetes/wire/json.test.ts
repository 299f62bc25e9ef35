import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { encodeJson, freeze } from '../../../../lib/sim/kubernetes/wire/json.ts';
import { anyCharacter } from '../../../support/any-text.ts';

test('any JSON value comes back as it was, frozen or not', () => {
  fc.assert(
    fc.property(fc.json({ stringUnit: anyCharacter }), (text) => {
      const value = JSON.parse(text);
      expect(JSON.parse(encodeJson(value))).toEqual(value);
      const frozen = freeze(value);
      expect(encodeJson(frozen)).toBe(encodeJson(frozen));
      expect(JSON.parse(encodeJson(frozen))).toEqual(value);
    }),
  );
});

test('escapes as Go does and leaves out what has no value', () => {
  expect(encodeJson({ a: undefined, b: '<&>\u2028 "ü"\n', c: [], d: {}, e: null })).toBe(
    '{"b":"\\u003c\\u0026\\u003e\\u2028 \\"ü\\"\\n","c":[],"d":{},"e":null}',
  );
});
