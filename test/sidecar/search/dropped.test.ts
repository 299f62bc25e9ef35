import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { rulesOf, type Settings } from '../../../lib/cycle/settings.ts';
import { findDropped } from '../../../lib/sidecar/search/dropped.ts';
import type { FileSdGroup } from '../../../lib/targets/file-sd-reader.ts';
import { traceRelabel } from '../../../lib/targets/relabel.ts';
import { relabelActions } from '../../../lib/targets/relabel-config.ts';
import { draws } from '../../support/counts.ts';
import { cleanUpAfterEach, makeFolder } from '../world.ts';

cleanUpAfterEach();

function settingsWith(relabel_configs: Settings['relabel_configs']): Settings {
  const guard = {
    max_removed: 0.5,
    min_targets: 10,
    confirm_after_seconds: 900,
    confirm_empty_after_seconds: 1,
  };
  return {
    ...{
      mechanism: 'consul',
      server: '',
      refresh_interval_seconds: 60,
      relabel: 'prometheus',
      labels: 'all',
    },
    ...{ guard, scrape_labels: { job: 'api', __scheme__: 'http' }, relabel_configs },
  };
}

const names = ['a', 'b', '__meta_a', '__meta_b', '__meta_x_a', '__address__', '__scheme__', 'é"', ','];
const name = fc.oneof(fc.constantFrom('a', '__meta_a'), fc.constantFrom(...names));
const value = fc.constantFrom('', '1', '2', 'a', 'b', '10.0.0.1:80', 'x"y', '\\', '\u0007', 'é', 'a;1', 'b/');
const group = fc.record({
  targets: fc.array(fc.constantFrom('', '10.0.0.1:80', '10.0.0.2:81', 'b', 'x"y'), {
    minLength: 1,
    maxLength: 2,
  }),
  labels: fc.dictionary(name, value, { maxKeys: 5 }),
});
const rule = fc
  .record({
    action: fc.constantFrom(...relabelActions, 'keep' as const, 'drop' as const, 'labelmap' as const),
    source_labels: fc.array(name, { maxLength: 2 }),
    regex: fc.constantFrom(
      ...[
        '(.*)',
        '(.+)',
        'a|1',
        '.*;.*',
        '__meta_(.+)',
        '__meta_(.*)',
        '_+meta_(x_)?(.*)',
        '(a|b).*',
        '[^1]*',
      ],
    ),
    target_label: fc.oneof(name, fc.constantFrom('$1', '__meta_$1', '${1}')),
    replacement: fc.constantFrom('$1', '${1}', '__meta_$1', '$2', 'a', '', 'x$1', '$1-$2'),
    modulus: fc.constantFrom('1', '2', '3'),
  })
  .map(({ modulus, ...one }) => ({ ...one, ...(one.action === 'hashmod' && { modulus }) }));

/** Rules as they usually are: labels get other names, and one of those decides. */
const usual = fc.oneof(
  fc.record({
    action: fc.constant('labelmap' as const),
    regex: fc.constantFrom('__meta_(.+)', '__meta_x_(.*)', '(.+)', '__(?:meta|x)_(.*)'),
    replacement: fc.constantFrom('$1', '${1}', '__meta_$1'),
  }),
  fc.record({
    action: fc.constantFrom('keep' as const, 'drop' as const),
    source_labels: fc.array(fc.constantFrom('a', 'a', '__meta_a', '__address__'), {
      minLength: 1,
      maxLength: 2,
    }),
    regex: fc.constantFrom('1', '[^1]*', '.*;.*', '.+', '.*'),
  }),
);

/** Each target that is dropped, with its rule, by running all rules on all labels. */
function slowly(groups: readonly FileSdGroup[], settings: Settings): readonly unknown[] {
  return groups.flatMap(({ targets, labels }) =>
    targets.flatMap((address) => {
      const { [address === '' ? '__address__' : '']: _, ...rest } = labels;
      const discovered = { ...rest, ...(address !== '' && { __address__: address }) };
      const { steps } = traceRelabel(discovered, rulesOf(settings) ?? [], settings.scrape_labels);
      const last = steps.at(-1);
      return last?.drops ? [{ address, labels, rule: steps.length - 1, value: last.value }] : [];
    }),
  );
}

test('tells of each target which rule drops it, as running all rules on all of its labels does', async () => {
  const folder = await makeFolder();
  const path = join(folder, 'x.json');
  const lines = (groups: readonly FileSdGroup[], write: (labels: string) => string) =>
    groups.map(
      ({ targets, labels }) =>
        `{"targets":${JSON.stringify(targets)},"labels":${write(JSON.stringify(labels))}}`,
    );
  const layouts = fc.constantFrom<(groups: readonly FileSdGroup[]) => string>(
    (groups) => `[\n${lines(groups, (labels) => labels).join(',\n')}\n]\n`,
    (groups) => `[\n${lines(groups, (labels) => labels.replaceAll('a', '\\u0061')).join(',\n')}\n]\n`,
    (groups) => JSON.stringify(groups, undefined, 1),
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(group, { maxLength: 6 }),
      fc.array(fc.oneof(rule, usual, usual), { maxLength: 5 }),
      layouts,
      fc.integer({ min: 0, max: 2 }),
      async (groups, rules, write, offset) => {
        const settings = settingsWith(rules);
        await writeFile(path, write(groups));
        const file = { source: '', job: 'api', provider: 'consul-0', path, targets: 0, made: undefined };
        const lists = [{ file, settings }];
        const { signal } = new AbortController();
        const all = await findDropped({ lists, offset: 0, limit: 100, signal });
        const expected = slowly(groups, settings);
        expect(
          all.rows.map(({ address, labels, rule, value }) => ({ address, labels, rule, value })),
        ).toEqual(expected);
        const judged = groups.reduce((sum, { targets }) => sum + targets.length, 0);
        expect([all.judged, all.counts.reduce((sum, one = 0) => sum + one, 0)]).toEqual([
          judged,
          expected.length,
        ]);
        const only = all.rows[0]?.rule ?? 0;
        const page = await findDropped({ lists, rule: only, offset, limit: 2, signal });
        expect(page.rows).toEqual(all.rows.filter((row) => row.rule === only).slice(offset, offset + 2));
      },
    ),
    { numRuns: draws(1000) },
  );
});
