import { hash } from 'node:crypto';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { isObject } from '../../lib/sim/kubernetes/wire/json.ts';
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
    /** Changes as many pods as each line of the standard input says, or a few more, and answers with their number. */
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
    process.stdout.write(`${changePods(Number(line))}\n`);
  });
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => fleet.stop());

/** Changes the cluster until so many pods have come, gone or changed. One change may touch all pods of a workload. */
function changePods(wanted: number): number {
  const before = digestsOfPods();
  for (;;) {
    const after = digestsOfPods();
    let differing = 0;
    for (const [pod, digest] of after) if (before.get(pod) !== digest) differing += 1;
    for (const pod of before.keys()) if (!after.has(pod)) differing += 1;
    if (differing >= wanted) return differing;
    fleet.mutate(Math.ceil((wanted - differing) / 20));
  }
}

function digestsOfPods(): ReadonlyMap<string, string> {
  const digests = new Map<string, string>();
  for (const pod of fleet.objects('pods')) {
    const { namespace, name } = isObject(pod.metadata) ? pod.metadata : {};
    digests.set(`${namespace}/${name}`, hash('sha256', JSON.stringify(pod)));
  }
  return digests;
}
