import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { decodeJournalEntry, encodeJournalEntry } from '../../lib/cycle/journal.ts';
import { decodeSnapshot, decodeSnapshotVersion, encodeSnapshot } from '../../lib/cycle/snapshot.ts';
import { hashGroups, toGroups } from '../../lib/targets/canonical.ts';
import { diffGroups } from '../../lib/targets/diff.ts';
import { anyListing } from '../support/groups.ts';

describe('what the bucket keeps', () => {
  test('a snapshot reads back as the listing that it was, whatever its labels are called', async () => {
    await fc.assert(
      fc.asyncProperty(anyListing, fc.option(fc.string(), { nil: undefined }), async (listing, cursor) => {
        const groups = toGroups(listing);
        const body = await encodeSnapshot({ version: 7, groups, cursor });
        const snapshot = await decodeSnapshot(body);
        expect([snapshot.version, snapshot.cursor, hashGroups(snapshot.groups)]).toEqual([
          7,
          cursor,
          hashGroups(groups),
        ]);
        expect(await decodeSnapshotVersion(body)).toBe(7);
      }),
    );
  });

  test('a journal entry reads back as the change that it was', async () => {
    await fc.assert(
      fc.asyncProperty(anyListing, anyListing, async (before, after) => {
        const change = diffGroups(toGroups(before), toGroups(after));
        const head = { version: 3, at: '2026-03-01T12:00:00.000Z', reason: 'discovered', run: 'r' } as const;
        expect(await decodeJournalEntry(await encodeJournalEntry({ ...head, change }))).toEqual({
          ...head,
          change,
        });
      }),
    );
  });
});
