import { randomUUID } from 'node:crypto';
import manifest from '../../package.json' with { type: 'json' };

/** Put there by infra/revision.ts when Muster is bundled; the sources themselves know of no commit. */
declare const MUSTER_COMMIT: string | undefined;
const commit = typeof MUSTER_COMMIT === 'string' ? MUSTER_COMMIT : '';

/** What runs: the version of package.json and the commit it was built of, as in `0.1.0+5d6f4e8a1b2c`. */
export const version: string = commit === '' ? manifest.version : `${manifest.version}+${commit}`;

/** How Muster names itself to the servers that it asks. */
export const userAgent = `muster/${manifest.version}`;

/** A name for one run, which no other run has; it begins with the time, so that runs sort. */
export function newRunId(now: Date): string {
  return `${now.toISOString().replace(/[-:]|\.\d+/g, '')}-${randomUUID().slice(0, 13)}`;
}
