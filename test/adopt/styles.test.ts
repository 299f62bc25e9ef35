import { isDeepStrictEqual } from 'node:util';
import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { type Document, isCollection, isMap, isScalar, isSeq, parseDocument, visit } from 'yaml';
import { type Replacement, replaceStanzas } from '../../lib/adopt/replace.ts';
import { meaningOf, valuesOfJobs } from '../../lib/adopt/sources.ts';
import { sdKeys } from '../../lib/config/prometheus-keys.ts';
import { shapes } from '../config/shapes.ts';
import { draws } from '../support/counts.ts';

/** Keys that are replaced, whichever mechanism Muster has. */
const replaced = sdKeys.filter((key) => !['static_configs', 'file_sd_configs'].includes(key));

/** Shapes that the library prints as they are: it knows neither merges below their keys nor tabs. */
const plain = shapes.filter(
  ({ text }) => !/<<|\t|\uFEFF|%YAML/.test(text) && replaced.some((key) => text.includes(key)),
);

/** The shape in another style: brackets, quotes, comments and blank lines where `draw` says so. */
function restyled(text: string, draw: (most: number) => number): string {
  const document: Document = parseDocument(text, { schema: 'core', merge: false });
  visit(document, {
    Node(_, node) {
      if (isCollection(node) && node.items.length > 0 && draw(9) === 0) node.flow = draw(1) === 0;
      if (isScalar(node) && typeof node.value === 'string' && draw(5) === 0)
        node.type = (['QUOTE_SINGLE', 'QUOTE_DOUBLE', 'PLAIN'] as const)[draw(2)] ?? 'PLAIN';
      if (!isCollection(node) && draw(9) === 0) node.comment = ' behind: it, [';
      if (draw(19) === 0) node.spaceBefore = true;
      if ((isMap(node) || isSeq(node)) && draw(9) === 0) node.commentBefore = ' above: # it';
    },
  });
  const printed = document.toString({
    indentSeq: draw(1) === 0,
    indent: 2 + draw(3),
    lineWidth: 30 + 50 * draw(2),
  });
  return draw(3) === 0 ? printed.replaceAll('\n', '\r\n') : printed;
}

test('a stanza is replaced in whatever style it is written', () => {
  let count = 0;
  fc.assert(
    fc.property(fc.constantFrom(...plain), fc.infiniteStream(fc.nat(1e6)), ({ text }, stream) => {
      const numbers = stream[Symbol.iterator]();
      const styled = restyled(text, (most) => Number(numbers.next().value) % (most + 1));
      const before = meaningOf(styled);
      // Not every style that the library prints can be read again.
      if (!isDeepStrictEqual(before, meaningOf(text))) return;
      count += 1;
      const jobs = valuesOfJobs(before);
      const replacements = new Map(
        jobs.flatMap((job, index): readonly (readonly [number, Replacement])[] => {
          const keys = Object.keys(job).filter((key) => replaced.includes(key));
          const entry = { files: [`muster/${index}/*.json`] as const };
          return keys.length === 0 ? [] : [[index, { keys, key: 'file_sd_configs', entry }]];
        }),
      );
      const after = replaceStanzas({ name: 'prometheus.yml', text: styled }, replacements);
      const expected = jobs.map((job, index) => {
        const kept = Object.entries(job).filter(([key]) => !replaced.includes(key));
        const own: readonly unknown[] = new Map(kept).get('file_sd_configs') ?? [];
        const { entry } = replacements.get(index) ?? {};
        return { ...Object.fromEntries(kept), ...(entry && { file_sd_configs: [...own, entry] }) };
      });
      const withoutEmpty = (job: object) =>
        Object.fromEntries(
          Object.entries(job).filter(([key, value]) => !(replaced.includes(key) && value.length === 0)),
        );
      expect(valuesOfJobs(meaningOf(after)).map(withoutEmpty)).toEqual(expected.map(withoutEmpty));
    }),
    { numRuns: draws(150) },
  );
  expect(count).toBeGreaterThan(draws(75));
});
