import type { z } from 'zod';
import type { KeyPath } from './problem.ts';

/** A zod issue in the words of the configuration; one that tells of several unknown keys becomes one for each. */
export function problemsOf(
  issue: z.core.$ZodIssue,
): readonly { readonly path: KeyPath; readonly message: string }[] {
  const path = issue.path.map((key) => (typeof key === 'number' ? key : String(key)));
  if (issue.code !== 'unrecognized_keys') return [{ path, message: issue.message }];
  const messages = issue.message.split('\n');
  return issue.keys.map((key, index) => ({
    path: [...path, key],
    message: messages[index] ?? 'unknown key',
  }));
}
