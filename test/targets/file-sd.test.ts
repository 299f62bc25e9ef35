import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { decodeGroup, encodeGroup, hashGroups, toGroups } from '../../lib/targets/canonical.ts';
import { encodeFileSd, joinFileSd } from '../../lib/targets/file-sd.ts';
import { decodeFileSd, type FileSdGroup } from '../../lib/targets/file-sd-reader.ts';
import { type TargetGroup, targetLabels } from '../../lib/targets/group.ts';
import { draws } from '../support/counts.ts';
import { anyGroup, anyListing } from '../support/groups.ts';

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const bytes = (value: string) => new TextEncoder().encode(value);

/** All targets with all their labels, in an order of their own; duplicates count once, as in Prometheus. */
const flatten = (groups: readonly FileSdGroup[]) =>
  [
    ...new Set(
      groups.flatMap(({ targets, labels }) =>
        targets.map((address) => JSON.stringify(Object.entries({ ...labels, __address__: address }).sort())),
      ),
    ),
  ].sort();

const shuffled = <T>(items: readonly T[]) =>
  fc.shuffledSubarray([...items], { minLength: items.length, maxLength: items.length });

/** Groups like those of real backends: names that begin alike, targets with and without labels of their own. */
const usualListing = fc.array(
  fc.record({
    source: fc.stringMatching(/^[a-c]{1,3}$/),
    labels: fc.dictionary(fc.stringMatching(/^__meta_[ab_]{1,4}$/), fc.constantFrom('x', 'é', 'a"b', '')),
    targets: fc.array(
      fc
        .dictionary(fc.stringMatching(/^(__meta_[ab_]{1,4}|__b|A)$/), fc.constantFrom('x', 'é', 'y\\', ''))
        .chain((own) =>
          fc
            .constantFrom('10.0.0.1:80', '10.0.0.10:80', '10.0.0.1:8', 'a"b', '')
            .map((address) => ({ ...own, __address__: address })),
        ),
      { maxLength: 6 },
    ),
  }),
  { maxLength: 6 },
);

/** The text as JSON.stringify writes it. */
function writtenText(groups: readonly TargetGroup[]): string {
  const lines = groups.flatMap((group) => {
    const byLabels = new Map<string, Set<string>>();
    for (const target of group.targets) {
      const { __address__: address = '', ...labels } = targetLabels(group, target);
      const names = Object.keys(labels).sort();
      const key = `{${names.map((name) => `${JSON.stringify(name)}:${JSON.stringify(labels[name])}`).join(',')}}`;
      byLabels.set(key, (byLabels.get(key) ?? new Set()).add(address));
    }
    return [...byLabels]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, addresses]) => `{"targets":${JSON.stringify([...addresses].sort())},"labels":${key}}`);
  });
  return lines.length === 0 ? '[]\n' : `[\n${lines.join(',\n')}\n]\n`;
}

describe('canonical form', () => {
  test('does not depend on the order of labels, targets and groups', () => {
    fc.assert(
      fc.property(
        anyListing.chain((groups) => {
          const unique = [...new Map(groups.map((group) => [group.source.toWellFormed(), group])).values()];
          return fc.tuple(fc.constant(unique), shuffled(unique));
        }),
        ([groups, other]) => {
          const reversed = other.map(
            ({ source, labels, targets }): TargetGroup => ({
              source,
              labels: Object.fromEntries(Object.entries(labels).reverse()),
              targets: [...targets].reverse(),
            }),
          );
          expect(hashGroups(toGroups(reversed))).toBe(hashGroups(toGroups(groups)));
          expect(text(encodeFileSd(toGroups(reversed)))).toBe(text(encodeFileSd(toGroups(groups))));
        },
      ),
    );
  });

  test('keeps what Prometheus would make of each target', () => {
    fc.assert(
      fc.property(anyGroup, (group) => {
        const decoded = decodeGroup(encodeGroup(group));
        const textOf = (of: TargetGroup) => (target: TargetGroup['labels']) =>
          JSON.stringify(Object.entries(targetLabels(of, target)).sort());
        // Prometheus makes one target of equal ones.
        const all = (of: TargetGroup) => [...new Set(of.targets.map(textOf(of)))].sort();
        const wellFormed: TargetGroup = JSON.parse(JSON.stringify(group), (_, value) =>
          typeof value === 'string' ? value.toWellFormed() : value,
        );
        expect(decoded.targets).toHaveLength(all(wellFormed).length);
        expect(all(decoded)).toEqual(all(wellFormed));
        expect(encodeGroup(decoded)).toEqual(encodeGroup(group));
      }),
    );
  });

  test('a target hides a label of its group by an empty one of its own', () => {
    const group = { source: 's', labels: { a: '1', b: '' }, targets: [{ __address__: 'x:1', a: '', c: '' }] };
    expect(encodeGroup(group).json).toBe(
      '{"source":"s","labels":{"a":"1"},"targets":[{"__address__":"x:1","a":""}]}',
    );
    expect(decodeFileSd(encodeFileSd(toGroups([group])))).toEqual([{ targets: ['x:1'], labels: {} }]);
  });
});

