import { randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  decodeJournalEntry,
  encodeJournalEntry,
  type JournalLine,
  readJournalLines,
} from '../../lib/cycle/journal.ts';
import { encodeGroup, toGroups } from '../../lib/targets/canonical.ts';
import { diffGroups } from '../../lib/targets/diff.ts';
import { draws, inCi } from '../support/counts.ts';
import { anyListing } from '../support/groups.ts';

const never = new AbortController().signal;
const head = { version: 7, at: '2026-03-01T12:00:00.000Z', reason: 'confirmed', run: 'run-1' } as const;

async function linesOf(body: Uint8Array, signal = never): Promise<readonly JournalLine[]> {
  return await Array.fromAsync(readJournalLines(body, { signal }));
}

describe('a journal entry read line by line', () => {
  test('is what it is read as a whole', async () => {
    await fc.assert(
      fc.asyncProperty(anyListing, anyListing, async (a, b) => {
        const body = await encodeJournalEntry({ ...head, change: diffGroups(toGroups(a), toGroups(b)) });
        const { change } = await decodeJournalEntry(body);
        expect((await linesOf(body)).map(canonical)).toEqual([
          { kind: 'head', head },
          ...[...change.added.values()].map((group) => ({ kind: 'added', group })),
          ...[...change.removed.values()].map((group) => ({ kind: 'removed', group })),
          ...[...change.changed.values()].map((pair) => ({ kind: 'changed', ...pair })),
        ]);
      }),
      { numRuns: draws(60) },
    );
  });

  test.each([
    ['no gzip', Buffer.from('{}'), 'malformed'],
    ['noise', gzipSync(randomBytes(100)), undefined],
    ['another schema', gzipSync('{"schema":2,"version":1}\n'), 'malformed'],
    ['a group that is none', gzipSync('"added":[\n{"source":1}\n]}\n'), 'malformed'],
    ['half an entry', gzipSync('x'.repeat(1000)).subarray(0, 15), 'malformed'],
    ...inCi(['a line without end', gzipSync(Buffer.alloc(65 << 20, 'x')), 'too-large'] as const),
  ])('%s is refused, not waited for', async (_, body, kind) => {
    const reading = linesOf(body);
    if (kind === undefined) expect(await reading).toEqual([]);
    else await expect(reading).rejects.toMatchObject({ kind });
  });

  test('a line beyond the limit is refused', async () => {
    const reading = Array.fromAsync(
      readJournalLines(gzipSync(Buffer.alloc(2 << 20, 'x')), { longestLine: 1 << 20 }),
    );
    await expect(reading).rejects.toMatchObject({ kind: 'too-large' });
  });

  test('stops when it is told', async () => {
    const body = await encodeJournalEntry({ ...head, change: diffGroups(new Map(), new Map()) });
    await expect(linesOf(body, AbortSignal.abort())).rejects.toMatchObject({ kind: 'timeout' });
  });
});

function canonical(line: JournalLine): object {
  if (line.kind === 'head') return line;
  if (line.kind !== 'changed') return { ...line, group: encodeGroup(line.group) };
  return { ...line, before: encodeGroup(line.before), after: encodeGroup(line.after) };
}
