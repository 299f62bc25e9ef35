import { expect, test } from '@jest/globals';
import { MusterError } from '../../lib/base/errors.ts';
import { createLogger } from '../../lib/base/logger.ts';
import { readStatus } from '../../lib/cycle/status.ts';
import { cycleOnce } from '../../lib/run/provider-cycle.ts';
import type { AppProvider } from '../../lib/run/providers.ts';
import { createMemoryStore } from '../../lib/store/memory.ts';
import { listing, providerOf } from '../support/provider.ts';

/** The log of cycles that find these lists, an error where the listing fails. */
async function logOf(...lists: readonly (ReturnType<typeof listing> | Error)[]): Promise<readonly string[]> {
  const store = createMemoryStore();
  const lines: string[] = [];
  const log = createLogger({
    level: 'info',
    write: (line) =>
      lines.push(
        line
          .replace(/^ts=\S+ /, '')
          .replace(/ (?:seconds|kind)=\S+/g, '')
          .trim(),
      ),
  });
  for (const list of lists) {
    const provider: AppProvider = {
      ...providerOf(() => (list instanceof Error ? Promise.reject(list) : list)),
      ...{ mechanism: 'consul', hasOwnName: false, refreshInterval: 60_000, retireAfter: 0 },
    };
    await cycleOnce(provider, { store, log, signal: new AbortController().signal });
  }
  return lines;
}

const where = 'job=api provider=consul-0';

test('a cycle tells how many targets came, went, and have other labels', async () => {
  const [first, second] = [listing(20), listing(20, '', 'h').slice(0, 4)];
  const replaced = [...first.slice(4), ...second];
  expect(await logOf(first, replaced)).toEqual([
    `level=info msg=cycle ${where} outcome=published version=1 targets=20 added=20 removed=0 changed=0`,
    `level=info msg=cycle ${where} outcome=published version=2 targets=20 added=4 removed=4 changed=0`,
  ]);
});

test('a provider that had failed says once that it is good again', async () => {
  const list = listing(3);
  expect(await logOf(list, new Error('HTTP 503'), list, list)).toEqual([
    `level=info msg=cycle ${where} outcome=published version=1 targets=3 added=3 removed=0 changed=0`,
    expect.stringContaining('level=error'),
    `level=info msg="the cycle is good again" ${where} outcome=unchanged version=1 targets=3`,
  ]);
});

test('a failure stands in the log and in the status with its kind and its code', async () => {
  const store = createMemoryStore();
  const lines: string[] = [];
  const log = createLogger({ level: 'error', write: (line) => lines.push(line) });
  const error = new MusterError('unreachable', 'the answer ended early', { code: 'cut-off' });
  const provider: AppProvider = {
    ...providerOf(() => Promise.reject(error)),
    ...{ mechanism: 'consul', hasOwnName: false, refreshInterval: 60_000, retireAfter: 0 },
  };
  await cycleOnce(provider, { store, log, signal: new AbortController().signal });
  expect(lines).toEqual([
    expect.stringMatching(/ msg="the answer ended early" .* kind=unreachable code=cut-off\n$/),
  ]);
  expect((await readStatus(store, provider)).status?.error).toEqual({
    kind: 'unreachable',
    code: 'cut-off',
    message: 'the answer ended early',
  });
});
