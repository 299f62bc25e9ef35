import { createHash } from 'node:crypto';
import { Hono } from 'hono';
import type { FaceEnv } from '../../http.ts';
import { answerWith } from '../answer.ts';
import { script } from './script.ts';
import { style } from './style.ts';

const iconText =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><rect width="16" height="16" rx="4" fill="#1f5fbf"/><path d="M4 12V4.5l4 4 4-4V12" fill="none" stroke="#fff" stroke-width="1.8" stroke-linecap="round" stroke-linejoin="round"/></svg>';

const assets = [
  assetOf('page', 'css', 'text/css; charset=utf-8', style),
  assetOf('page', 'js', 'text/javascript; charset=utf-8', script),
  assetOf('icon', 'svg', 'image/svg+xml', iconText),
] as const;

/** Where the page finds its parts. The name changes with the content, so that a browser keeps them for good. */
export const assetPaths = { style: assets[0].path, script: assets[1].path, icon: assets[2].path } as const;

export function assetRoutes(): Hono<{ Bindings: FaceEnv }> {
  const app = new Hono<{ Bindings: FaceEnv }>();
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
