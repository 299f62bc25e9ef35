import { describe, expect, test } from '@jest/globals';
import { optionalDigits } from '../../lib/backends/kubernetes/wire/fields.ts';
import { kindOf } from '../../lib/kube-state/resource.ts';

const names = { resource: 'things', apiVersion: 'v1', listKind: 'ThingList', namespaced: false };
const things = kindOf(names, { seconds: optionalDigits(2) }, { labels: false, annotations: false });

/** What is read of one object whose field `seconds` is that text. */
function seconds(json: string) {
  const list = `{"metadata":{},"items":[{"metadata":{"name":"a"},"seconds":${json}}]}`;
  return [...things.pickList(JSON.parse(list)).items].map((item) => item.seconds);
}

describe('the digits of a number in JSON', () => {
  test.each([
    ['0', '0'],
    ['-7', '-7'],
    ['9007199254740991', '9007199254740991'],
    ['9223372036854775807', '9223372036854775807'],
    ['-9223372036854775808', '-9223372036854775808'],
    ['null', undefined],
  ])('%s', (json, digits) => {
    expect(seconds(json)).toEqual([digits]);
  });

  test.each(['1.5', '"7"', 'true'])('%s is refused', (json) => {
    expect(() => seconds(json)).toThrow(expect.objectContaining({ message: 'is not a whole number' }));
  });
});
