import { selectProviders } from '../app/select.ts';
import { acceptHeld } from '../discovery/accept.ts';
import { defineCommand, exitCodes } from './command.ts';
import { openView, storedProviders } from './open-view.ts';
import { shared } from './options.ts';

/** `muster accept` */
export const accept = defineCommand({
  name: 'accept',
  description:
    'Accepts the drop in targets that the guard holds for a job: the next cycle publishes it, unless by then even more\n' +
    'is gone. Exits with 1 when nothing is held.',
  examples: ['muster accept -c muster.yml --job api', 'muster accept --job api --provider consul-0'],
  options: {
    config: shared.config,
    store: shared.store,
    job: { ...shared.job, required: true, help: 'The job.' },
    provider: shared.provider,
  },
  async run({ config, store: url, job, provider }, io) {
    const { store, configured } = await openView('accept', { location: config, url }, io);
    try {
      let accepted = 0;
      const providers = configured?.providers ?? (await storedProviders(store, io.signal));
      for (const id of selectProviders(providers, { job, provider })) {
        const held = await acceptHeld(store, id, io.signal);
        if (held === undefined) continue;
        accepted++;
        await io.out(
          `${id.job}/${id.provider}: accepted, the next cycle may publish ${held.targets_after} instead of ${held.targets_before} targets\n`,
        );
      }
      if (accepted === 0) io.err(`muster accept: nothing is held for job ${job}\n`);
      return accepted === 0 ? exitCodes.failed : exitCodes.good;
    } finally {
      await store.close();
    }
  },
});
