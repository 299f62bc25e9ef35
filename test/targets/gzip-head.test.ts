import { gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  gzipHead,
  headRoom,
  readGzipHead,
  readGzipTime,
  type Splice,
  stampGzip,
} from '../../lib/kube-state/gzip-header.ts';

const listed = new Date('2026-03-01T12:00:00Z');
const member = gzipSync('# TYPE a_total counter\n');
const splices = [
  { at: 0, length: member.length, text: '# TYPE a counter\n' },
  { at: 3000, length: 40, text: '# HELP é "x"\n' },
];

describe('the head of an exposition', () => {
  test('is nothing to those who unpack it, and tells the others its time and what differs', () => {
    const head = gzipHead(listed, splices);
    expect(gunzipSync(Buffer.concat([head, gzipSync('a 1\n')])).toString()).toBe('a 1\n');
    expect(readGzipTime(head)).toEqual(listed);
    expect(readGzipHead(Buffer.concat([head, member]))).toEqual({ listed, length: head.length, splices });
    expect(readGzipHead(gzipHead(listed, []))).toMatchObject({ splices: [] });
  });

  test('leaves the list out where it is longer than the field, and stays a gzip', () => {
    const many = Array.from({ length: 20_000 }, (_, index) => ({
      at: index * 100,
      length: 50 + (index % 7),
      text: `# TYPE family_${(index * 2_654_435_761) % 2 ** 32} info\n`,
    }));
    const head = gzipHead(listed, many);
    expect(gunzipSync(Buffer.concat([head, member])).toString()).toBe('# TYPE a_total counter\n');
    expect(readGzipHead(head)).toEqual({ listed, length: 0, splices: undefined });
    const fewer = gzipHead(listed, many.slice(0, 3000));
    expect(fewer.length).toBeLessThan(headRoom);
    expect(readGzipHead(fewer)?.splices).toEqual(many.slice(0, 3000));
  });

  test('of another gzip says its time alone, or nothing', () => {
    const other = gzipSync('a 1\n');
    expect(readGzipHead(other)).toBeUndefined();
    stampGzip(other, listed);
    expect(readGzipHead(other)).toEqual({ listed, length: 0, splices: undefined });
    expect(readGzipHead(Buffer.from('a 1\n'))).toBeUndefined();
  });

  test.each<readonly [string, readonly Splice[]]>([
    ['backwards', [...splices].reverse()],
    [
      'over another',
      [
        { at: 0, length: 100, text: '' },
        { at: 99, length: 5, text: '' },
      ],
    ],
    ['before the beginning', [{ at: -1, length: 5, text: '' }]],
    ['of no length', [{ at: 0, length: 0, text: '' }]],
    ['at no whole number', [{ at: 0.5, length: 5, text: '' }]],
  ])('with a splice %s has none', (_, unsound) => {
    const head = gzipHead(listed, unsound);
    expect(readGzipHead(head)).toEqual({ listed, length: head.length, splices: undefined });
  });

  test('however it was spoilt or cut is read without a fault, and never as more than it is', () => {
    const head = gzipHead(listed, splices);
    fc.assert(
      fc.property(fc.nat(head.length - 1), fc.nat(255), fc.nat(head.length), (at, byte, end) => {
        const spoilt = Buffer.from(head);
        spoilt[at] = byte;
        const found = readGzipHead(spoilt.subarray(0, end));
        expect(found?.length ?? 0).toBeLessThanOrEqual(end);
      }),
    );
  });
});
