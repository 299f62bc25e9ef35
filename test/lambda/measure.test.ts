import { describe, expect, test } from '@jest/globals';
import { MusterError } from '../../lib/base/errors.ts';
import { measureWith } from '../../lib/lambda/measure.ts';
import { type LastRun, waitsSince } from '../../lib/lambda/task.ts';
import { statusKey } from '../../lib/targets/keys.ts';
import { createWorld, jobs } from './world.ts';

const minutes = (count: number) => count * 60_000;
const ago = (count: number) => new Date(Date.now() - minutes(count)).toISOString();

/** Whole minutes that are counted as overdue, for a provider that was last listed so many minutes ago. */
function overdue(since: number, refreshInterval: number, gap: number): readonly number[] {
  const counted: number[] = [];
  const addMetric = (_name: string, _unit: string, value: number) => {
    counted.push(Math.round(value / 60));
  };
  measureWith({ addMetric }, minutes(gap)).waiting(ago(since), minutes(refreshInterval));
  return counted;
}

describe('a listing is overdue', () => {
  test('by what it is older than its interval', () => {
    expect([overdue(20, 5, 1), overdue(4, 5, 1)]).toEqual([[15], [0]]);
  });

  test('at the earliest when the next tick was due', () => {
    expect([overdue(70, 1, 60), overdue(50, 1, 60)]).toEqual([[10], [0]]);
  });

  const [first, good, last] = [ago(9), ago(5), ago(1)];
  test.each<[string, LastRun, string]>([
    ['the last whole one', { firstAttempt: first, attempt: last, success: good }, good],
    ['the first attempt where none was', { firstAttempt: first, attempt: last, success: undefined }, first],
    ['the last attempt where no more is known', { attempt: last, success: undefined }, last],
  ])('counted from %s', (_, last, expected) => {
    expect(waitsSince(last)).toBe(expected);
  });

  test('also for a provider that never succeeded, whose turn it is or not', async () => {
    const world = createWorld();
    await world.configure(jobs(['api'], '1h'));
    world.find = async () => {
      throw new MusterError('denied', 'no');
    };
    const { invoke } = world.start();
    await expect(invoke({})).rejects.toThrow('no');
    const id = { job: 'api', provider: 'consul-0' };
    const status = { ...(await world.status('api/consul-0')), first_attempt: '2026-01-01T00:00:00.000Z' };
    await world.store.put(statusKey(id), new TextEncoder().encode(JSON.stringify(status)), {
      condition: 'any',
    });
    await invoke({});
    await expect(invoke(id)).rejects.toThrow('no');
    const { first_attempt: first, last_attempt: last } = await world.status('api/consul-0');
    expect(world.waits.slice(1)).toEqual(['2026-01-01T00:00:00.000Z', first ?? last]);
  });
});
