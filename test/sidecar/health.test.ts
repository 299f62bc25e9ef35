import { expect, test } from '@jest/globals';
import { MusterError } from '../../lib/base/errors.ts';
import { createHealth } from '../../lib/sidecar/mirror/health.ts';

const minute = 60_000;

/** Health with a clock that is moved by hand. */
function clockedHealth() {
  let time = 1000;
  const health = createHealth({ staleAfter: 5 * minute, now: () => time });
  return {
    health,
    pass: (milliseconds: number) => {
      time += milliseconds;
    },
  };
}

const outage = new MusterError('unreachable', 's3://targets does not answer');

test('a long outage turns red after the limit, not at the first failure, and green by itself', () => {
  const { health, pass } = clockedHealth();
  health.record(undefined);
  pass(15_000);
  health.record(outage);
  expect(health.live()).toEqual({ ok: true, reason: 'ok for now, but: s3://targets does not answer' });
  pass(5 * minute - 15_001);
  expect(health.live().ok).toBe(true);
  pass(1);
  expect(health.live()).toEqual({
    ok: false,
    reason: 'no round has succeeded for 300 s: s3://targets does not answer',
  });
  health.record(undefined);
  expect(health.live()).toEqual({ ok: true, reason: 'ok' });
});

test('a round that hangs turns red too', () => {
  const { health, pass } = clockedHealth();
  health.record(undefined);
  pass(6 * minute);
  expect(health.live()).toEqual({
    ok: false,
    reason: 'no round has succeeded for 360 s: none has ended since',
  });
});

test('a start in an outage is given the same time', () => {
  const { health, pass } = clockedHealth();
  expect(health.live()).toEqual({ ok: true, reason: 'ok' });
  health.record(outage);
  pass(5 * minute);
  expect(health.live().ok).toBe(false);
});

test('is ready after the first complete round, and stays ready with what it has', () => {
  const { health, pass } = clockedHealth();
  expect(health.ready()).toEqual({ ok: false, reason: 'no round has succeeded yet: none has ended yet' });
  health.record(outage);
  expect(health.ready()).toEqual({
    ok: false,
    reason: 'no round has succeeded yet: s3://targets does not answer',
  });
  health.record(undefined);
  health.record(outage);
  pass(60 * minute);
  expect(health.ready()).toEqual({ ok: true, reason: 'ok' });
});

test('is not ready while a job is incomplete, and names it; that it lives is another matter', () => {
  const { health } = clockedHealth();
  health.record(undefined, 'job "api" is incomplete');
  expect([health.hasSucceeded(), health.ready(), health.live()]).toEqual([
    true,
    { ok: false, reason: 'job "api" is incomplete' },
    { ok: true, reason: 'ok' },
  ]);
  health.record(undefined);
  expect(health.ready()).toEqual({ ok: true, reason: 'ok' });
});
