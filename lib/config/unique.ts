import * as z from 'zod';
import { isMapping, scalarText } from './scalar.ts';

/** No two entries of a list may have the same text at the key. Runs beside the entries' other problems. */
export function uniqueBy(key: string): z.core.$ZodCheck<readonly unknown[]> {
  return z.superRefine(
    (entries, context) => {
      const first = new Map<string, number>();
      for (const [index, entry] of entries.entries()) {
        const name = textAt(entry, key);
        if (name === undefined) continue;
        const before = first.get(name);
        if (before === undefined) first.set(name, index);
        else
          context.addIssue({
            code: 'custom',
            path: [index, key],
            message: `must be unique, [${before}] has the same`,
          });
      }
    },
    { when: ({ value }) => Array.isArray(value) },
  );
}

function textAt(entry: unknown, key: string): string | undefined {
  if (!isMapping(entry)) return undefined;
  return scalarText(new Map<string, unknown>(Object.entries(entry)).get(key));
}
