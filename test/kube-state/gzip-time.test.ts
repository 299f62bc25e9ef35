import { gunzipSync, gzipSync } from 'node:zlib';
import { expect, test } from '@jest/globals';
import { gzipHead, readGzipTime, stampGzip } from '../../lib/kube-state/gzip-time.ts';

test('a gzip carries its time to the second, and unpacks as before', () => {
  for (const at of ['1970-01-01T00:00:01Z', '2026-03-01T12:00:05Z', '2099-12-31T23:59:59Z']) {
    const gzip = gzipSync('content');
    stampGzip(gzip, new Date(Date.parse(at) + 789));
    expect(readGzipTime(gzip)).toEqual(new Date(at));
    expect(gunzipSync(gzip).toString()).toBe('content');
  }
});

test('a view into a larger buffer is read at its own place', () => {
  const gzip = gzipSync('content');
  const larger = new Uint8Array(gzip.byteLength + 7);
  larger.set(gzip, 7);
  stampGzip(larger.subarray(7), new Date(1_000_000));
  expect(readGzipTime(larger.subarray(7))).toEqual(new Date(1_000_000));
});

test('what has no time has none', () => {
  for (const bytes of [
    gzipSync('x'),
    Buffer.from('no gzip at all'),
    new Uint8Array(),
    Uint8Array.of(0x1f, 0x8b),
  ])
    expect(readGzipTime(bytes)).toBeUndefined();
});

test('the head of an output carries the time, and adds nothing to the text', () => {
  const head = gzipHead(new Date(1_000_000));
  expect(readGzipTime(head)).toEqual(new Date(1_000_000));
  expect(gunzipSync(Buffer.concat([head, gzipSync('a 1\n')])).toString()).toBe('a 1\n');
});
