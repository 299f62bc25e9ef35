import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { planMirror } from '../../lib/sidecar/plan.ts';
import { targetsKey } from '../../lib/target/names.ts';

const object = (key: string) => ({ key, etag: `"${key}"`, size: 1, modified: 0 });

test('a plain provider and one in shards', () => {
  const keys = ['targets/api/consul-0.json', 'targets/a%2Fb/http-1.0.json', 'targets/a%2Fb/http-1.1.json'];
  const [plain, first, second] = keys.map(object);
  expect(planMirror(keys.map(object), [])).toEqual({
    wanted: [
      {
        path: 'api/consul-0.json',
        segment: 'api',
        job: 'api',
        provider: 'consul-0',
        parts: [plain],
        sharded: false,
      },
      {
        path: 'a%2Fb/http-1.json',
        segment: 'a%2Fb',
        job: 'a/b',
        provider: 'http-1',
        parts: [first, second],
        sharded: true,
      },
    ],
    rejections: [],
    named: new Set(['api/consul-0.json', 'a%2Fb/http-1.json']),
  });
});

test('whatever job names there are, every path stays inside its own folder', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ minLength: 1, maxLength: 20, unit: 'binary' })), (jobs) => {
      const listing = jobs.map((job) => object(targetsKey({ job, provider: 'consul-0' })));
      for (const { path } of planMirror(listing, []).wanted) {
        expect(path).toMatch(/^(?!\.)[\w.%-]+\/consul-0\.json$/);
      }
    }),
  );
});

test('whatever keys there are, each is wanted, rejected, or part of either', () => {
  fc.assert(
    fc.property(
      fc.array(fc.string({ unit: fc.constantFrom('.', '/', 'a', 'A', '-', '0', '1', '.json') })),
      (tails) => {
        const listing = [...new Set(tails)].map((tail) => object(`targets/${tail}`));
        const { wanted, rejections } = planMirror(listing, []);
        const wantedKeys = wanted.flatMap(({ parts }) => parts.map(({ key }) => key));
        expect(new Set([...wantedKeys, ...rejections.map(({ key }) => key)]).size).toBeLessThanOrEqual(
          listing.length,
        );
        expect(wantedKeys.every((key) => /^targets\/[aA%\w.-]+\/a[a\d]*-\d+(\.\d+)?\.json$/.test(key))).toBe(
          true,
        );
      },
    ),
  );
});

test.each([
  [[0, 1, 2], undefined],
  [[0], undefined],
  [[1], 0],
  [[0, 2], 1],
  [[3, 0, 1], 2],
])('of shards %j the missing one is %s', (shards, missing) => {
  const { rejections } = planMirror(
    shards.map((shard) => object(`targets/api/consul-0.${shard}.json`)),
    [],
  );
  expect(rejections.map(({ message }) => message)).toEqual(
    missing === undefined
      ? []
      : [
          `"api/consul-0.json" lacks shard ${missing}; the last good file stays until the publisher has finished`,
        ],
  );
});

test('of two jobs that differ in case the first wins, or the one that is ours', () => {
  const listing = ['targets/API/consul-0.json', 'targets/api/consul-0.json', 'targets/api/consul-1.json'].map(
    object,
  );
  const paths = (owned: readonly string[]) => planMirror(listing, owned).wanted.map(({ path }) => path);
  expect(paths([])).toEqual(['API/consul-0.json']);
  expect(paths(['api/http-0.json'])).toEqual(['api/consul-0.json', 'api/consul-1.json']);
});
