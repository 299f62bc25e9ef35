import { describe, expect, test } from '@jest/globals';
import { diskError } from '../../lib/base/disk-errors.ts';
import { type ErrorKind, MusterError } from '../../lib/base/errors.ts';
import { intervalFor, mirrorWithin, nextWait, runMirror } from '../../lib/sidecar/mirror/loop.ts';
import type { Round } from '../../lib/sidecar/mirror/round.ts';

function roundWith(...kinds: readonly ErrorKind[]): Round {
  return {
    changes: [],
    rejections: [],
    errors: kinds.map((kind) => new MusterError(kind, `${kind}!`)),
    bytes: 0,
    orphans: [],
  };
}

/** Rounds as listed, the last one for ever; waits are noted and over at once. */
function script(rounds: readonly Round[]) {
  const waits: number[] = [];
  const seen: Round[] = [];
  const stop = new AbortController();
  const last = rounds.at(-1) ?? roundWith();
  return {
    waits,
    seen,
    stop,
    options: {
      round: async () => rounds[seen.length] ?? last,
      roundTimeout: 60_000,
      signal: stop.signal,
      jitter: 0,
      onRound: (round: Round) => {
        seen.push(round);
      },
      sleep: async (milliseconds: number) => {
        waits.push(milliseconds);
        if (waits.length === 12) stop.abort();
      },
    },
  };
}

describe('the loop', () => {
  test('goes on through failures, ever more slowly, and is back in step after a success', async () => {
    const bad = roundWith('unreachable');
    const { waits, options } = script([
      roundWith(),
      bad,
      bad,
      bad,
      bad,
      bad,
      bad,
      roundWith(),
      bad,
      roundWith(),
    ]);
    await runMirror({ ...options, interval: 15_000 });
    expect(waits.map((wait) => wait / 1000)).toEqual([15, 30, 60, 120, 150, 150, 150, 15, 30, 15, 15, 15]);
  });

  test('takes its time where it mirrors thousands of files, however short its interval is', async () => {
    const { waits, options } = script([roundWith()]);
    await runMirror({ ...options, interval: 1000, files: () => 1000 * waits.length });
    expect(waits.map((wait) => wait / 1000)).toEqual([1, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 10]);
    expect(intervalFor(60_000, 1_000_000)).toBe(60_000);
  });

  test('never waits longer than five minutes, but never less than its interval', () => {
    const waits = (interval: number) =>
      [0, 1, 2, 5, 1000].map((failures) => nextWait(failures, { interval, jitter: 0, random: () => 0 }));
    expect(waits(60_000)).toEqual([60_000, 120_000, 240_000, 300_000, 300_000]);
    expect(waits(600_000)).toEqual([600_000, 600_000, 600_000, 600_000, 600_000]);
  });

  test('chance spreads a wait evenly to both sides', () => {
    const wait = (random: number) => nextWait(0, { interval: 10_000, jitter: 0.1, random: () => random });
    expect([wait(0), wait(0.5), wait(1)]).toEqual([9_000, 10_000, 11_000]);
  });

  test('ends a round that takes too long, and goes on', async () => {
    const { options, seen } = script([]);
    const hanging = (signal: AbortSignal) =>
      new Promise<Round>((resolve) => signal.addEventListener('abort', () => resolve(roundWith('timeout'))));
    const rounds = [hanging, options.round];
    await runMirror({
      ...options,
      interval: 1,
      roundTimeout: 5,
      round: (signal) => (rounds.shift() ?? options.round)(signal),
    });
    expect(seen.slice(0, 2).map(({ errors }) => errors.length)).toEqual([1, 0]);
  });

  test('ends at once when told to, also while it waits', async () => {
    const stop = new AbortController();
    const { options } = script([roundWith()]);
    const { sleep, ...rest } = options;
    expect(sleep).toBeDefined();
    await runMirror({
      ...rest,
      signal: stop.signal,
      interval: 2 ** 30,
      onRound: () => setImmediate(() => stop.abort()),
    });
  });
});

describe('a mirror that has to succeed once', () => {
  test('returns its first good round', async () => {
    const good = roundWith();
    const { options, waits } = script([roundWith('unreachable'), roundWith('throttled', 'storage'), good]);
    expect(await mirrorWithin(options, 60_000)).toBe(good);
    expect(waits).toEqual([500, 1000]);
  });

  test('gives up at once on an error that time does not mend', async () => {
    const { options, seen } = script([roundWith('unreachable'), roundWith('denied')]);
    await expect(mirrorWithin(options, 60_000)).rejects.toMatchObject({ kind: 'denied' });
    expect(seen).toHaveLength(2);
  });

  test.each(['EACCES', 'EROFS', 'EXDEV'])('gives up at once on a disk that says %s', async (code) => {
    const error = diskError('write', Object.assign(new Error(code), { code }));
    const { options, seen } = script([{ ...roundWith(), errors: [error] }]);
    await expect(mirrorWithin(options, 60_000)).rejects.toBe(error);
    expect([error.kind, seen.length]).toEqual(['storage', 1]);
  });

  test('gives up at the deadline with the error that it last met', async () => {
    const { options } = script([roundWith('unreachable')]);
    const { sleep, ...rest } = options;
    expect(sleep).toBeDefined();
    await expect(mirrorWithin(rest, 20)).rejects.toMatchObject({ kind: 'unreachable' });
  });
});
