import { describe, expect, test } from '@jest/globals';
import { readSettings } from '../../lib/lambda/handler.ts';
import { shareTime } from '../../lib/lambda/task.ts';

describe('the time of an invocation', () => {
  test.each([
    [2_000, 1_333],
    [900, 400],
    [60_000, 50_000],
    [900_000, 890_000],
    [300, 0],
  ])('of %i ms leaves %i ms to list', (remaining, listing) => {
    const { startedAt, listUntil } = shareTime(remaining, 1_000_000);
    expect([startedAt, listUntil.getTime()]).toEqual([1_000_000, 1_000_000 + listing]);
  });
});

describe('the settings', () => {
  const env = {
    MUSTER_CONFIG: 's3://b/config/muster.yml',
    MUSTER_STORE: 's3://b',
    MUSTER_SCHEDULE: 'rate(2 minutes)',
  };
  test('come from the environment', () => {
    expect(readSettings(env)).toEqual({
      config: 's3://b/config/muster.yml',
      store: 's3://b',
      period: 120_000,
      gap: 120_000,
      logLevel: 'info',
    });
  });

  test.each(['MUSTER_CONFIG', 'MUSTER_STORE'])('say that %s is missing', (name) => {
    expect(() => readSettings({ ...env, [name]: undefined })).toThrow(
      new RegExp(`^${name} must be set, as in s3://bucket`),
    );
  });
});
