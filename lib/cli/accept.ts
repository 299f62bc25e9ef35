import { loadApp } from '../app/app.ts';
import { selectOutputs } from '../app/kube-state/select.ts';
import { acceptHeldOutput } from '../app/kube-state/stored.ts';
import { selectProviders } from '../app/select.ts';
import { acceptHeld } from '../discovery/accept.ts';
import { allSamples } from '../kubestate/gate.ts';
import { defineCommand, exitCodes, type Io, UsageError } from './command.ts';
import { shared } from './options.ts';

/** `muster accept` */
export const accept = defineCommand({
  name: 'accept',
  description:
    'Accepts the drop in targets that the guard holds for a job: the next cycle publishes it, unless by then even more\n' +
    'is gone. With --kube-state, what it holds of an output: exactly that, for an hour. Exits with 1 when nothing is held.',
  examples: [
    'muster accept -c muster.yml --job api',
    'muster accept --job api --provider consul-0',
    'muster accept --kube-state prod',
  ],
  options: {
    config: shared.config,
    job: { ...shared.job, help: 'The job.' },
    provider: shared.provider,
    'kube-state': { value: 'NAME', help: 'The kube-state output, or one of its shards.' },
  },
  async run({ config, job, provider, 'kube-state': output }, io) {
    if ((job === undefined) === (output === undefined))
      throw new UsageError('name one of them: --job, or --kube-state');
    if (output !== undefined)
      return (await acceptOutput(config, output, io)) ? exitCodes.good : exitCodes.failed;
    const { providers, store } = await loadApp(config, io);
    try {
      let accepted = 0;
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

async function acceptOutput(config: string, name: string, io: Io): Promise<boolean> {
  const { outputs, store } = await loadApp(config, io);
  try {
    let accepted = false;
    for (const { object } of selectOutputs(outputs, name)) {
      const held = await acceptHeldOutput(object, { store, signal: io.signal });
      if (held === undefined) continue;
      accepted = true;
      const losses = Object.entries(held.families).map(
        ([family, { before, after }]) =>
          `  ${family === allSamples ? 'all samples' : family}: ${before} -> ${after}\n`,
      );
      await io.out(
        `${object}: accepted for an hour, the next listing may publish it with\n${losses.join('')}`,
      );
    }
    if (!accepted) io.err(`muster accept: nothing is held for the kube-state output ${name}\n`);
    return accepted;
  } finally {
    await store.close();
  }
}
