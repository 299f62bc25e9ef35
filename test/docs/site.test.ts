import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, normalize } from 'node:path';
import { expect, test } from '@jest/globals';
import { buildSite } from '../../infra/site.ts';
import { pages } from './pages.ts';

test('the site has each page, in which each link leads to a file and to an anchor of it', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'muster-site-'));
  try {
    await buildSite(folder);
    const made = (await readdir(folder, { recursive: true })).filter((name) => name.endsWith('.html'));
    const wanted = pages().map((page) => page.replace(/README\.md$/, 'index.html').replace(/\.md$/, '.html'));
    expect(wanted.filter((page) => !made.includes(page))).toEqual([]);
    const texts = new Map<string, string>();
    for (const page of made) texts.set(page, await readFile(join(folder, page), 'utf8'));
    const dead: string[] = [];
    for (const [page, text] of texts)
      for (const [, link = ''] of text.matchAll(/ (?:href|src)="([^"]+)"/g)) {
        if (/^[a-z]+:/.test(link)) continue;
        const [path = '', anchor] = link.split('#');
        const target = path === '' ? page : normalize(join(page, '..', path));
        const isThere = existsSync(join(folder, target));
        const hasAnchor = anchor === undefined || texts.get(target)?.includes(` id="${anchor}"`) === true;
        if (!isThere || !hasAnchor) dead.push(`${page}: ${link}`);
      }
    expect(dead).toEqual([]);
    // One can get from the start page to all that is in docs/ by the sidebar.
    const start = texts.get('index.html') ?? '';
    const docs = made.filter((page) => page.startsWith('docs/'));
    expect(docs.filter((page) => !start.includes(`href="${page}"`))).toEqual([]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
