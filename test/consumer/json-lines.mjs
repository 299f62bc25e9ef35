import { writeKubeState } from 'muster-sd/kube-state';

/** Another writer: a line of JSON for each sample of the pods that come in as JSON. */
let input = '';
for await (const chunk of process.stdin) input += chunk;
const options = {
  resources: ['pods'],
  metric_allowlist: ['^kube_pod_(info|labels|status_phase)$'],
  metric_labels_allowlist: ['pods=[app]'],
};
const counts = await writeKubeState(
  { options, objects: { pods: JSON.parse(input) } },
  ({ name, labels, value }) => {
    process.stdout.write(`${JSON.stringify([name, labels, value])}\n`);
  },
);
process.stderr.write(`${JSON.stringify(counts)}\n`);
