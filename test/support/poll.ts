import { setTimeout as sleep } from 'node:timers/promises';

/**
 * What `look` gives, once it is as expected (by its JSON) or a minute has passed: for the assertion that follows, which then says
 * how it differs. A program that takes over what it finds every few seconds cannot be awaited otherwise.
 */
export async function polled<T>(look: () => Promise<T>, expected: unknown, patience = 60_000): Promise<T> {
  const giveUpAt = Date.now() + patience;
  for (;;) {
    const found = await look();
    if (JSON.stringify(found) === JSON.stringify(expected) || Date.now() > giveUpAt) return found;
    await sleep(100);
  }
}
