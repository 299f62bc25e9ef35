import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { keepWanted, wantedBy } from '../../../lib/kube-state/custom/collect.ts';
import { countSkips, familiesOf, labelText } from '../../../lib/kube-state/custom/family.ts';
import { parseCustomResourceState } from '../../../lib/kube-state/options.ts';
import { familyWriter } from '../../../lib/kube-state/text/family.ts';
import { openText } from '../../../lib/kube-state/text/text-bytes.ts';
import { draws } from '../../support/counts.ts';

const key = fc.oneof(
  fc.constantFrom('a', 'b', 'c', '0', '-1', '__proto__', 'toString', 'a=b', '*'),
  fc.string({ maxLength: 4 }),
);
const step = fc
  .oneof(key, fc.constantFrom('[a=b]', '[a=1]', '[=]', '[a=true]', 'a=x=y'))
  .filter((text) => !/^\[(?!.*=).*\]?$/.test(text));
const path = fc.array(step, { maxLength: 3 });
const labelsFromPath = fc.dictionary(fc.constantFrom('*', 'a', 'a*', '*a', '**', 'x-y', '1'), path, {
  maxKeys: 3,
});
const common = { path, labelsFromPath };
const labelFromKey = fc.constantFrom('key', 'a');

const each = fc.oneof(
  fc.record({
    type: fc.constant('Gauge'),
    gauge: fc.record(
      { ...common, labelFromKey, valueFrom: path, nilIsZero: fc.boolean() },
      { requiredKeys: ['path'] },
    ),
  }),
  fc.record({
    type: fc.constant('Info'),
    info: fc.record({ ...common, labelFromKey }, { requiredKeys: ['path'] }),
  }),
  fc.record({
    type: fc.constant('StateSet'),
    stateSet: fc.record(
      {
        ...common,
        valueFrom: path,
        labelName: fc.constant('state'),
        list: fc.array(fc.string(), { maxLength: 3 }),
      },
      { requiredKeys: ['path', 'labelName'] },
    ),
  }),
);

const { value } = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.constantFrom(
      null,
      true,
      false,
      0,
      1,
      1e300,
      '',
      'b',
      'true',
      '1',
      '2020-01-01T00:00:00Z',
      '5Gi',
      '\ud800',
      '\n"\\',
    ),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(key, tie('value'), { maxKeys: 4 }),
  ),
}));

test('any JSON value at any path makes lines that can be read, and the same with only what is wanted of it', () => {
  fc.assert(
    fc.property(each, labelsFromPath, value, (each, ofAll, content) => {
      const groupVersionKind = { group: 'g.io', version: 'v1', kind: 'K' };
      const metrics = [{ name: 'x', labelsFromPath: ofAll, each }];
      const text = JSON.stringify({ spec: { resources: [{ groupVersionKind, metrics }] } });
      const [resource] = parseCustomResourceState(text, 'custom.yml').spec.resources;
      if (resource === undefined) throw new Error('no resource');
      const linesOf = (content: unknown) => {
        const text = openText();
        const lines: string[] = [];
        const endLine = () => {
          lines.push(text.bytes.toString('utf8', 0, text.length));
          text.length = 0;
        };
        const object = { namespace: '', name: 'o', uid: 'u', labels: [], annotations: [], content };
        for (const family of familiesOf(resource, groupVersionKind, countSkips()))
          familyWriter(family, {})?.(object, new Uint8Array(), { text, endLine });
        return lines;
      };
      const lines = linesOf(content);
      for (const line of lines) expect(line).toMatch(sample);
      expect(linesOf(keepWanted(content, wantedBy(resource)))).toEqual(lines);
    }),
    { numRuns: draws(300) },
  );
});

/** A line of the text format whose labels are in order. */
const sample =
  /^kube_customresource_x\{[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\[\\n"])*"(?:,[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\[\\n"])*")*\} (?:NaN|[+-]Inf|-?[0-9.]+(?:e[+-]\d+)?)\n$/;

test('a value is printed however deep it is nested', () => {
  let deep: unknown = 'end';
  for (let depth = 0; depth < 100_000; depth++) deep = [deep];
  expect(labelText(deep)).toBe(`${'['.repeat(200)}…${']'.repeat(200)}`);
});

test('no more is kept of an object than what the configuration reads', () => {
  const metrics = [
    {
      name: 'a',
      labelsFromPath: { c: ['metadata', 'labels', 'c'] },
      each: { type: 'Info', info: { path: ['status', 'sub'] } },
    },
    { name: 'b', each: { type: 'Gauge', gauge: { path: ['spec', 'list', '0', 'size'] } } },
  ];
  const resources = [
    { groupVersionKind: { group: 'g.io' }, labelsFromPath: { name: ['metadata', 'name'] }, metrics },
  ];
  const [resource] = parseCustomResourceState(JSON.stringify({ spec: { resources } }), 'custom.yml').spec
    .resources;
  if (resource === undefined) throw new Error('no resource');
  const object = {
    metadata: { name: 'foo', labels: { c: 'd', e: 'f' }, managedFields: [{}] },
    spec: { list: [{ size: 1 }], large: 'x' },
    status: { sub: { all: 'of it' }, conditions: [] },
  };
  expect(keepWanted(object, wantedBy(resource))).toEqual({
    metadata: { name: 'foo', labels: { c: 'd' } },
    spec: { list: [{ size: 1 }] },
    status: { sub: { all: 'of it' } },
  });
});
