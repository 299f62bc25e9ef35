import { createHash } from 'node:crypto';
import { Hono } from 'hono';
import { version } from '../../base/version.ts';
import { answerWith } from '../serve/answer.ts';
import type { RequestEnv } from '../serve/http.ts';
import { type Html, html, icon } from './html.ts';
import { script } from './script.ts';
import { style } from './style.ts';

/** A page: its title, its body, and how it is answered. */
export interface PageOptions {
  readonly title: string;
  readonly tab?: 'overview' | 'targets' | 'changes' | undefined;
  readonly body: Html | Promise<Html>;
  readonly status?: number | undefined;
  /** Whether the page is asked for again every few seconds, where JavaScript runs. */
  readonly live?: boolean | undefined;
}

/**
 * Nothing comes from elsewhere and nothing runs that is not ours: should a name ever slip through unescaped, it is
 * still no script.
 */
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** A whole page as an answer. */
export async function pageAnswer({
  title,
  tab,
  body,
  status = 200,
  live = false,
}: PageOptions): Promise<Response> {
  const link = (name: PageOptions['tab'], path: string, text: string) =>
    html`<a href="${path}"${name === tab ? html` aria-current="page"` : ''}>${text}</a>`;
  const page = await html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<link rel="icon" href="${assetPaths.icon}">
<link rel="stylesheet" href="${assetPaths.style}">
<script src="${assetPaths.script}" defer></script>
</head>
<body>
<a class="skip" href="#main">Skip to content</a>
<header class="top">
<a class="brand" href="/">${icon('M2.5 13V3.5L8 9l5.5-5.5V13')}Muster</a>
<nav aria-label="Main">
${link('overview', '/', 'Overview')}
${link('targets', '/targets', 'Targets')}
${link('changes', '/changes', 'Changes')}
</nav>
<form class="find" action="/targets" role="search">
<input type="search" name="q" aria-label="Search all targets" placeholder="Search all targets" autocomplete="off" spellcheck="false">
<kbd aria-hidden="true">/</kbd>
</form>
</header>
<main id="main" tabindex="-1"${live ? html` data-live` : ''}>
${await body}
</main>
<footer><p>Muster ${version}</p><nav aria-label="For machines"><a href="/sd">http_sd</a><a href="/metrics">Metrics</a><a href="/api/v1/providers">JSON</a><a href="/readyz">Ready?</a></nav></footer>
</body>
</html>
`;
  return answerWith(status, 'text/html; charset=utf-8', page, {
    'content-security-policy': policy,
    'referrer-policy': 'no-referrer',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'x-frame-options': 'deny',
  });
}

const iconText =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><rect width="16" height="16" rx="4" fill="#1f5fbf"/><path d="M4 12V4.5l4 4 4-4V12" fill="none" stroke="#fff" stroke-width="1.8" stroke-linecap="round" stroke-linejoin="round"/></svg>';

const assets = [
  assetOf('page', 'css', 'text/css; charset=utf-8', style),
  assetOf('page', 'js', 'text/javascript; charset=utf-8', script),
  assetOf('icon', 'svg', 'image/svg+xml', iconText),
] as const;

/** Where the page finds its parts. The name changes with the content, so that a browser keeps them for good. */
const assetPaths = { style: assets[0].path, script: assets[1].path, icon: assets[2].path } as const;

/** Serves the style, the script and the icon of the page. */
export function assetRoutes(): Hono<{ Bindings: RequestEnv }> {
  const app = new Hono<{ Bindings: RequestEnv }>();
  for (const { path, type, text } of assets) {
    app.get(path, () =>
      answerWith(200, type, text, { 'cache-control': 'public, max-age=31536000, immutable' }),
    );
  }
  return app;
}

function assetOf(name: string, ending: string, type: string, text: string) {
  const digest = createHash('sha256').update(text).digest('hex').slice(0, 12);
  return { path: `/assets/${name}.${digest}.${ending}`, type, text };
}
