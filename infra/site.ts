import { existsSync, statSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join, normalize, relative } from 'node:path';
import { Marked, type Tokens } from 'marked';
import Metalsmith from 'metalsmith';

const root = join(import.meta.dirname, '..');

/** The sidebar: each heading with its pages, in reading order. */
const sidebar: Readonly<Record<string, readonly string[]>> = {
  Begin: ['README.md', 'docs/start.md', 'docs/concepts.md'],
  Configure: ['docs/configure.md', 'docs/configuration.md', 'docs/backends.md', 'docs/take-over.md'],
  Deploy: ['docs/deploy.md', 'docs/deploy-aws.md', 'infra/terraform/README.md', 'docs/sidecar.md'],
  Operate: ['docs/operate.md', 'infra/monitoring/README.md'],
  Trust: ['docs/guarantees.md', 'docs/security.md'],
  Plan: ['docs/scale.md', 'docs/upgrade.md', 'docs/compare.md'],
  'Build on it': [
    'docs/library.md',
    'docs/stores.md',
    'docs/json-output.md',
    'CONTRIBUTING.md',
    'CHANGELOG.md',
  ],
};

/**
 * Builds the site of the documents into a folder: each Markdown page as HTML under its own path, and the files that
 * pages link to. A link to a folder leads to a list of its files. Throws an error that names all dead links.
 */
export async function buildSite(into: string): Promise<void> {
  const pages = await markdownPages();
  const build = new Metalsmith(root)
    .source('docs')
    .ignore('*')
    .destination(into)
    .clean(true)
    .use(async (files) => {
      const others = new Set<string>();
      const dead: string[] = [];
      for (const page of pages) {
        const html = renderPage(page, await readFile(join(root, page), 'utf8'), { pages, others, dead });
        files[pathOf(page)] = { contents: Buffer.from(html) };
      }
      for (const other of others)
        files[other] = {
          contents: other.endsWith('/index.html')
            ? Buffer.from(await listingOf(other.slice(0, -'/index.html'.length)))
            : await readFile(join(root, other)),
        };
      if (dead.length > 0) throw new Error(`links that lead nowhere:\n${dead.join('\n')}`);
      files['style.css'] = { contents: await readFile(join(root, 'infra/site/style.css')) };
    });
  await build.build();
}

/** The Markdown pages of the top level and of these folders. */
async function markdownPages(): Promise<readonly string[]> {
  const below = ['docs', 'infra', 'lib', 'test/golden'].map(async (folder) =>
    (await readdir(join(root, folder), { recursive: true })).map((name) => join(folder, name)),
  );
  const found = [...(await readdir(root)), ...(await Promise.all(below)).flat()];
  return found.filter((name) => name.endsWith('.md')).sort();
}

/** The path of a page in the site: a README becomes the index of its folder. */
function pathOf(page: string): string {
  return page.replace(/README\.md$/, 'index.html').replace(/\.md$/, '.html');
}

interface Site {
  readonly pages: readonly string[];
  /** Files and folders that pages link to; `renderPage` adds them. */
  readonly others: Set<string>;
  /** Dead links; `renderPage` adds them. */
  readonly dead: string[];
}

function renderPage(page: string, text: string, site: Site): string {
  const here = relative(join(pathOf(page), '..'), '');
  const up = (path: string) => join(here, path) || '.';
  const link = (target: string): string => {
    if (/^[a-z]+:/.test(target) || target.startsWith('#')) return target;
    const [path = '', anchor] = target.split('#');
    const found = normalize(join(page, '..', path)).replace(/\/$/, '');
    const after = anchor === undefined ? '' : `#${anchor}`;
    if (site.pages.includes(found)) return `${up(pathOf(found))}${after}`;
    const file = join(root, found);
    if (found.startsWith('..') || !existsSync(file)) {
      site.dead.push(`${page}: ${target}`);
      return target;
    }
    const other = statSync(file).isDirectory() ? `${found}/index.html` : found;
    // A folder with a README has a page already.
    if (!site.pages.includes(`${found}/README.md`)) site.others.add(other);
    return up(other);
  };
  const marked = new Marked({
    renderer: {
      heading({ tokens, depth, text: heading }: Tokens.Heading) {
        return `<h${depth} id="${anchorOf(heading)}">${this.parser.parseInline(tokens)}</h${depth}>\n`;
      },
      html: ({ text: raw }: Tokens.HTML | Tokens.Tag) => (raw.startsWith('<!--') ? '' : escapeHtml(raw)),
    },
    walkTokens(token) {
      if (token.type === 'link' || token.type === 'image') token.href = link(token.href);
    },
  });
  const title = /^# (.*)$/m.exec(text)?.[1] ?? page;
  const body = marked.parse(text, { async: false });
  const items = Object.entries(sidebar).map(([heading, names]) => {
    const links = names.map((name) => {
      const current = name === page ? ' aria-current="page"' : '';
      return `<li><a href="${up(pathOf(name))}"${current}>${nameOf(name)}</a></li>`;
    });
    return `<b>${heading}</b><ul>${links.join('')}</ul>`;
  });
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}${page === 'README.md' ? '' : ' · Muster'}</title><link rel="stylesheet" href="${up('style.css')}"></head>
<body><nav>${items.join('\n')}</nav><main>${body}</main></body></html>
`;
}

/** The anchor that GitHub makes of a heading. */
function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');
}

/** The name of a page in the sidebar. */
function nameOf(page: string): string {
  const named = new Map([
    ['README.md', 'Muster'],
    ['docs/deploy-aws.md', 'Deploy to AWS'],
    ['docs/configuration.md', 'All keys'],
    ['docs/json-output.md', 'JSON output'],
    ['docs/take-over.md', 'Take over a Prometheus'],
    ['infra/terraform/README.md', 'Terraform'],
    ['infra/monitoring/README.md', 'Alerts and runbooks'],
    ['CONTRIBUTING.md', 'Contribute'],
    ['CHANGELOG.md', 'Changelog'],
  ]);
  const [name = ''] = page.replace('docs/', '').split('.');
  return named.get(page) ?? `${name.charAt(0).toUpperCase()}${name.slice(1)}`;
}

/** A page with the whole text of each file in a folder. */
async function listingOf(folder: string): Promise<string> {
  const entries = await readdir(join(root, folder), { withFileTypes: true });
  const names = entries.filter((entry) => entry.isFile()).map(({ name }) => name);
  const parts = names.sort().map(async (name) => {
    const text = await readFile(join(root, folder, name), 'utf8');
    return `<h2>${escapeHtml(name)}</h2><pre>${escapeHtml(text)}</pre>`;
  });
  const body = (await Promise.all(parts)).join('\n');
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>${folder}</title><h1>${folder}</h1>${body}</html>\n`;
}

function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

if (import.meta.main) {
  await buildSite('dist/site');
  process.stdout.write('dist/site has the site\n');
}
