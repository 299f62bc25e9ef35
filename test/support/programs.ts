import { describe, test } from '@jest/globals';
import { canRunDockerd } from './dockerd.ts';
import { findProgram, type ProgramName } from './find-program.ts';

export { findProgram, type ProgramName, requireProgram } from './find-program.ts';

/**
 * A describe block whose tests need programs. Where one is missing the block is skipped, out loud; in CI it fails.
 */
export function describeWithPrograms(name: string, needed: readonly ProgramName[], tests: () => void): void {
  const missing = needed.filter((program) => findProgram(program) === undefined);
  if (missing.length === 0) {
    describe(name, tests);
    return;
  }
  const line = `${name}: needs ${missing.join(', ')}: npm run programs`;
  if (process.env.CI) {
    test(name, () => {
      throw new Error(line);
    });
    return;
  }
  skip(line);
}

/** The same for tests that start a Docker Engine: that takes more rights than CI may have, so it is skipped there too. */
export function describeWithDockerd(name: string, needed: readonly ProgramName[], tests: () => void): void {
  if (canRunDockerd()) describeWithPrograms(name, ['dockerd', ...needed], tests);
  else
    skip(`${name}: needs Linux, and the rights to give programs namespaces of their own, as root has them`);
}

function skip(line: string): void {
  process.stderr.write(`SKIPPED ${line}\n`);
  test.skip(line, () => undefined);
}
