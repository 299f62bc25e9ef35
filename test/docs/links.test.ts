import { existsSync } from 'node:fs';
import { join, normalize } from 'node:path';
import { expect, test } from '@jest/globals';
import { anchorOf, linksOf, pages, proseOf, root } from './pages.ts';

/** The anchors of a page, as the site and the repository's host make them of headings. */
function anchorsOf(page: string): ReadonlySet<string> {
  const headings = [...proseOf(page).matchAll(/^#{1,6} (.*)$/gm)].map(([, heading = '']) => heading);
  return new Set(headings.map(anchorOf));
}

test('each link of a page leads to a file, and to a heading of it', () => {
  const dead: string[] = [];
  for (const page of pages()) {
    for (const link of linksOf(page)) {
      if (/^[a-z]+:/.test(link)) continue;
      const [path = '', anchor] = link.split('#');
      const target = path === '' ? page : normalize(join(page, '..', path));
      if (target.startsWith('..') || !existsSync(join(root, target))) dead.push(`${page}: ${link}`);
      else if (anchor !== undefined && !anchorsOf(target).has(anchor)) dead.push(`${page}: ${link}`);
    }
  }
  expect(dead).toEqual([]);
});

test('each page of docs is two clicks from the README at most', () => {
  const all = pages();
  const reached = new Set(['README.md']);
  for (let click = 0; click < 2; click += 1)
    for (const page of [...reached])
      for (const link of linksOf(page)) {
        const [path = ''] = link.split('#');
        const target = normalize(join(page, '..', path));
        if (all.includes(target)) reached.add(target);
      }
  const docs = all.filter((page) => page.startsWith('docs/'));
  expect(docs.length).toBeGreaterThan(10);
  expect(docs.filter((page) => !reached.has(page))).toEqual([]);
});
