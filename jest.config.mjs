import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';

// Jest's workers and their threads keep what Node made of the source; a thread of the sidecar starts in half of the CPU time.
process.env.NODE_COMPILE_CACHE ??= join(tmpdir(), `muster-tests-${userInfo().uid}`);

// What several workers need is built once a run, see test/support/command.ts.
const folder = mkdtempSync(join(tmpdir(), 'muster-run-'));
process.env.MUSTER_TEST_RUN = folder;
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));

/** What the three projects share. Node loads the modules itself, see test/support/jest. */
const shared = {
  testEnvironment: '<rootDir>/test/support/jest/environment.mjs',
  testRunner: '<rootDir>/test/support/jest/runner.mjs',
  injectGlobals: false,
  transform: {},
  roots: ['<rootDir>/test'],
  moduleFileExtensions: ['ts', 'mjs', 'js', 'json'],
};

/** A test file belongs to a project by its name or folder. The sequencer starts long files first and unit files last. */
export default {
  projects: [
    {
      ...shared,
      displayName: 'unit',
      testMatch: [
        '<rootDir>/test/**/*.test.ts',
        '!**/test/e2e/**',
        '!**/*.programs.test.ts',
        '!**/*.long.test.ts',
      ],
    },
    {
      ...shared,
      displayName: 'programs',
      testMatch: ['<rootDir>/test/e2e/**/*.test.ts', '<rootDir>/test/**/*.programs.test.ts'],
    },
    { ...shared, displayName: 'long', testMatch: ['<rootDir>/test/**/*.long.test.ts'] },
  ],
  testSequencer: '<rootDir>/test/support/jest/sequencer.mjs',
  // Half of the files wait for other programs most of their time. Jest would read 150 % as 150 workers.
  maxWorkers: Math.ceil(1.5 * availableParallelism()),
  testTimeout: 180_000,
  // Milliseconds for a worker to end. The usual half second is not enough on a busy machine, where the memory of a worker is given
  // back slowly. One that a test keeps alive is still ended, and Jest says so; MUSTER_HANDLES=1 says what keeps it.
  workerGracefulExitTimeout: 10_000,
};
