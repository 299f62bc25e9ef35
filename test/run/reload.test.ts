import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { createLogger } from '../../lib/base/logger.ts';
import { readApp } from '../../lib/run/app.ts';
import { reloadingConfig } from '../../lib/run/reload.ts';
import { newFolder } from '../store/folders.ts';

const jobs = (...names: readonly string[]) =>
  `scrape_configs:\n${names.map((name) => `  - { job_name: ${name}, consul_sd_configs: [{ server: "c:8500" }] }\n`).join('')}`;

/** A configuration in a file, and what a look at it finds two seconds after the last one. */
async function followed(text: string) {
  const location = join(await newFolder(), 'muster.yml');
  await writeFile(location, text);
  const said: string[] = [];
  const write = (line: string) =>
    said.push(/level=(\w+) msg="?([^":=]*)/.exec(line)?.slice(1).join(' ') ?? '');
  const input = { env: {}, log: createLogger({ level: 'info', write }) };
  let seconds = 0;
  const config = reloadingConfig(location, await readApp(location, input), input, () => seconds * 1000);
  return {
    said,
    config,
    async look(next?: string, after = 2) {
      if (next !== undefined) await writeFile(location, next);
      seconds += after;
      return (await config.current()).providers.map(({ job }) => job);
    },
  };
}

test('a change takes effect when two looks have read the same text, and is told', async () => {
  const { look, said } = await followed(jobs('a', 'b', 'c'));
  expect(await look(jobs('a'))).toEqual(['a', 'b', 'c']);
  // The other half of the file has come: that is another text.
  expect(await look(jobs('a', 'b', 'd'))).toEqual(['a', 'b', 'c']);
  expect(await look(undefined, 1)).toEqual(['a', 'b', 'c']);
  expect(await look(undefined, 1)).toEqual(['a', 'b', 'd']);
  expect(said).toEqual(['info the new configuration is in force']);
});

test('a text that was there for one look leaves no trace', async () => {
  const { look, said } = await followed(jobs('a', 'b'));
  expect([await look(jobs('a')), await look(jobs('a', 'b')), await look(jobs('a'))]).toEqual(
    Array(3).fill(['a', 'b']),
  );
  expect(said).toEqual([]);
});

test('a broken one after an empty one leaves the last that named something in force', async () => {
  const { look, said } = await followed(jobs('a'));
  for (const text of ['scrape_configs: []\n', undefined, 'scrape_configs: 7\n', undefined])
    expect(await look(text)).toEqual(['a']);
  expect(await look(jobs('a'))).toEqual(['a']);
  expect(said).toEqual([
    ...Array(2).fill('error the last good configuration stays in force'),
    'info the configuration is good again',
  ]);
});

test('tells when what is in force was taken over, which a broken one does not change', async () => {
  const { look, config } = await followed(jobs('a'));
  const first = config.loadedAt();
  await look('scrape_configs: 7\n');
  expect([config.problem() === '', config.loadedAt()]).toEqual([false, first]);
  await setTimeout(5);
  await look(jobs('a', 'b'));
  await look();
  expect([config.problem(), config.loadedAt() > first]).toEqual(['', true]);
});

test('a text that is as it was, and its files, are not parsed again: what is in force is the very same', async () => {
  const { look, config } = await followed(`scrape_config_files: ['jobs/*.yml']\n${jobs('a')}`);
  const first = await config.current();
  await look();
  expect(await config.current()).toBe(first);
  // What a pattern names is looked for again.
  await mkdir(join(first.directory, 'jobs'));
  await writeFile(join(first.directory, 'jobs/b.yml'), jobs('b'));
  expect([await look(), await look()]).toEqual([['a'], ['a', 'b']]);
  const second = await config.current();
  await look();
  expect(await config.current()).toBe(second);
});
