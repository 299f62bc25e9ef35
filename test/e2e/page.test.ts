import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Browser, BrowserContextOptions, Locator } from 'playwright-core';
import { runCycle } from '../../lib/cycle/cycle.ts';
import { createFileStore } from '../../lib/store/folder/store.ts';
import type { ObjectStore } from '../../lib/store/store.ts';
import { hostile, livelyStore, services } from '../sidecar/serve/lively-store.ts';
import { findBarriers, openPage, startChromium, type WatchedPage } from '../support/chromium.ts';
import type { RunningMuster } from '../support/muster.ts';
import { freePorts } from '../support/process.ts';
import { describeWithPrograms } from '../support/programs.ts';
import { inputOf, providerOf } from '../support/provider.ts';
import { makeWorkplace, type Workplace } from '../support/workplace.ts';

/** Where screenshots are put, for somebody to look at. */
const screenshots = process.env.MUSTER_SCREENSHOTS;

const pages = {
  overview: '/',
  job: '/jobs/api',
  held: '/jobs/batch',
  hostile: `/jobs/${encodeURIComponent(hostile.job)}`,
  search: '/targets?q=canary+dc%3Deu-1',
  changes: '/changes',
  version: '/version?job=api&provider=consul-0&version=12',
  list: '/list?job=api&provider=consul-0&version=12',
  target: '/target?job=api&provider=consul-0&address=10.3.0.2%3A9100',
  dropped: '/dropped?job=api',
  grouped: '/?group=mechanism&sort=targets',
  mistyped: '/targets?q=servce%3Dapi',
  nothing: '/jobs/none',
} as const;

/** The rules of axe that depend on colours, and on the size of the screen; in light all are looked at. */
const ofLook = {
  light: undefined,
  dark: ['color-contrast'],
  phone: ['color-contrast', 'target-size', 'scrollable-region-focusable', 'meta-viewport'],
} as const;

const desk = { width: 1440, height: 900 };
const phone = { width: 375, height: 812 };

