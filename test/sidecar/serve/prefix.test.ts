import { describe, expect, test } from '@jest/globals';
import { prefixOf } from '../../../lib/sidecar/app.ts';
import { createMemoryStore } from '../../../lib/store/memory.ts';
import { cleanUpAfterEach, publish, targets } from '../world.ts';
import { startTestServer } from './test-server.ts';

cleanUpAfterEach();

test.each([
  ['https://example.com/muster', '/muster'],
  ['http://example.com/a/b//', '/a/b'],
  ['https://example.com', ''],
  ['https://example.com/', ''],
])('of %s the prefix is %j', (url, prefix) => {
  expect(prefixOf(url)).toBe(prefix);
});

test.each(['/muster', 'example.com/muster', 'ftp://example.com/', 'https://example.com/?a=b', ''])(
  '%j is refused',
  (url) => {
    expect(() => prefixOf(url)).toThrow(/ is not the URL of a site: write it as in https:/);
  },
);

describe('behind a proxy that shows it below a path', () => {
  const job = 'a" href="/evil';

  async function proxied() {
    const store = createMemoryStore();
    await publish(store, { [`${encodeURIComponent(job)}/consul-0.json`]: targets('a:1') });
    return startTestServer(store, { prefix: '/muster' });
  }

  test('every link of a page leads below the path, and nothing that others wrote is taken for one', async () => {
    const server = await proxied();
    for (const path of [
      '/muster',
      '/muster/',
      '/',
      '/muster/targets?q=a',
      '/muster/changes',
      '/muster/nowhere?x',
    ]) {
      const { text } = await server.get(path);
      const links = [...text.matchAll(/<[^>]* (?:href|src|action)="([^"#][^"]*)"/g)].map(
        ([, link]) => link ?? '',
      );
      expect(links.filter((link) => !link.startsWith('/muster/'))).toEqual([]);
      if (!path.includes('nowhere')) expect(links.length).toBeGreaterThan(5);
    }
    expect((await server.get('/muster/')).text).toContain('a&quot; href=&quot;/evil');
  });

  test('all else is found with the path and without it, and redirections keep it', async () => {
    const server = await proxied();
    for (const path of ['/sd', '/muster/sd', '/healthz', '/muster/healthz'])
      expect((await server.get(path)).status).toBe(200);
    const style =
      /href="(\/muster\/assets\/[^"]+\.css)"/.exec((await server.get('/muster/')).text)?.[1] ?? '';
    expect((await server.get(style)).headers.get('content-type')).toBe('text/css; charset=utf-8');
    expect((await server.get('/muster/jobs')).headers.get('location')).toBe('/muster/');
    expect((await server.get('/musterland/sd')).status).toBe(404);
  });
});
