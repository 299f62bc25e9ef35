import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { readOutputStatus } from '../../lib/kube-state/status.ts';
import { type ConsulFleet, startConsulFleet } from '../../lib/sim/consul.ts';
import { type KubernetesFleet, startKubernetesFleet } from '../../lib/sim/kubernetes.ts';
import { createFileStore } from '../../lib/store/folder/store.ts';
import { polled } from '../support/poll.ts';
import { freePorts } from '../support/process.ts';
import { makeWorkplace } from '../support/workplace.ts';
import { consulJob, letWait, outputEntry, publishedTexts } from './kube-state-world.ts';

let cluster: KubernetesFleet;
let consul: ConsulFleet;
beforeAll(async () => {
  cluster = await startKubernetesFleet({ seed: 'cli', pods: 5, nodes: 2, otherLists: true });
  consul = await startConsulFleet({ seed: 'cli', services: 0, instances: 0 });
});
afterAll(() => Promise.all([cluster?.stop(), consul?.stop()]));

describe('muster dev', () => {
  test('publishes at the interval, serves, follows the configuration, and retires', async () => {
    await using place = await makeWorkplace({ kube_state_metrics: [outputEntry('prod', cluster.url)] });
    const [port] = await freePorts(1);
    const dev = place.start(['dev', '--listen', `127.0.0.1:${port}`]);
    await using _ = dev;
    const url = `http://127.0.0.1:${port}/kube-state/prod`;
    const text = async () => (await fetch(url).catch(() => undefined))?.text();
    const nodes = async () => (await text())?.match(/^kube_node_info\{/gm)?.length;
    expect(await polled(nodes, 2)).toBe(2);
    expect(dev.stdout()).toBe(
      '# Paste into prometheus.yml, and keep your rules:\n' +
        'scrape_configs:\n' +
        '  - job_name: kube-state-metrics\n' +
        '    honor_labels: true\n' +
        '    static_configs:\n' +
        `      - targets: ["127.0.0.1:${port}"]\n` +
        '        labels: { instance: prod, __metrics_path__: /kube-state/prod }\n',
    );
    const listedAt = async () =>
      /^muster_kube_state_listing_timestamp_seconds (\S+)$/m.exec((await text()) ?? '')?.[1];
    const first = await listedAt();
    expect(await polled(async () => (await listedAt()) !== first, true)).toBe(true);

    cluster.faults.add({ kind: 'status', status: 403 });
    await dev.waitFor(/level=error msg="prod: GET .*output=prod/);
    cluster.faults.clear();
    await place.write('muster.yml', consulJob(consul.url));
    const store = createFileStore(`${place.folder}/.muster/store`);
    const isLeaving = async () => (await readOutputStatus(store, 'prod')).status?.leaving !== undefined;
    expect(await polled(isLeaving, true)).toBe(true);
    await letWait(place, 'prod');
    expect(await polled(() => publishedTexts(place), [])).toEqual([]);
    await dev.waitFor(/retired: no longer in the configuration" output=prod/);
    expect((await dev.stop()).code).toBe(0);
  }, 120_000);
});
