import { silentLogger } from '../../lib/base/logger.ts';
import { readApp } from '../../lib/run/app.ts';
import { runTogether } from '../../lib/run/together.ts';

/**
 * Lists the providers of a configuration and prints how many targets there are: together, or one by one.
 * Usage: node test/bench/list-jobs-main.ts FILE together|apart
 */
const [, , file = '', how = ''] = process.argv;
const { providers } = await readApp(file, { env: process.env, log: silentLogger });
const { signal } = new AbortController();
let targets = 0;
let requests = 0;
const groups = how === 'together' ? [providers] : providers.map((one) => [one]);
for (const group of groups) {
  await Promise.all(
    runTogether(group, async ({ provider, beforeListing }) => {
      await beforeListing?.(signal);
      const listing = provider.discover({ signal });
      for (;;) {
        const next = await listing.next();
        if (next.done === true) {
          requests += next.value?.requests ?? 0;
          return;
        }
        for (const group of next.value) targets += group.targets.length;
      }
    }),
  );
}
process.stdout.write(`${targets} ${requests}\n`);
