import { getEventListeners, once } from 'node:events';
import { describe, expect, test } from '@jest/globals';
import { heedSignals, onAbort, pause, startDeadline } from '../../lib/base/deadlines.ts';
import { MusterError } from '../../lib/base/errors.ts';
import { failure } from '../support/http-client.ts';

const listeners = (controllers: readonly AbortController[]) =>
  controllers.map(({ signal }) => getEventListeners(signal, 'abort').length);

describe('several signals', () => {
  test('call back once, for the first that fires, and keep no listener', () => {
    const controllers = [new AbortController(), new AbortController()] as const;
    const [first, second] = controllers;
    const fired: AbortSignal[] = [];
    onAbort([first.signal, second.signal], (signal) => fired.push(signal));
    expect(listeners(controllers)).toEqual([1, 1]);
    second.abort();
    first.abort();
    expect([fired, listeners(controllers)]).toEqual([[second.signal], [0, 0]]);
  });

  test('call back at once when one has fired, and never once they are stopped', () => {
    const fired: string[] = [];
    const fresh = new AbortController();
    onAbort([fresh.signal, AbortSignal.abort()], () => fired.push('at once'));
    onAbort([fresh.signal], () => fired.push('never'))();
    fresh.abort();
    expect(fired).toEqual(['at once']);
  });
});

describe('a deadline', () => {
  test('fires as AbortSignal.timeout does', async () => {
    using deadline = startDeadline(1);
    const builtIn = AbortSignal.timeout(1);
    for (const signal of [deadline.signal, builtIn]) if (!signal.aborted) await once(signal, 'abort');
    expect([deadline.signal.reason.name, deadline.signal.reason instanceof DOMException]).toEqual([
      builtIn.reason.name,
      true,
    ]);
  });

  test('does not fire once it is given back', async () => {
    const deadline = startDeadline(1);
    deadline[Symbol.dispose]();
    await pause(20, [], 'unused');
    expect(deadline.signal.aborted).toBe(false);
  });
});

describe('waiting', () => {
  test('ends in time, or with the signal', async () => {
    const controller = new AbortController();
    await pause(1, [controller.signal], 'unused');
    const waiting = failure(pause(60_000, [controller.signal], 'while asleep'));
    controller.abort();
    expect(await waiting).toEqual({ kind: 'timeout', message: 'the deadline passed while asleep' });
    expect(await failure(pause(60_000, [controller.signal], 'again'))).toEqual({
      kind: 'timeout',
      message: 'the deadline passed again',
    });
    expect(listeners([controller])).toEqual([0]);
  });

  test('for a promise ends with its outcome or with the signal, whose own reason counts if it is ours', async () => {
    const controller = new AbortController();
    expect(await heedSignals(Promise.resolve(7), [controller.signal], 'unused')).toBe(7);
    await expect(heedSignals(Promise.reject(new Error('no')), [controller.signal], 'unused')).rejects.toThrow(
      'no',
    );
    const waiting = failure(heedSignals(new Promise(() => {}), [controller.signal], 'unused'));
    controller.abort(new MusterError('internal', 'the client is closed'));
    expect(await waiting).toEqual({ kind: 'internal', message: 'the client is closed' });
    expect(listeners([controller])).toEqual([0]);
  });
});