describe('file_sd', () => {
  test('a group becomes as many as its targets have label sets, the address is the entry', () => {
    const listing = toGroups([
      {
        source: 'pod/b',
        labels: { node: 'n1' },
        targets: [
          { __address__: '10.0.0.2:80', port: 'http' },
          { __address__: '10.0.0.1:80', port: 'http' },
          { __address__: '10.0.0.1:90', port: 'admin' },
        ],
      },
      { source: 'pod/a', labels: {}, targets: [{ __address__: 'h:1' }, { lost: 'no address' }] },
      { source: 'empty', labels: { a: 'b' }, targets: [] },
    ]);
    expect(text(encodeFileSd(listing))).toBe(
      [
        '[',
        '{"targets":[""],"labels":{"lost":"no address"}},',
        '{"targets":["h:1"],"labels":{}},',
        '{"targets":["10.0.0.1:90"],"labels":{"node":"n1","port":"admin"}},',
        '{"targets":["10.0.0.1:80","10.0.0.2:80"],"labels":{"node":"n1","port":"http"}}',
        ']',
        '',
      ].join('\n'),
    );
  });

  test('an empty listing is an empty list', () => {
    expect(text(encodeFileSd(new Map()))).toBe('[]\n');
  });

  test('the text that is copied is the one that would be written, whatever the names, values and addresses', () => {
    fc.assert(
      fc.property(fc.oneof(anyListing, usualListing), (listing) => {
        const groups = toGroups(listing);
        expect(text(encodeFileSd(groups))).toBe(writtenText([...groups.values()].map(decodeGroup)));
      }),
      { numRuns: draws(400) },
    );
  });

  test('shards joined are the whole', () => {
    fc.assert(
      fc.property(anyListing, fc.integer({ min: 1, max: 4 }), (listing, shards) => {
        const groups = toGroups(listing);
        const parts = Array.from({ length: shards }, (_, shard) =>
          encodeFileSd(new Map([...groups].filter((_group, index) => index % shards === shard))),
        );
        const joined = decodeFileSd(joinFileSd(parts));
        expect(flatten(joined)).toEqual(flatten(decodeFileSd(encodeFileSd(groups))));
      }),
    );
  });

  test.each([
    ['{"targets":[]}', 'not file_sd JSON: the file is not a list of groups'],
    ['[null]', 'not file_sd JSON: group 0 is not an object'],
    ['[[]]', 'not file_sd JSON: group 0 is not an object'],
    ['[{"targets":"x:1"}]', 'not file_sd JSON: targets of group 0 are not a list of strings'],
    ['[{"targets":[]},{"targets":[1]}]', 'not file_sd JSON: targets of group 1 are not a list of strings'],
    ['[{"labels":{"a":1}}]', 'not file_sd JSON: group 0 has a label whose value is not a string'],
    ['[{"labels":{"":"a"}}]', 'not file_sd JSON: group 0 has a label without name'],
    ['[{"labels":[]}]', 'not file_sd JSON: labels of group 0 are not an object'],
    ['[{"target":[]}]', 'not file_sd JSON: group 0 has the unknown key "target"'],
  ])('refuses %s', (json, message) => {
    expect(() => decodeFileSd(bytes(json))).toThrow(message);
  });

  test('refuses what is not UTF-8, not JSON, or nested beyond reason', () => {
    expect(() => decodeFileSd(Uint8Array.of(0x5b, 0xff, 0x5d))).toThrow('not file_sd JSON');
    expect(() => decodeFileSd(bytes('[{"targets":["a:1"'))).toThrow('not file_sd JSON');
    expect(() => decodeFileSd(bytes('['.repeat(1e6) + ']'.repeat(1e6)))).toThrow('not file_sd JSON');
  });

  test('takes null labels and no targets, as Prometheus does', () => {
    expect(decodeFileSd(bytes('[{"labels":null},{"targets":["a:1"],"labels":{"__proto__":"x"}}]'))).toEqual([
      { targets: [], labels: {} },
      { targets: ['a:1'], labels: JSON.parse('{"__proto__":"x"}') },
    ]);
  });
});
