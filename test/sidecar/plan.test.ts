import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { planMirror, refuseClashes } from '../../lib/sidecar/mirror/plan.ts';
import { targetsKey } from '../../lib/targets/keys.ts';
import { anyCharacter } from '../support/any-text.ts';

const object = (key: string) => ({ key, etag: `"${key}"`, size: 1, modified: 0 });

test('a target file, a manifest, and both of one provider', () => {
  const keys = [
    'targets/api/consul-0.json',
    'targets/a%2Fb/http-1.manifest',
    'targets/web/dns-eu.json',
    'targets/web/dns-eu.manifest',
  ];
  const [plain, manifest, file, other] = keys.map(object);
  expect(planMirror(keys.map(object))).toEqual({
    wanted: [
      { path: 'api/consul-0.json', segment: 'api', job: 'api', provider: 'consul-0', objects: [plain] },
      { path: 'a%2Fb/http-1.json', segment: 'a%2Fb', job: 'a/b', provider: 'http-1', objects: [manifest] },
      { path: 'web/dns-eu.json', segment: 'web', job: 'web', provider: 'dns-eu', objects: [file, other] },
    ],
    rejections: [],
    named: new Set(['api/consul-0.json', 'a%2Fb/http-1.json', 'web/dns-eu.json']),
    unknown: undefined,
  });
});

test('a key that this version does not know is told', () => {
  const { wanted, rejections, unknown } = planMirror([object('targets/api/consul-0.0.json')]);
  expect({ wanted, rejections, unknown }).toEqual({
    wanted: [],
    rejections: [
      {
        key: 'targets/api/consul-0.0.json',
        reason: 'key',
        message:
          '"targets/api/consul-0.0.json" is not a key that this version knows; no file is removed while it exists',
      },
    ],
    unknown: 'targets/api/consul-0.0.json',
  });
});

test('whatever job names there are, every path stays inside its own folder', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ minLength: 1, maxLength: 20, unit: anyCharacter })), (jobs) => {
      const listing = jobs.map((job) => object(targetsKey({ job, provider: 'consul-0' })));
      for (const { path } of planMirror(listing).wanted) {
        expect(path).toMatch(/^(?!\.)[\w.%-]+\/consul-0\.json$/);
      }
    }),
  );
});

test('whatever keys there are, each is wanted, rejected, or part of either', () => {
  fc.assert(
    fc.property(
      fc.array(fc.string({ unit: fc.constantFrom('.', '/', 'a', 'A', '-', '0', '1', '.json', '.manifest') })),
      (tails) => {
        const listing = [...new Set(tails)].map((tail) => object(`targets/${tail}`));
        const { wanted, rejections } = planMirror(listing);
        const wantedKeys = wanted.flatMap(({ objects }) => objects.map(({ key }) => key));
        expect(new Set([...wantedKeys, ...rejections.map(({ key }) => key)]).size).toBeLessThanOrEqual(
          listing.length,
        );
        expect(
          wantedKeys.every((key) =>
            /^targets\/[aA%\w.-]+\/a[a\d]*-[a\d](?:[a\d-]*[a\d])?\.(json|manifest)$/.test(key),
          ),
        ).toBe(true);
      },
    ),
  );
});

test('where case makes no difference, of two jobs the first wins, or the one whose file stays', () => {
  const listing = ['targets/API/consul-0.json', 'targets/api/consul-0.json', 'targets/api/consul-1.json'].map(
    object,
  );
  const plan = planMirror(listing);
  const paths = (staying: readonly string[]) => refuseClashes(plan, staying).wanted.map(({ path }) => path);
  expect(paths([])).toEqual(['API/consul-0.json']);
  expect(paths(['api/http-0.json'])).toEqual(['api/consul-0.json', 'api/consul-1.json']);
  expect(refuseClashes(plan, []).rejections).toEqual([
    {
      key: 'targets/api/consul-0.json',
      reason: 'clash',
      message:
        'job "api" differs from the job in folder "API" only in case, and this file system has one folder for both: rename one of them',
    },
    expect.objectContaining({ key: 'targets/api/consul-1.json', reason: 'clash' }),
  ]);
});
