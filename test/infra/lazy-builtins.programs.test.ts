import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { build } from 'esbuild';
import * as z from 'zod';
import { lazyBuiltins } from '../../infra/build-functions.ts';
import { copyCommand } from '../support/command.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'muster-lazy-'));
  await copyCommand(join(folder, 'dist'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test('a module of Node is loaded when something of it is first used', async () => {
  const printed = await runBundled(`
    import { createHash } from 'node:crypto';
    import tls, { connect } from 'tls';
    const loaded = () => ['crypto', 'tls'].filter((name) => process.moduleLoadList.includes('NativeModule ' + name));
    const seen = [loaded()];
    createHash('sha256');
    seen.push(loaded());
    seen.push(connect === tls.connect, loaded().sort());
    console.log(JSON.stringify(seen));
  `);
  expect(printed).toEqual([[], ['crypto'], true, ['crypto', 'tls']]);
});

test('every way to import gives what Node gives', async () => {
  const names = ['buffer', 'crypto', 'events', 'fs', 'http', 'module', 'os', 'process', 'stream', 'util'];
  const parts = names.map(
    (name) => `
      import byDefault_${name}, * as all_${name} from '${name}';
      for (const [way, given] of [
        ['default', byDefault_${name}], ['*', all_${name}], ['require', require('${name}')],
        ['import()', await import('node:${name}')],
      ]) {
        const own = process.getBuiltinModule('${name}');
        for (const key of Object.keys(own)) if (!Object.is(given[key], own[key])) wrong.push(['${name}', way, key]);
      }
    `,
  );
  const printed = await runBundled(`const wrong = [];${parts.join('')}
    byDefault_process.once('exit', () => undefined);
    byDefault_process.exitCode = 0;
    console.log(JSON.stringify(wrong));
  `);
  // Node's fetch and what else its own http makes only when it is asked.
  const late = ['maxHeaderSize', 'globalAgent', 'WebSocket', 'CloseEvent', 'MessageEvent'];
  expect(printed).toEqual(late.map((name) => ['http', 'import()', name]));
});

test('muster check of a configuration loads nothing of the network but sockets', async () => {
  const config = join(folder, 'muster.yml');
  await writeFile(
    config,
    'scrape_configs: [{ job_name: a, consul_sd_configs: [{ server: "http://localhost:1" }] }]\n',
  );
  const look = join(folder, 'look.mjs');
  const seen = join(folder, 'seen.json');
  await writeFile(
    look,
    `process.on('exit', () => process.getBuiltinModule('node:fs')
      .writeFileSync(${JSON.stringify(seen)}, JSON.stringify(process.moduleLoadList)));`,
  );
  await run(['--import', look, join(folder, 'dist/muster.mjs'), 'check', '-c', config]);
  const { default: loaded } = await import(seen, { with: { type: 'json' } });
  const heavy = ['tls', 'http', 'https', 'http2', 'zlib', 'sqlite', 'worker_threads'];
  expect(heavy.filter((name) => loaded.includes(`NativeModule ${name}`))).toEqual([]);
});

test('muster check of a configuration loads few files: what is loaded together lies together', async () => {
  const config = join(folder, 'kubernetes.yml');
  await writeFile(
    config,
    'scrape_configs: [{ job_name: a, kubernetes_sd_configs: [{ api_server: "http://localhost:1", role: pod }] }]\n',
  );
  const count = join(folder, 'count.mjs');
  await writeFile(
    count,
    `let files = 0;
    process.getBuiltinModule('node:module').registerHooks({
      load(url, context, next) {
        if (url.startsWith('file:')) files += 1;
        return next(url, context);
      },
    });
    process.on('exit', () => console.log('files: ' + files));`,
  );
  const printed = await run(['--import', count, join(folder, 'dist/muster.mjs'), 'check', '-c', config]);
  // 82 before the parts were joined.
  expect(Number(/files: (\d+)/.exec(printed)?.[1])).toBeLessThan(60);
});

test('what ships of a package is what the tests run: no file of it is changed', async () => {
  const maps = (await readdir(join(folder, 'dist'))).filter((name) => name.endsWith('.map'));
  const changed: string[] = [];
  let compared = 0;
  for (const name of maps) {
    const map = sourceMap.parse(JSON.parse(await readFile(join(folder, 'dist', name), 'utf8')));
    for (const [index, source] of map.sources.entries()) {
      // A package with source maps of its own is named by sources that it does not bring.
      const inPackage = /node_modules\/.*\.[cm]?js$/.exec(source)?.[0];
      const shipped = map.sourcesContent[index] ?? undefined;
      if (inPackage === undefined || shipped === undefined) continue;
      compared += 1;
      if ((await readFile(inPackage, 'utf8')) !== shipped) changed.push(inPackage);
    }
  }
  expect(changed).toEqual([]);
  expect(compared).toBeGreaterThan(300);
});

test('V8 is never set up while it runs', async () => {
  const files = (await readdir('lib', { recursive: true })).filter((name) => name.endsWith('.ts'));
  const texts = await Promise.all(files.map((name) => readFile(join('lib', name), 'utf8')));
  expect(files.filter((_, index) => /setFlagsFromString/.test(texts[index] ?? ''))).toEqual([]);
});

const sourceMap = z.object({ sources: z.string().array(), sourcesContent: z.string().nullable().array() });

/** What a program prints as JSON, bundled and run. */
async function runBundled(contents: string): Promise<unknown> {
  const outfile = join(folder, `${++bundles}.mjs`);
  await build({
    stdin: { contents, resolveDir: process.cwd() },
    outfile,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    plugins: [lazyBuiltins],
    logLevel: 'error',
  });
  return JSON.parse(await run([outfile]));
}

let bundles = 0;

/** With none of the settings by which Node itself loads more at its start. */
async function run(args: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, args, { env: {} });
  return stdout;
}
