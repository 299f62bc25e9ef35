import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import { startConsulFleet } from '../../lib/sim/consul.ts';
import { runHere } from '../support/io.ts';
import { smallWorld } from '../support/small-world.ts';
import { consulConfig, makeWorkplace, type Workplace } from '../support/workplace.ts';
import { blocksOf, pages, proseOf, root } from './pages.ts';

/** Blocks of commands. In `console` blocks a command begins with `$`, and its output follows. */
const commandBlocks = pages()
  .filter((page) => page !== 'CHANGELOG.md')
  .flatMap(blocksOf)
  .filter(({ language }) => ['sh', 'console'].includes(language));

/** Why a block may stay unrun. */
const reasons = [
  'needs an AWS account',
  'needs a cluster',
  'needs a cloud bucket',
  'needs a checkout, where CI runs it',
  'another program',
  'part of a command',
];

interface World {
  readonly place: Workplace;
  readonly close: () => Promise<unknown>;
}

/** The worlds in which blocks are run, a fresh one for each. */
const worlds = {
  'an empty folder': async (): Promise<World> => {
    const place = await makeWorkplace();
    return { place, close: async () => undefined };
  },
  'job web': async (): Promise<World> => {
    const fleet = await startConsulFleet({ seed: 'docs', services: 0, instances: 0 });
    fleet.replace(smallWorld(12));
    const { scrape_configs: jobs } = JSON.parse(JSON.stringify(consulConfig(fleet.url)));
    const config = { scrape_configs: [{ ...jobs[0], job_name: 'web' }] };
    const place = await makeWorkplace(config);
    await place.write('prometheus.yml', config);
    return { place, close: () => fleet.stop() };
  },
  'job api with a held removal': async (): Promise<World> => {
    const fleet = await startConsulFleet({ seed: 'docs', services: 0, instances: 0 });
    const { scrape_configs: jobs } = JSON.parse(JSON.stringify(consulConfig(fleet.url)));
    const place = await makeWorkplace({ scrape_configs: [...jobs, { ...jobs[0], job_name: 'old-job' }] });
    for (const count of [22, 24]) {
      fleet.replace(smallWorld(count));
      await place.here(['run']);
    }
    await place.write('muster.yml', { scrape_configs: jobs });
    fleet.replace(smallWorld(4));
    await place.here(['run']);
    return { place, close: () => fleet.stop() };
  },
};

/** A `muster` for the shell. What runs until Ctrl-C gets it after a few seconds; `held` ends with 1 where something is. */
const shim = `#!/bin/sh
case "$1" in
  dev|demo) timeout -s INT 10 "${process.execPath}" "${join(root, 'lib/cli/main.ts')}" "$@" --listen 127.0.0.1:0; code=$?
    case $code in 0|124|130) exit 0;; *) exit $code;; esac;;
  held) "${process.execPath}" "${join(root, 'lib/cli/main.ts')}" "$@" || [ $? = 1 ];;
  *) exec "${process.execPath}" "${join(root, 'lib/cli/main.ts')}" "$@";;
esac
`;

/** Runs a block as a user pastes it; what it printed to stderr when a command failed. */
async function failureOf(text: string, folder: string): Promise<string | undefined> {
  const bin = join(folder, '.bin');
  await mkdir(bin, { recursive: true });
  await writeFile(join(bin, 'muster'), shim, { mode: 0o755 });
  const env = { HOME: folder, PATH: `${bin}${delimiter}${process.env.PATH}` };
  try {
    await promisify(execFile)('sh', ['-ec', text], { cwd: folder, env });
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** Each command of Muster in a block or in a text, with its words, and the page. */
function musterCommands(): readonly (readonly [page: string, words: readonly string[]])[] {
  return pages()
    .filter((page) => page !== 'CHANGELOG.md')
    .flatMap((page) => {
      const lines = blocksOf(page)
        .filter(({ language }) => ['sh', 'console'].includes(language))
        .flatMap(({ text }) => text.replace(/\\\n/g, ' ').split('\n'));
      const inline = [...proseOf(page).matchAll(/`([^`\n]+)`/g)].map(([, code = '']) => code);
      return [...lines, ...inline].flatMap((line) => {
        const [, command] = /^(?:\$ )?(?:npx )?muster ([a-z][^#|>]*)/.exec(line) ?? [];
        return command === undefined ? [] : [[page, command.trim().split(/\s+/)] as const];
      });
    });
}

describe('commands in the documents', () => {
  test('each block is run in a world, is recorded output, or says why it is not run', () => {
    const isKnown = (mark: string) =>
      Object.hasOwn(worlds, mark.replace(/^run in: /, '')) ||
      mark === 'recorded' ||
      reasons.includes(mark.replace(/^not run: /, ''));
    const stray = commandBlocks.filter(({ mark }) => !isKnown(mark));
    expect(stray.map(({ page, line, mark }) => `${page}:${line} ${mark}`)).toEqual([]);
  });

  test('each command of Muster exists and has the options that are given', async () => {
    const helps = new Map<string, string>();
    const wrong: string[] = [];
    for (const [page, [command = '', ...words]] of musterCommands()) {
      if (command === 'help' || command.toUpperCase() === command) continue;
      if (!helps.has(command)) helps.set(command, (await runHere([command, '--help'])).stdout);
      const help = helps.get(command) ?? '';
      if (!help.includes(`Usage: muster ${command}`)) wrong.push(`${page}: muster ${command}`);
      for (const option of words.flatMap((word) => /^--[a-z][a-z-]*/.exec(word) ?? []))
        if (!new RegExp(`${option}\\b`).test(help)) wrong.push(`${page}: muster ${command} ${option}`);
    }
    expect(wrong).toEqual([]);
    expect(helps.size).toBeGreaterThan(15);
  });

  test.each(Object.entries(worlds))('each block succeeds in its world: %s', async (name, openWorld) => {
    const blocks = commandBlocks.filter(({ mark }) => mark === `run in: ${name}`);
    expect(blocks.length).toBeGreaterThan(0);
    for (const { page, line, text } of blocks) {
      const world = await openWorld();
      await using place = world.place;
      try {
        const failure = await failureOf(text, place.folder);
        expect([`${page}:${line}`, failure]).toEqual([`${page}:${line}`, undefined]);
      } finally {
        await world.close();
      }
    }
  });
});
