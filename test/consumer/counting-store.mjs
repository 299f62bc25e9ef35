import { createMemoryStore, storeContract } from 'muster-sd/store';

/** A store of another project, which counts its writes; it is a driver if it keeps every promise of one. */
export function createCountingStore() {
  const inner = createMemoryStore();
  let writes = 0;
  return {
    ...inner,
    writes: () => writes,
    async put(...call) {
      const written = await inner.put(...call);
      writes += 1;
      return written;
    },
  };
}

let broken = 0;
const tests = storeContract(async () => {
  const store = createCountingStore();
  return () => store;
});
for (const { name, run } of tests) {
  await run().catch((error) => {
    broken += 1;
    process.stderr.write(`${name}: ${error.message}\n`);
  });
}
process.stdout.write(`${tests.length > 40} ${broken}\n`);
