import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import type { Plugin } from 'esbuild';
import manifest from '../package.json' with { type: 'json' };

/**
 * Version and commit of these sources, as in `0.1.0+5d6f4e8a1b2c`, with `-dirty` where they were changed since, and
 * `0.1.0+unknown` outside git.
 */
export function revision(): string {
  return `${manifest.version}+${readCommit()}`;
}

/**
 * Puts the commit into lib/base/version.ts, so that every build can name itself; of package.json, which it reads too,
 * only the version.
 */
export const stampRevision: Plugin = {
  name: 'revision',
  setup({ initialOptions, onLoad }) {
    initialOptions.define = { ...initialOptions.define, MUSTER_COMMIT: JSON.stringify(readCommit()) };
    const { version } = manifest;
    onLoad({ filter: /\/package\.json$/ }, ({ path }) =>
      path === join(root, 'package.json')
        ? { contents: JSON.stringify({ version }), loader: 'json' }
        : undefined,
    );
  },
};

const root = join(import.meta.dirname, '..');

function readCommit(): string {
  const git = (...args: readonly string[]) =>
    execFileSync('git', args, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  try {
    // Sources that were unpacked inside another repository are not of its commit.
    if (git('rev-parse', '--show-prefix') !== '') return unknown;
    return git('describe', '--always', '--dirty', '--abbrev=12', '--exclude=*');
  } catch {
    return unknown;
  }
}

const unknown = 'unknown';
