import { readFile } from 'node:fs/promises';
import * as z from 'zod';

/** Prints the closing count of a jest report, `N passed, N failed, N skipped`; a suite that did not run has failed. */
const report = z.object({
  numPassedTests: z.int(),
  numFailedTests: z.int(),
  numRuntimeErrorTestSuites: z.int(),
  numPendingTests: z.int(),
  numTodoTests: z.int(),
});

const [, , path = ''] = process.argv;
const counts = report.parse(JSON.parse(await readFile(path, 'utf8')));
const failed = counts.numFailedTests + counts.numRuntimeErrorTestSuites;
const skipped = counts.numPendingTests + counts.numTodoTests;
process.stdout.write(`${counts.numPassedTests} passed, ${failed} failed, ${skipped} skipped\n`);
if (failed > 0 || counts.numPassedTests === 0) process.exitCode = 1;
