import { gunzipSync } from 'node:zlib';
import { clusterRoleFor } from '../kube-state/cluster-role.ts';
import { publishOutput } from '../kube-state/publish.ts';
import { loadApp, readApp } from '../run/app.ts';
import { selectOutputs } from '../run/kube-state-outputs.ts';
import { metricsKey } from '../targets/keys.ts';
import { defineCommand, exitCodes, type Io, UsageError } from './command.ts';
import { shared } from './options.ts';
import { counted } from './output.ts';

/** `muster kube-state` */
export const kubeState = defineCommand({
  name: 'kube-state',
  description:
    'Lists the clusters under kube_state_metrics once and prints the metrics that kube-state-metrics would serve. With\n' +
    '--publish it writes the text to the store, and the sidecar serves it under /kube-state/NAME. With --rbac it lists\n' +
    'nothing, and prints the manifest with the rights that the configured resources need.',
  examples: [
    'muster kube-state -c muster.yml --name prod',
    'muster kube-state --publish',
    'muster kube-state --name prod --rbac | kubectl apply -f -',
  ],
  options: {
    config: shared.config,
    name: { value: 'NAME', help: 'Only this output.' },
    publish: { help: 'Put the text into the store.' },
    rbac: { help: 'Print the manifest with the rights that are needed.' },
  },
  async run({ config, name, publish, rbac }, io) {
    if (rbac && publish) throw new UsageError('--rbac only prints: it cannot go with --publish');
    if (rbac) {
      const { outputs } = await readApp(config, io);
      await io.out(clusterRoleFor(selectOutputs(outputs, name).map((output) => output.config)));
      return exitCodes.good;
    }
    await (publish ? publishAll(config, name, io) : printAll(config, name, io));
    return exitCodes.good;
  },
});

async function printAll(config: string, name: string | undefined, io: Io): Promise<void> {
  const { outputs } = await readApp(config, io);
  for (const output of selectOutputs(outputs, name)) {
    const rendered = await output.render(io.signal);
    try {
      for (const member of rendered.members()) await io.out(gunzipSync(member));
    } finally {
      rendered.close();
    }
  }
}

async function publishAll(config: string, name: string | undefined, io: Io): Promise<void> {
  const app = await loadApp(config, io);
  await using store = app.store;
  const selected = selectOutputs(app.outputs, name);
  await store.verify({ signal: io.signal });
  for (const output of selected) {
    const { outcome, objects, samples, bytes, held } = await publishOutput(output, {
      store,
      signal: io.signal,
    });
    io.err(
      `${metricsKey(output.object)}: ${outcome}, ${counted(objects, 'object')}, ${counted(samples, 'sample')}, ${counted(bytes, 'byte')}\n`,
    );
    if (held !== undefined) io.err(`muster kube-state: ${output.object}: ${held}\n`);
  }
}
