import { expect, test } from '@jest/globals';
import { MusterError } from '../../../lib/base/errors.ts';
import { createLogger } from '../../../lib/base/logger.ts';
import { outputOnce } from '../../../lib/run/kube-state-cycle.ts';
import { createMemoryStore } from '../../../lib/store/memory.ts';
import { testOutput } from './world.ts';

test('an output that had failed says once that it is good again, also in another process', async () => {
  const store = createMemoryStore();
  const { signal } = new AbortController();
  const messages: string[] = [];
  const log = createLogger({
    level: 'info',
    write: (line) => messages.push(/msg=("[^"]*"|\S+)/.exec(line)?.[1] ?? ''),
  });
  const prod = testOutput('prod');
  const good = { kube_pod_info: 3 };
  for (const next of [good, new MusterError('unreachable', 'no answer'), good, good]) {
    prod.next = next;
    await outputOnce(prod.output, { store, log, signal });
  }
  expect(messages).toEqual([
    '"kube-state cycle"',
    '"no answer"',
    '"the kube-state cycle is good again"',
    '"kube-state cycle"',
  ]);
});
