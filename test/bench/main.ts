/** `npm run bench -- NAME [ARGUMENTS…]`: one of the benches below, on the built command. */
const benches: Readonly<Record<string, (args: readonly string[]) => Promise<void>>> = {
  attack: async () => (await import('./attack.ts')).benchAttack(),
  aws: async (args) => (await import('./aws.ts')).benchAws(args),
  compression: async (args) => (await import('./compression.ts')).benchCompression(args),
  coldstart: async (args) => (await import('./coldstart.ts')).benchColdstart(args),
  invocation: async (args) => (await import('./invocation.ts')).benchInvocation(args),
  kubernetes: async (args) => (await import('./kubernetes.ts')).benchKubernetes(args),
  'kube-state': async (args) => (await import('./kube-state.ts')).benchKubeState(args),
  shared: async (args) => (await import('./shared.ts')).benchShared(args),
  pipeline: async (args) => (await import('./pipeline.ts')).benchPipeline(args),
  million: async (args) => (await import('./million.ts')).benchMillion(args),
  page: async (args) => (await import('./page.ts')).benchPage(args),
  providers: async (args) => (await import('./providers.ts')).benchProviders(args),
  sync: async (args) => (await import('./sync.ts')).benchSync(args),
};

const [, , name = '', ...args] = process.argv;
const bench = Object.hasOwn(benches, name) ? benches[name] : undefined;
if (bench === undefined) {
  process.stderr.write(`usage: npm run bench -- ${Object.keys(benches).join('|')} [ARGUMENTS…]\n`);
  process.exitCode = 2;
} else {
  await bench(args);
}
