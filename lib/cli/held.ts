import { mapConcurrent } from '../base/concurrency.ts';
import { type HeldDocument, readHeld } from '../cycle/held.ts';
import { heldData, operatorCommand, releaseCommand } from '../cycle/hints.ts';
import { addressLabel, type LabelSet } from '../targets/group.ts';
import type { ProviderId } from '../targets/keys.ts';
import { defineCommand, exitCodes, type Io } from './command.ts';
import { chooseProviders, openView } from './open-view.ts';
import { shared } from './options.ts';
import { counted, printable } from './output.ts';

/** `muster held` */
export const held = defineCommand({
  name: 'held',
  description:
    'Prints what the gate holds: targets that stay published although the listing lacks them, the reason, and the command\n' +
    'that removes them. Exits with 1 when something is held.',
  examples: [
    'muster held -c muster.yml',
    'muster held --job api',
    'muster held --store s3://my-bucket --output json',
  ],
  options: {
    config: shared.config,
    store: shared.store,
    job: shared.job,
    provider: shared.provider,
    output: shared.output,
  },
  async run({ config, store: url, job, provider, output }, io) {
    const view = await openView('held', { location: config, url }, io);
    await using store = view.store;
    const ids = await chooseProviders(view, { job, provider }, io.signal);
    const read = await mapConcurrent(ids, 8, io.signal, async (id) => ({
      id,
      held: (await readHeld(store, id, io.signal)).held,
    }));
    const found = read.flatMap((one) => (one.held === undefined ? [] : [{ id: one.id, held: one.held }]));
    if (output === 'json') {
      const data = found.map((one) => ({ kind: 'held', ...one.id, held: heldData(one.held) }));
      await io.out(`${JSON.stringify(data, undefined, 2)}\n`);
    } else if (found.length === 0) io.err('Nothing is held.\n');
    else for (const one of found) await printHeld(one.id, one.held, io);
    return found.length === 0 ? exitCodes.good : exitCodes.failed;
  },
});

async function printHeld(id: ProviderId, document: HeldDocument, io: Io): Promise<void> {
  const { message, targets, sample, pinned } = document;
  await io.out(`${printable(`${id.job}/${id.provider}`)}: ${printable(message)}\n`);
  for (const { source, labels } of sample) await io.out(`- ${printable(`${source} ${nameOf(labels)}`)}\n`);
  if (targets > sample.length) await io.out(`  … and ${counted(targets - sample.length, 'more target')}\n`);
  const what = pinned === true ? 'To publish what is found again' : 'To remove them now';
  await io.out(`${what}: ${printable(releaseCommand(id, document))}\n`);
  if (pinned !== true) await io.out(`To keep them: ${printable(operatorCommand('reject', id))}\n`);
}

function nameOf(labels: LabelSet): string {
  return labels[addressLabel] ?? 'without address';
}
