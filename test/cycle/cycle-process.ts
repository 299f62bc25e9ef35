import { setTimeout as sleep } from 'node:timers/promises';
import { runCycle } from '../../lib/cycle/cycle.ts';
import { createFileStore } from '../../lib/store/folder/store.ts';
import { faultyStore, killMyself } from '../support/faulty-store.ts';
import { inputOf, listing, providerOf } from '../support/provider.ts';

/**
 * One cycle in a process of its own: `node cycle-process.ts FOLDER COUNT VALUE [kill WHEN AT | jitter MILLISECONDS]`.
 * Prints how it ended.
 */
const [, , folder = '', count = '', value = '', mode, ...rest] = process.argv;
const [when, at] = rest;
const fault =
  mode === 'kill'
    ? [
        {
          when: when === 'before' ? ('before' as const) : ('after' as const),
          at: Number(at),
          act: killMyself,
        },
      ]
    : [];
const store = faultyStore(createFileStore(folder), fault);
const jitter = mode === 'jitter' ? Number(rest[0]) : 0;
const pause = () => sleep(Math.random() * jitter);
const hesitant = faultyStore(
  store,
  mode === 'jitter'
    ? Array.from({ length: 40 }, (_, index) => ({ when: 'before' as const, at: index + 1, act: pause }))
    : [],
);
const result = await runCycle(
  providerOf(() => listing(Number(count), value)),
  inputOf(hesitant, { run: `${process.pid}` }),
);
process.stdout.write(
  JSON.stringify({ outcome: result.outcome, version: result.version, error: result.error?.message }),
);
