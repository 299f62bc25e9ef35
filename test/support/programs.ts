import { describe, test } from '@jest/globals';
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
  process.stderr.write(`SKIPPED ${line}\n`);
  test.skip(line, () => undefined);
}
