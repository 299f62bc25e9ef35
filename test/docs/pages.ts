import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';

/** Root of the project. */
export const root = join(import.meta.dirname, '../..');

/** A fenced block of a page. */
export interface Block {
  /** The page, relative to the root. */
  readonly page: string;
  /** First line of the block's content, from 1. */
  readonly line: number;
  /** What stands behind the fence, as `sh` or `yaml`. */
  readonly language: string;
  readonly text: string;
  /** What the comment before the block says, as `not run: needs an AWS account`; empty without one. */
  readonly mark: string;
}

/** All pages for people, relative to the root: the top level, `docs/`, and the READMEs and runbooks below. */
export function pages(): readonly string[] {
  const below = ['docs', 'infra', 'lib', 'test/golden'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name.endsWith('.md'))
      .map((entry) => relative(root, join(entry.parentPath, entry.name))),
  );
  const top = readdirSync(root).filter((name) => name.endsWith('.md'));
  return [...top, ...below].sort();
}

/** The text of a page. */
function readPage(page: string): string {
  return readFileSync(join(root, page), 'utf8');
}

/** The fenced blocks of a page. */
export function blocksOf(page: string): readonly Block[] {
  const text = readPage(page);
  const fence = /^(?:<!-- (?<mark>[^\n]*) -->\n)?```(?<language>[a-z]*)\n(?<text>[\s\S]*?)^```$/gm;
  return [...text.matchAll(fence)].map((match) => {
    const { mark = '', language = '', text: content = '' } = match.groups ?? {};
    const line = text.slice(0, match.index).split('\n').length + (mark === '' ? 1 : 2);
    return { page, line, language, text: content, mark };
  });
}

/** The anchor of a heading, as the site and the repository's host make it. */
export function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');
}

/** Where the links of a page lead, as they are written. */
export function linksOf(page: string): readonly string[] {
  return [...proseOf(page).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => link);
}

/** A page without its fenced blocks. */
export function proseOf(page: string): string {
  return readPage(page).replace(/^```[\s\S]*?^```$/gm, '');
}
