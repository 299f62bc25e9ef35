import * as z from 'zod';
import { isMapping, scalarText } from './scalar.ts';

export interface UniqueOptions {
  /** What the entries are, where texts must differ in more than the case of letters: some disks see no other. */
  readonly caseAlone?: string;
  /** The entries which that concerns. Default: all. */
  readonly caseMatters?: (entry: unknown) => boolean;
  /** Names the entry at `index` in the problem of the one at `from`. Default: `[index]`. */
  readonly nameEntry?: ((index: number, from: number) => string) | undefined;
}

/** No two entries of a list may have the same text at the key. Runs beside the entries' other problems. */
export function uniqueBy(
  key: string,
  { caseAlone, caseMatters = () => true, nameEntry = (index) => `[${index}]` }: UniqueOptions = {},
): z.core.$ZodCheck<readonly unknown[]> {
  return z.superRefine(
    (entries, context) => {
      const first = new Map<string, number>();
      const folded = new Map<string, number>();
      for (const [index, entry] of entries.entries()) {
        const name = textAt(entry, key);
        if (name === undefined) continue;
        // Other letters are percent-encoded in names of files.
        const inLowerCase = name.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
        const matters = caseAlone !== undefined && caseMatters(entry);
        const same = first.get(name);
        const alike = matters ? folded.get(inLowerCase) : undefined;
        if (same === undefined) first.set(name, index);
        if (matters && alike === undefined) folded.set(inLowerCase, index);
        if (same !== undefined) {
          const message = `must be unique, ${nameEntry(same, index)} has the same`;
          context.addIssue({ code: 'custom', path: [index, key], message });
        } else if (alike !== undefined) {
          const message = `differs from ${nameEntry(alike, index)} in case alone: some disks have one folder for both, so ${caseAlone} need other names`;
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
