import { randomUUID } from 'node:crypto';

/** A name for one run, which no other run has; it begins with the time, so that runs sort. */
export function newRunId(now: Date): string {
  return `${now.toISOString().replace(/[-:]|\.\d+/g, '')}-${randomUUID().slice(0, 13)}`;
}
