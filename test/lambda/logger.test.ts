import { Console } from 'node:console';
import { Writable } from 'node:stream';
import { Logger } from '@aws-lambda-powertools/logger';
import { expect, test } from '@jest/globals';
import { Secret } from '../../lib/config/secret.ts';
import { loggerOver } from '../../lib/lambda/handler.ts';

function capture() {
  const lines: Record<string, unknown>[] = [];
  const sink = new Writable({
    write(chunk, _encoding, done) {
      lines.push(JSON.parse(String(chunk)));
      done();
    },
  });
  const powertools = new Logger({ serviceName: 'muster-test', logLevel: 'INFO' });
  Object.assign(powertools, { console: new Console(sink) });
  return { lines, log: loggerOver(powertools) };
}

test('a line is JSON with the fields of the logger and its own', () => {
  const { lines, log } = capture();
  log
    .with({ job: 'api' })
    .info('cycle', { version: 3, error: new Error('gone'), level: 'own', absent: undefined });
  log.debug('not asked for');
  expect(lines).toEqual([
    expect.objectContaining({
      ...{ level: 'INFO', message: 'cycle', service: 'muster-test' },
      ...{ job: 'api', version: 3, error: 'gone', level_: 'own' },
    }),
  ]);
  expect(lines[0]).not.toHaveProperty('absent');
});

test('a secret is its mask, wherever it hides', () => {
  const { lines, log } = capture();
  const secret = new Secret('canary');
  log.warn('odd', { secret, deep: [{ secret }], big: 1n });
  expect(lines).toEqual([
    expect.objectContaining({ secret: '<secret>', deep: [{ secret: '<secret>' }], big: '1' }),
  ]);
});