describeWithPrograms('the page in Chromium', ['chromium'], () => {
  let place: Workplace;
  let store: ObjectStore;
  let sidecar: RunningMuster;
  let browser: Browser;
  let url: string;

  beforeAll(async () => {
    place = await makeWorkplace();
    store = createFileStore(`${place.folder}/store`);
    const [port] = await freePorts(1);
    url = `http://127.0.0.1:${port}`;
    [browser] = await Promise.all([startChromium(), livelyStore(new Date(), store)]);
    sidecar = place.start([
      ...[
        'sync',
        '--from',
        'store',
        '--to',
        'targets',
        '--interval',
        '200ms',
        '--listen',
        `127.0.0.1:${port}`,
      ],
    ]);
    while (
      !(await fetch(`${url}/readyz`).then(
        ({ ok }) => ok,
        () => false,
      ))
    );
    if (screenshots !== undefined) await mkdir(screenshots, { recursive: true });
  }, 600_000);
  afterAll(async () => {
    await browser?.close();
    await sidecar?.[Symbol.asyncDispose]();
    await place?.[Symbol.asyncDispose]();
  });

  const open = (options: BrowserContextOptions = {}) =>
    openPage(browser, new URL(url).host, { viewport: desk, ...options });
  const shot = async ({ page }: WatchedPage, name: string) => {
    if (screenshots !== undefined)
      await page.screenshot({ path: join(screenshots, `${name}.png`), fullPage: true });
  };

  test.each([
    ['light', { colorScheme: 'light' }],
    ['dark', { colorScheme: 'dark' }],
    ['phone', { colorScheme: 'light', viewport: phone, isMobile: true, hasTouch: true }],
  ] as const)(
    'in %s: no barrier for anybody, nothing wider than the screen, nothing asked of another host',
    async (look, options) => {
      const watched = await open(options);
      const { page, trouble } = watched;
      for (const [name, path] of Object.entries(pages)) {
        await page.goto(url + path);
        await shot(watched, `${name}-${look}`);
        expect([name, await findBarriers(page, ofLook[look])]).toEqual([name, []]);
        const width = await page.evaluate('document.documentElement.scrollWidth');
        expect([name, width]).toEqual([name, page.viewportSize()?.width]);
      }
      // That a page is missing is written to the console by the browser itself.
      expect(trouble).toEqual([expect.stringMatching(/^console: Failed to load resource: .* 404/)]);
      const back = await page.evaluate('getComputedStyle(document.body).backgroundColor');
      expect(back).toBe(options.colorScheme === 'dark' ? 'rgb(20, 23, 26)' : 'rgb(247, 248, 249)');
      await watched.close();
    },
  );

  test('names that are scripts do nothing but stand there', async () => {
    const { page, trouble, close } = await open();
    await page.goto(url + pages.hostile);
    expect(await page.title()).toBe(`<script>alert(1)</script>"' onload=x U+202Egnp.exe · Muster`);
    await page.locator('.targets summary').first().click();
    expect(await page.locator('.targets dt').first().textContent()).toBe(hostile.label);
    expect(trouble).toEqual([]);
    await close();
  });

  test('search follows what is typed, by keyboard alone', async () => {
    const watched = await open();
    const { page, trouble, close } = watched;
    await page.goto(`${url}/targets`);
    const first = await page.evaluate('window.first = {}; performance.timeOrigin');
    await page.keyboard.press('/');
    await page.keyboard.type('canary dc=eu-2');
    // Of what was typed so far results may come before.
    await page.waitForURL(({ href }) => href === `${url}/targets?q=canary+dc%3Deu-2`);
    expect(await page.getByRole('status').textContent()).toBe('17 targets found');
    expect(await page.evaluate('performance.timeOrigin')).toBe(first);
    await shot(watched, 'search-typed');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Tab');
    expect(await page.evaluate('document.activeElement.textContent')).toBe('api');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    expect(await page.locator('.targets details[open] dt').count()).toBe(8);
    await shot(watched, 'search-opened');
    expect(await findBarriers(page)).toEqual([]);
    await page.getByRole('searchbox', { name: 'Search all targets' }).last().fill('nothing like it');
    await page.getByText('No target fits.').waitFor();
    expect(trouble).toEqual([]);
    await close();
  });

  test('the skip link and the main menu are the first that the keyboard finds', async () => {
    const { page, close } = await open();
    await page.goto(url);
    const found: unknown[] = [];
    for (let stop = 0; stop < 6; stop++) {
      await page.keyboard.press('Tab');
      found.push(
        await page.evaluate(
          'document.activeElement.getAttribute("aria-label") ?? document.activeElement.textContent',
        ),
      );
    }
    expect(found).toEqual([
      'Skip to content',
      'Muster',
      'Overview',
      'Targets',
      'Changes',
      'Search all targets',
    ]);
    await close();
  });

  test('all of it reads without JavaScript', async () => {
    const { page, close } = await open({ javaScriptEnabled: false });
    /** Clicks what leads to another page, and waits until that one is whole. */
    const follow = async (element: Locator, path: string) => {
      await element.click();
      await page.waitForURL(({ href }) => href === url + path);
    };
    await page.goto(url);
    await follow(page.getByRole('link', { name: 'api', exact: true }), '/jobs/api');
    expect(await page.getByRole('heading', { level: 1 }).textContent()).toBe('api');
    expect(await page.getByRole('img', { name: /^Target count over time, from 34 to 62$/ }).count()).toBe(1);
    await page.getByText('Numbers').click();
    expect(await page.locator('.chart tbody tr').count()).toBe(41);
    await page.getByRole('searchbox', { name: 'Search the targets of this job' }).fill('10.3.0.60');
    await follow(page.getByRole('button', { name: 'Search' }), '/jobs/api?q=10.3.0.60');
    expect(await page.getByRole('status').textContent()).toBe('1 target found');
    await follow(page.getByRole('link', { name: 'Changes', exact: true }), '/changes');
    const versionOf = (version: number) => `/version?job=api&provider=consul-0&version=${version}`;
    await follow(page.getByRole('link', { name: 'version 40' }), versionOf(40));
    expect(await page.locator('.diff > .changed').count()).toBe(7);
    await follow(page.getByRole('link', { name: 'Version 39' }), versionOf(39));
    expect(await page.locator('.diff > .added').count()).toBe(1);
    const list = '/list?job=api&provider=consul-0&version=39';
    await follow(page.getByRole('link', { name: 'The full list as of this version' }), list);
    expect(await page.getByRole('status').textContent()).toBe('62 targets');
    await page.getByRole('searchbox', { name: 'Search the list as of this version' }).fill('10.3.0.5');
    const found = '/list?job=api&provider=consul-0&version=39&q=10.3.0.5';
    await follow(page.locator('.search').getByRole('button', { name: 'Search' }), found);
    await close();
  });

  test('the overview and the feed follow what happens, without a reload', async () => {
    const { page, trouble, close } = await open();
    const feed = await open();
    for (const one of [page, feed.page]) await one.clock.install();
    await page.goto(url);
    await feed.page.goto(`${url}/changes`);
    const row = page.getByRole('row', { name: /^edge/ });
    expect(await row.textContent()).toMatch(/stale/);
    await runCycle(
      providerOf(() => services('edge', 9), { job: 'edge' }),
      {
        ...inputOf(store),
        now: () => new Date(),
      },
    );
    const followed = row.filter({ hasText: /9.*ok/s });
    const entry = feed.page.getByRole('listitem').filter({ hasText: 'edge consul-0' }).first();
    while ((await followed.count()) === 0 || !/version 2/.test((await entry.textContent()) ?? '')) {
      await page.clock.runFor(5_000);
      await feed.page.clock.runFor(5_000);
    }
    expect([trouble, feed.trouble]).toEqual([[], []]);
    await feed.close();
    await close();
  });

  test('says so while it does not follow because somebody selects', async () => {
    const { page, close } = await open();
    await page.clock.install();
    await page.goto(url);
    const paused = page.locator('main[data-paused]');
    await page.evaluate('getSelection().selectAllChildren(document.querySelector(".attention"))');
    await page.clock.runFor(5_000);
    await paused.waitFor();
    await page.evaluate('getSelection().removeAllRanges()');
    while ((await paused.count()) > 0) await page.clock.runFor(5_000);
    await close();
  });

  test('follows without taking away focus, scroll or what is open', async () => {
    const { page, trouble, close } = await open();
    await page.clock.install();
    await page.goto(`${url}/jobs/api`);
    const summary = page.locator('.targets summary').nth(20);
    await summary.click();
    await page.evaluate('document.querySelector(".feed").remove(); window.mark = scrollY');
    while ((await page.locator('.feed').count()) === 0) await page.clock.runFor(5_000);
    expect(await page.locator('.targets details[open]').count()).toBe(1);
    expect(await page.evaluate('document.activeElement.nodeName')).toBe('SUMMARY');
    expect(await page.evaluate('document.activeElement.getBoundingClientRect().top > 0')).toBe(true);
    expect(trouble).toEqual([]);
    await close();
  });

  test('turns pages without a jump, and a page has an address', async () => {
    const { page, trouble, close } = await open();
    await page.goto(`${url}/targets`);
    const next = page.getByRole('link', { name: 'Next' });
    await next.scrollIntoViewIfNeeded();
    const before = await next.boundingBox();
    await next.click();
    await page.waitForURL(`${url}/targets?offset=50`);
    await page.getByText('51–100 of').waitFor();
    expect(Math.abs(((await next.boundingBox())?.y ?? 0) - (before?.y ?? 0))).toBeLessThan(2);
    await page.getByRole('textbox', { name: 'Page' }).fill('3');
    await page.keyboard.press('Enter');
    await page.getByText('101–').waitFor();
    await page.goBack();
    await page.getByText('51–100 of').waitFor();
    expect(trouble).toEqual([]);
    await close();
  });

  test('from a row to the target, from a label to its search, from a step of the timeline to its version', async () => {
    const { page, close } = await open({ javaScriptEnabled: false });
    await page.goto(`${url}/jobs/api`);
    await page.locator('.targets .address', { hasText: '10.3.0.2:9100' }).first().click();
    await page.getByRole('heading', { name: '10.3.0.2:9100' }).waitFor();
    expect(await page.locator('.steps > li').count()).toBe(5);
    await page.locator('.labels a', { hasText: 'node-01' }).first().click();
    await page.waitForURL(({ search }) => search === '?q=__meta_consul_node%3Dnode-01');
    await page.goto(`${url}/jobs/api?range=day`);
    await page.locator('.hits a').nth(30).click({ force: true });
    await page.getByRole('heading', { level: 1, name: /version 31/ }).waitFor();
    await close();
  });

  test('copies what a button says, and the timeline tells what lies under the pointer', async () => {
    const { page, trouble, close } = await open({ permissions: ['clipboard-read', 'clipboard-write'] });
    await page.goto(url + pages.target);
    await page.getByRole('button', { name: 'Copy the URL' }).click();
    expect(await page.evaluate('navigator.clipboard.readText()')).toBe('http://10.3.0.2:9100/metrics');
    await page.goto(`${url}/jobs/api`);
    await page.locator('.hits a').nth(10).hover({ force: true });
    await page
      .getByText(/: 61 targets, version 11 of consul-0/)
      .last()
      .waitFor();
    expect(trouble).toEqual([]);
    await close();
  });

  test('says so when the sidecar no longer answers', async () => {
    const { page, close } = await open();
    await page.clock.install();
    await page.goto(url);
    await page.route('**', (route) => route.abort());
    await page.clock.runFor(5_000);
    await page.locator('main[data-lost]').waitFor();
    await close();
  });
});
