import { expect, test } from '@jest/globals';
import { MusterError } from '../../lib/base/errors.ts';
import { createLogger } from '../../lib/base/logger.ts';
import { createReporter, type Round } from '../../lib/sidecar/mirror/round.ts';

const quiet: Round = { changes: [], rejections: [], errors: [], orphans: [], bytes: 0 };
const failed = (message: string): Round => ({ ...quiet, errors: [new MusterError('unreachable', message)] });

test('an error that stays the same is told once, another one at once, and that all is well again once', () => {
  const lines: string[] = [];
  const write = (line: string) =>
    lines.push(
      line
        .replace(/^ts=\S+ /, '')
        .replace(/ (?:kind|seconds)=\S+/g, '')
        .trim(),
    );
  const report = createReporter(createLogger({ level: 'info', write }));
  const rounds = [
    failed('no answer'),
    failed('no answer'),
    failed('refused'),
    failed('refused'),
    quiet,
    quiet,
  ];
  for (const round of [...rounds, failed('refused')]) report(round, 1);
  expect(lines).toEqual([
    'level=error msg="no answer"',
    'level=error msg=refused',
    'level=info msg="the mirror works again"',
    'level=error msg=refused',
  ]);
});
