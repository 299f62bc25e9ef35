import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { labelsSince as dockerSince } from '../../../lib/backends/docker/index.ts';
import { labels, labelsSince, metaNames } from '../../../lib/backends/kubernetes/labels.ts';

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

test('the READMEs say since when there are labels, where that is after Prometheus 3.5', () => {
  const docker = readFileSync(new URL('../../../lib/backends/docker/README.md', import.meta.url), 'utf8');
  expect(Object.fromEntries([...sinceIn(readme), ...sinceIn(docker)])).toEqual(
    Object.fromEntries(
      Object.entries({ ...labelsSince, ...dockerSince }).filter(([label]) => !ofNamespaces.test(label)),
    ),
  );
  const namespaces = Object.entries(labelsSince).filter(([label]) => ofNamespaces.test(label));
  expect(namespaces.map(([, since]) => since)).toEqual(['3.6', '3.6', '3.6', '3.6']);
  expect(readme).toMatch(/^\| `namespace: true`.*\| 3\.6 +\|$/m);
});

/** What `attach_metadata.namespace` attaches has a row of its own. */
const ofNamespaces = /^__meta_kubernetes_namespace_/;

/** Labels with a version in the last column; a name that varies, up to where it does. */
function sinceIn(text: string): readonly (readonly [label: string, since: string])[] {
  const found = text.matchAll(/^\| `(?<label>__\w+)(?:<\w+>)?` .*\| (?<since>3\.\d+) +\|$/gm);
  return [...found].map(({ groups = {} }) => [groups.label ?? '', groups.since ?? '']);
}
