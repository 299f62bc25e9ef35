import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { startKubernetesFleet } from '../../lib/sim/kubernetes.ts';

/**
 * A simulated API server as a process of its own: prints its URL and runs until it is killed.
 * Usage: node test/sim/kubernetes-main.ts --pods 50000 --port 0
 */
const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    pods: { type: 'string', default: '1000' },
    nodes: { type: 'string' },
    namespaces: { type: 'string' },
    workloads: { type: 'string' },
    /** Chance of each thing out of the ordinary, from 0 to 1. */
    odd: { type: 'string' },
    port: { type: 'string', default: '0' },
    token: { type: 'string' },
    /** Milliseconds. */
    'list-latency': { type: 'string', default: '0' },
    /** As before Kubernetes 1.34: clients list and then watch. */
    'no-watch-list': { type: 'boolean', default: false },
    /** List as empty the kinds of which there are no objects. */
    'other-lists': { type: 'boolean', default: false },
    /** Changes as many objects as each line of the standard input says, and answers with a line. */
    changes: { type: 'boolean', default: false },
  },
});

const { seed, token, nodes, namespaces, workloads, odd } = values;
const fleet = await startKubernetesFleet({
  seed,
  pods: Number(values.pods),
  ...(nodes !== undefined && { nodes: Number(nodes) }),
  ...(namespaces !== undefined && { namespaces: Number(namespaces) }),
  ...(workloads !== undefined && { workloads: Number(workloads) }),
  ...(odd !== undefined && { odd: Number(odd) }),
  ...(token !== undefined && { token }),
  port: Number(values.port),
  listLatency: Number(values['list-latency']),
  watchList: !values['no-watch-list'],
  otherLists: values['other-lists'],
});
process.stdout.write(`${fleet.url}\n`);
if (values.changes)
  createInterface({ input: process.stdin }).on('line', (line) => {
    process.stdout.write(`${fleet.mutate(Number(line)).length}\n`);
  });
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => fleet.stop());
