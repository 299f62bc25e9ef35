import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { labels, metaNames } from '../../../lib/backends/kubernetes/labels.ts';

const readme = readFileSync(new URL('../../../lib/backends/kubernetes/README.md', import.meta.url), 'utf8');

test('the README explains every label', () => {
  const names = Object.values(labels).flatMap((group) =>
    typeof group === 'string' ? [group] : Object.values(group),
  );
  expect(names.filter((name) => !readme.includes(`| \`${name}`))).toEqual([]);
});

test("the README's forms of labels and annotations are those of every role", () => {
  for (const [role, { label, annotation }] of Object.entries(metaNames)) {
    const forms = Object.values({
      ...label('<key>'),
      a: annotation('<key>').value,
      b: annotation('<key>').present,
    });
    const written = forms.map((name) =>
      name.replace(`kubernetes_${role}_`, 'kubernetes_<role>_').replace('_key_', '<key>'),
    );
    expect(written.filter((name) => !readme.includes(`| \`${name}\``))).toEqual([]);
  }
});
