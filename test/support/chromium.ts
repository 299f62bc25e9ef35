import axe from 'axe-core';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import * as z from 'zod';
import { requireProgram } from './programs.ts';

/** A page of a browser, with all that went wrong or left the machine since it was opened. */
export interface WatchedPage {
  readonly page: Page;
  /** Errors, messages of the console, dialogs, and requests to another host. */
  readonly trouble: readonly string[];
  close(): Promise<void>;
}

/** Milliseconds for what takes one: machines that test are busy. */
const patience = 120_000;

/** Starts Debian's Chromium without a window. */
export function startChromium(): Promise<Browser> {
  // A sandbox within a container's root is refused by the kernel.
  const args = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  return chromium.launch({ executablePath: requireProgram('chromium'), args, timeout: patience });
}

/** Opens a page of its own profile; only `host` may be asked. */
export async function openPage(
  browser: Browser,
  host: string,
  options: BrowserContextOptions = {},
): Promise<WatchedPage> {
  const context = await browser.newContext(options);
  context.setDefaultTimeout(patience);
  const page = await context.newPage();
  const trouble: string[] = [];
  page.on('console', (message) => trouble.push(`console: ${message.text()}`));
  page.on('pageerror', (error) => trouble.push(`error: ${error.message}`));
  page.on('dialog', (dialog) => {
    trouble.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on('request', (request) => {
    if (new URL(request.url()).host !== host) trouble.push(`request: ${request.url()}`);
  });
  return { page, trouble, close: () => context.close() };
}

const report = z.object({
  violations: z.array(
    z.object({
      id: z.string(),
      impact: z.string().nullable(),
      nodes: z.array(z.object({ html: z.string() })),
    }),
  ),
});

/** What axe finds wrong with a page as it stands, one line a rule. Default: by all its rules. */
export async function findBarriers(page: Page, rules?: readonly string[]): Promise<readonly string[]> {
  // A page in which something is selected does not change by itself, which axe could not take.
  await page.evaluate('getSelection().selectAllChildren(document.body)');
  await page.evaluate(axe.source);
  const options = JSON.stringify({ resultTypes: ['violations'], ...(rules && { runOnly: rules }) });
  const { violations } = report.parse(await page.evaluate(`axe.run(document, ${options})`));
  return violations.map(({ id, impact, nodes }) => `${impact} ${id}: ${nodes[0]?.html}`);
}
