import { newRunId } from '../base/version.ts';
import { findLeft } from '../cycle/leaving.ts';
import { resolveNames } from '../cycle/naming.ts';
import { retireProvider } from '../cycle/retire.ts';
import { loadApp } from '../run/app.ts';
import { defineCommand, exitCodes, UsageError } from './command.ts';
import { shared } from './options.ts';
import { printable } from './output.ts';

/** `muster retire` */
export const retire = defineCommand({
  name: 'retire',
  description:
    'Retires the providers of a job that left the configuration, at once: their targets are removed from the bucket and\n' +
    'every mirror. Journal and snapshot stay. A provider that is still configured is not touched.',
  examples: ['muster retire old-job -c muster.yml', 'muster retire api --provider consul-1'],
  argument: 'JOB',
  options: { config: shared.config, provider: shared.provider },
  async run({ config, provider }, io, job) {
    if (job === undefined) throw new UsageError('name the job');
    const app = await loadApp(config, io);
    await using store = app.store;
    const { signal } = io;
    const named = await resolveNames(app.providers, { store, signal });
    const left = (await findLeft(named, { store, signal })).filter(
      (id) => id.job === job && (provider === undefined || id.provider === provider),
    );
    let isGood = left.length > 0;
    if (!isGood) io.err(`muster retire: no provider of job ${job} has left the configuration\n`);
    for (const id of left) {
      const now = () => new Date();
      const done = await retireProvider(id, { store, signal, now, run: newRunId(now()) });
      isGood &&= done;
      const name = printable(`${id.job}/${id.provider}`);
      if (done) await io.out(`${name}: retired\n`);
      else io.err(`muster retire: ${name}: another run was first; try again\n`);
    }
    return isGood ? exitCodes.good : exitCodes.failed;
  },
});
