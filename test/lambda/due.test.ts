import { describe, expect, test } from '@jest/globals';
import { selectDue } from '../../lib/lambda/invocation.ts';
import type { LastRun } from '../../lib/lambda/task.ts';

const hour = 3_600_000;
const ago = (milliseconds: number) => new Date(Date.now() - milliseconds).toISOString();

/** Whether one is due that is listed once a day, and since when it counts as waiting, as far as that was measured. */
async function look(last: LastRun | undefined) {
  const measured: (string | undefined)[] = [];
  const task = {
    ...{ id: 'a', refreshInterval: 24 * hour, heldInterval: 3 * 60_000 },
    lastRun: async () => last,
    run: async () => [{ answer: {}, durationMs: 0 }],
  };
  const measure = { waiting: (since: string | undefined) => void measured.push(since) };
  const { signal } = new AbortController();
  const due = await selectDue([task], { period: 60_000, measure, signal });
  return { isDue: due.length === 1, measured };
}

describe('the turn of what is listed once a day', () => {
  test('has come when it was never listed, or a day ago', async () => {
    expect(await look(undefined)).toEqual({ isDue: true, measured: [] });
    expect(await look({ attempt: ago(24 * hour), success: undefined })).toEqual({
      isDue: true,
      measured: [],
    });
  });

  test('has not come an hour later, which is told with the last whole listing', async () => {
    const success = ago(2 * hour);
    expect(await look({ attempt: ago(hour), success })).toEqual({ isDue: false, measured: [success] });
  });

  test('has come when the last attempt is dated in the future', async () => {
    expect(await look({ attempt: ago(-1000 * hour), success: ago(hour) })).toEqual({
      isDue: true,
      measured: [],
    });
  });

  test('is not measured with a last success of the future, but with what is known before it', async () => {
    const firstAttempt = ago(5 * hour);
    expect(await look({ firstAttempt, attempt: ago(hour), success: ago(-hour) })).toEqual({
      isDue: false,
      measured: [firstAttempt],
    });
  });

  test('comes within minutes while something is held', async () => {
    const last = { attempt: ago(3 * 60_000), success: ago(3 * 60_000) };
    expect([(await look({ ...last, held: true })).isDue, (await look(last)).isDue]).toEqual([true, false]);
  });
});
