import { pinAt } from '../cycle/control.ts';
import { acceptHeld } from '../cycle/held.ts';
import { pinnedText, unpinCommand } from '../cycle/hints.ts';
import { acceptRetirement } from '../cycle/leaving.ts';
import { loadProvider } from '../cycle/load.ts';
import { allSamples } from '../kube-state/gate.ts';
import { acceptHeldOutput } from '../kube-state/stored.ts';
import { loadApp, type StoreView } from '../run/app.ts';
import { selectOutputs } from '../run/kube-state-outputs.ts';
import { addressLabel } from '../targets/group.ts';
import type { ProviderId } from '../targets/keys.ts';
import { defineCommand, exitCodes, type Io, UsageError } from './command.ts';
import { chooseProviders, openView } from './open-view.ts';
import { shared } from './options.ts';
import { counted, printable } from './output.ts';

/** Targets of a provider that are printed by name. */
const shownTargets = 20;

/** `muster accept` */
export const accept = defineCommand({
  name: 'accept',
  description:
    'Accepts the change that the gate holds for a job, as it is now, and prints it. The next cycle removes these targets.\n' +
    'The acceptance ends after an hour and covers nothing that goes missing later. It does not end a pin. With --kube-state\n' +
    'it accepts the change of an output, with --retired the retirement of providers that left the configuration. Exits with\n' +
    '1 when nothing is held.',
  examples: [
    'muster accept -c muster.yml --job api',
    'muster accept --job api --provider consul-0',
    'muster accept --kube-state prod',
    'muster accept --retired',
  ],
  options: {
    config: shared.config,
    store: shared.store,
    job: { ...shared.job, help: 'The job.' },
    provider: shared.provider,
    'kube-state': { value: 'NAME', help: 'The kube-state output, or one of its shards.' },
    retired: { help: 'Accept the retirement of providers that left the configuration.' },
  },
  async run({ config, store: url, job, provider, 'kube-state': output, retired }, io) {
    if ([job !== undefined || retired, output !== undefined].filter(Boolean).length !== 1)
      throw new UsageError('give one of --job, --kube-state and --retired');
    if (output !== undefined)
      return (await acceptOutput(config, output, io)) ? exitCodes.good : exitCodes.failed;
    const view = await openView('accept', { location: config, url }, io);
    await using store = view.store;
    const ids = await chooseProviders(view, { job, provider }, io.signal);
    const { signal } = io;
    let accepted = 0;
    for (const id of ids) {
      const now = new Date();
      const isAccepted = retired
        ? await acceptRetirement(id, { store, signal, now })
        : await printAccepted(id, await acceptHeld(store, id, now, signal), io);
      if (!isAccepted) continue;
      accepted += 1;
      const pin = await pinText(id, { store, now, signal });
      const name = printable(`${id.job}/${id.provider}`);
      if (retired)
        await io.out(
          `${name}: accepted${pin === undefined ? ', the next run retires it' : ' for an hour'}\n`,
        );
      if (pin !== undefined) await io.out(`  ${printable(pin)}\n`);
    }
    const where = job === undefined ? '' : ` for job ${job}`;
    if (accepted === 0) io.err(`muster accept: nothing is held${where}\n`);
    return accepted === 0 ? exitCodes.failed : exitCodes.good;
  },
});

/** Why an acceptance does not count yet: a pinned list does not change until the pin ends. */
async function pinText(
  id: ProviderId,
  { store, now, signal }: Pick<StoreView, 'store'> & { readonly now: Date; readonly signal: AbortSignal },
): Promise<string | undefined> {
  const { control } = await loadProvider(store, id, { signal });
  const pin = pinAt(control, now);
  if (pin === undefined) return undefined;
  return `${pinnedText(pin)}: the acceptance counts only if the pin ends within its hour; ${unpinCommand(id)} ends it`;
}

async function printAccepted(
  { job, provider }: ProviderId,
  held: Awaited<ReturnType<typeof acceptHeld>>,
  io: Io,
): Promise<boolean> {
  if (held === undefined) return false;
  const { memory, targets, sample } = held;
  const what =
    memory.backend !== undefined
      ? `the list of the other backend, ${memory.backend.join(', ')}`
      : memory.labels !== undefined
        ? `the loss of ${memory.labels.names.join(', ')}`
        : `that ${counted(targets, 'target')} ${targets === 1 ? 'goes' : 'go'}`;
  await io.out(
    `${printable(`${job}/${provider}: accepted ${what}`)}; valid until ${memory.accepted?.until ?? 'now'}\n`,
  );
  for (const { source, labels } of sample.slice(0, shownTargets))
    await io.out(`- ${printable(`${source} ${labels[addressLabel] ?? 'without address'}`)}\n`);
  if (targets > shownTargets)
    await io.out(`  … and ${counted(targets - Math.min(shownTargets, sample.length), 'more target')}\n`);
  return true;
}

async function acceptOutput(config: string, name: string, io: Io): Promise<boolean> {
  const app = await loadApp(config, io);
  await using store = app.store;
  let accepted = false;
  for (const { object } of selectOutputs(app.outputs, name)) {
    const held = await acceptHeldOutput(object, { store, signal: io.signal });
    if (held === undefined) continue;
    accepted = true;
    const losses = Object.entries(held.families).map(
      ([family, { before, after }]) =>
        `  ${family === allSamples ? 'all samples' : family}: ${before} -> ${after}\n`,
    );
    await io.out(`${object}: accepted for an hour, the next listing may publish it with\n${losses.join('')}`);
  }
  if (!accepted) io.err(`muster accept: nothing is held for the kube-state output ${name}\n`);
  return accepted;
}
