import * as z from 'zod';
import { isMapping, scalarText } from './scalar.ts';

export interface UniqueOptions {
  /** What the entries are, where texts must differ in more than the case of letters: some disks see no other. */
  readonly caseAlone?: string;
}

/** No two entries of a list may have the same text at the key. Runs beside the entries' other problems. */
export function uniqueBy(
  key: string,
  { caseAlone }: UniqueOptions = {},
): z.core.$ZodCheck<readonly unknown[]> {
  return z.superRefine(
    (entries, context) => {
      const first = new Map<string, { readonly index: number; readonly name: string }>();
      for (const [index, entry] of entries.entries()) {
        const name = textAt(entry, key);
        if (name === undefined) continue;
        // Other letters are percent-encoded in names of files.
        const folded =
          caseAlone === undefined ? name : name.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
        const before = first.get(folded);
        if (before === undefined) first.set(folded, { index, name });
        else {
          const message =
            before.name === name
              ? `must be unique, [${before.index}] has the same`
              : `differs from [${before.index}] in case alone: some disks have one folder for both, so ${caseAlone} need other names`;
          context.addIssue({ code: 'custom', path: [index, key], message });
        }
      }
    },
    { when: ({ value }) => Array.isArray(value) },
  );
}

function textAt(entry: unknown, key: string): string | undefined {
  if (!isMapping(entry)) return undefined;
  return scalarText(new Map<string, unknown>(Object.entries(entry)).get(key));
}
