import { expect, test } from '@jest/globals';
import { syncMetrics } from '../../lib/base/metrics.ts';

const all = Object.values(syncMetrics);

test('names are unique, in the namespace, and in base units', () => {
  const names = all.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  expect(names.filter((name) => !/^muster_[a-z]+(_[a-z]+)*$/.test(name))).toEqual([]);
  expect(names.filter((name) => /_(ms|milliseconds|minutes|kilobytes|count|sum|bucket)$/.test(name))).toEqual(
    [],
  );
});

test('every metric says in a sentence what it is', () => {
  expect(all.filter(({ help }) => !/^[A-Z].*\.$/.test(help))).toEqual([]);
});
