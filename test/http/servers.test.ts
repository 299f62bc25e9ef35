import { describe, expect, test } from '@jest/globals';
import { type ErrorKind, MusterError } from '../../lib/base/errors.ts';
import { type Attempt, askInTurn, shuffled } from '../../lib/http/servers.ts';
import { failure } from '../support/http-client.ts';

/** Turns without a deadline, and what was said. */
function turns(more: { signal?: AbortSignal; deadline?: number } = {}) {
  const warnings: string[] = [];
  return {
    warnings,
    signal: new AbortController().signal,
    warn: (message: string) => warnings.push(message),
    ...more,
  };
}

const fails = (kind: ErrorKind, message: string) => Promise.reject(new MusterError(kind, message));

/** Waits until its share of the time is over. */
const hangs = ({ signal }: Attempt) =>
  new Promise<never>((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener('abort', () => reject(signal.reason));
  });

describe('servers asked in turn', () => {
  test('the first answer counts, and nobody else is asked', async () => {
    const all = turns();
    const asked: [string, boolean][] = [];
    const found = await askInTurn(['a', 'b', 'c'], all, async (server, { retry }) => {
      asked.push([server, retry]);
      return server === 'a' ? await fails('status', 'a is ill') : server.toUpperCase();
    });
    expect({ found, asked, warnings: all.warnings }).toEqual({
      found: { server: 'b', answer: 'B' },
      asked: [
        ['a', false],
        ['b', false],
      ],
      warnings: ['a is ill; another server answered'],
    });
  });

  test('only the last one is asked again after a failure', async () => {
    const asked: [string, boolean][] = [];
    const ask = (server: string, { retry }: Attempt) => {
      asked.push([server, retry]);
      return fails('unreachable', `${server} is gone`);
    };
    await failure(askInTurn(['a', 'b'], turns(), ask));
    await failure(askInTurn(['c'], turns(), ask));
    expect(asked).toEqual([
      ['a', false],
      ['b', true],
      ['c', true],
    ]);
  });

  test.each<[ErrorKind[], ErrorKind]>([
    [['unreachable', 'unreachable'], 'unreachable'],
    [['unreachable', 'denied'], 'denied'],
    [['status', 'unreachable', 'denied'], 'status'],
  ])('when %j is all that comes, the error is of kind %s and has every message', async (kinds, kind) => {
    const all = turns();
    const error = await failure(askInTurn(kinds, all, (each) => fails(each, `it is ${each}`)));
    expect(error).toEqual({
      kind,
      message: `none of ${kinds.length} servers answered: ${kinds.map((each) => `it is ${each}`).join('; ')}`,
    });
    expect(all.warnings).toEqual([]);
  });

  test('the error of a single server is its own', async () => {
    const error = new MusterError('denied', 'no', { status: 403 });
    await expect(askInTurn(['a'], turns(), () => Promise.reject(error))).rejects.toBe(error);
  });

  test('nobody is asked once the deadline has passed', async () => {
    const deadline = new AbortController();
    const asked: string[] = [];
    const error = await failure(
      askInTurn(['a', 'b', 'c'], turns({ signal: deadline.signal }), (server) => {
        asked.push(server);
        if (server === 'b') deadline.abort();
        return fails(server === 'a' ? 'unreachable' : 'timeout', server);
      }),
    );
    expect({ error, asked }).toEqual({
      error: { kind: 'timeout', message: 'none of 2 servers answered: a; b' },
      asked: ['a', 'b'],
    });
  });

  test('one that hangs has its share of the time; the last one all that is left', async () => {
    // The signal of all does not fire here, so the last server has any time that a busy machine needs.
    const all = turns({ deadline: Date.now() + 300 });
    const found = await askInTurn(['a', 'b', 'c'], all, (server, attempt) =>
      server === 'c' ? Promise.resolve(attempt.signal === all.signal) : hangs(attempt),
    );
    expect(found).toEqual({ server: 'c', answer: true });
    expect(all.warnings).toEqual(
      [0, 1].map(() =>
        expect.stringMatching(
          /^no whole answer within \d+ ms, its share of the time; another server answered$/,
        ),
      ),
    );
  });

  test('the cycle can end each of them', async () => {
    const cycle = new AbortController();
    const asking = askInTurn(
      ['a', 'b'],
      turns({ signal: cycle.signal, deadline: Date.now() + 60_000 }),
      (_, attempt) => hangs(attempt),
    );
    cycle.abort(new MusterError('timeout', 'it is over'));
    expect(await failure(asking)).toEqual({ kind: 'timeout', message: 'it is over' });
  });

  test('without servers it is a fault of ours', async () => {
    expect(await failure(askInTurn([], turns(), () => fails('status', 'x')))).toEqual({
      kind: 'internal',
      message: 'there is no server to ask',
    });
  });
});

test('shuffled: each item once, in the order that chance has it', () => {
  const draws = [0.5, 0.1, 0.9, 0.3];
  expect(shuffled(['a', 'b', 'c', 'd'], () => draws.shift() ?? 0)).toEqual(['b', 'd', 'a', 'c']);
  expect(shuffled([])).toEqual([]);
});
