import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import type { Plugin } from 'esbuild';
import manifest from '../package.json' with { type: 'json' };

/**
 * Version and commit of these sources, as in `0.1.0+5d6f4e8a1b2c`, with `-dirty` where they were changed since. Without
 * git the version alone.
 */
export function revision(): string {
  const commit = readCommit();
  return commit === '' ? manifest.version : `${manifest.version}+${commit}`;
}

/** Puts the commit into lib/base/version.ts, so that whatever runs can say what it is. */
export const stampRevision: Plugin = {
  name: 'revision',
  setup({ initialOptions }) {
    initialOptions.define = { ...initialOptions.define, MUSTER_COMMIT: JSON.stringify(readCommit()) };
  },
};

function readCommit(): string {
  const args = ['describe', '--always', '--dirty', '--abbrev=12', '--exclude=*'];
  try {
    const cwd = join(import.meta.dirname, '..');
    return execFileSync('git', args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  } catch {
    return '';
  }
}
