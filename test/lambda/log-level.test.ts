import { expect, test } from '@jest/globals';
import { readSettings } from '../../lib/lambda/handler.ts';

const env = {
  MUSTER_CONFIG: 's3://b/config/muster.yml',
  MUSTER_STORE: 's3://b',
  MUSTER_SCHEDULE: 'rate(1 minute)',
};

test('a function refuses a log level that is none, as the command does', () => {
  expect(() => readSettings({ ...env, MUSTER_LOG_LEVEL: 'loud' })).toThrow(
    'MUSTER_LOG_LEVEL is debug, info, warn or error, not "loud"',
  );
});

test.each([
  [undefined, 'info'],
  ['', 'info'],
  ['debug', 'debug'],
])('a function logs from %p on as %s', (text, level) => {
  expect(readSettings({ ...env, MUSTER_LOG_LEVEL: text }).logLevel).toBe(level);
});
