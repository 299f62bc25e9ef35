import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startKubernetesFleet } from '../../lib/sim/kubernetes.ts';
import type { TargetGroup } from '../../lib/targets/group.ts';
import { repeats } from '../support/counts.ts';
import { runHere } from '../support/io.ts';
import { describeWithPrograms } from '../support/programs.ts';
import { discoverWithPromtool, targetTexts } from '../support/promtool.ts';

const roles = ['node', 'service', 'pod', 'endpoints', 'endpointslice', 'ingress'];
const attaching = ['pod', 'endpoints', 'endpointslice'];

/** MUSTER_CLUSTERS=30 is what a release has to pass. */
const clusters = repeats(3, 'MUSTER_CLUSTERS');

describeWithPrograms('muster targets beside promtool on random clusters', ['promtool'], () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'muster-clusters-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  // Three clusters at once: promtool waits for its whole timeout, whatever there is to find, and finds less in a crowd.
  test.each(Array.from({ length: Math.ceil(clusters / 3) }, (_, batch) => [batch * 3, batch * 3 + 2]))(
    'clusters %i to %i: the same targets with the same labels in every role',
    async (first) => {
      const seeds = Array.from({ length: 3 }, (_, index) => first + index);
      const compared = await Promise.all(seeds.map((seed) => compare(folder, seed)));
      for (const { ours, theirs } of compared.flat()) expect(ours).toEqual(theirs);
      const found = compared.map((cluster) => cluster.filter(({ ours }) => ours.length > 0).length);
      // A small cluster may happen to have no ingress, but not much less.
      expect(Math.min(...found)).toBeGreaterThanOrEqual(roles.length);
    },
  );

  test('and the same again of what is selected, and in namespaces', async () => {
    const cluster = await startKubernetesFleet({ seed: 'selected', pods: 300 });
    const label = 'tier in (backend,frontend),!no-such-label';
    const namespaces = { names: ['default', 'team'] };
    const selections = [
      { role: 'node', selectors: [{ role: 'node', label: 'topology.kubernetes.io/zone=eu-west-1a' }] },
      { role: 'pod', selectors: [{ role: 'pod', label, field: 'status.phase=Running' }] },
      { role: 'pod', namespaces, attach_metadata: { node: true } },
      { role: 'service', namespaces, selectors: [{ role: 'service', label: 'tier!=backend' }] },
      { role: 'endpoints', selectors: [{ role: 'pod', field: 'status.phase!=Running' }] },
      {
        ...{ role: 'endpointslice', namespaces, attach_metadata: { node: true } },
        selectors: [
          { role: 'service', label },
          { role: 'endpointslice', label: 'kubernetes.io/service-name' },
        ],
      },
      { role: 'ingress', namespaces, selectors: [{ role: 'ingress', field: 'metadata.namespace=default' }] },
    ];
    try {
      const compared = await compareAll(
        folder,
        selections.map((selection) => ({ ...selection, api_server: cluster.url })),
      );
      for (const { ours, theirs } of compared) expect(ours).toEqual(theirs);
      expect(compared.filter(({ ours }) => ours.length === 0)).toEqual([]);
    } finally {
      await cluster.stop();
    }
  });
});

interface Compared {
  readonly ours: readonly string[];
  readonly theirs: readonly string[];
}

async function compare(folder: string, seed: number): Promise<readonly Compared[]> {
  // Every other cluster is full of things out of the ordinary, and served as by an older API server.
  const odd = seed % 2 === 0 ? {} : { odd: 0.7, watchList: false };
  const cluster = await startKubernetesFleet({ seed: `cluster-${seed}`, pods: 150, ...odd });
  try {
    const stanzas = [
      ...roles.map((role) => ({ role, api_server: cluster.url })),
      { role: attaching[seed % 3], api_server: cluster.url, attach_metadata: { node: true } },
    ];
    return await compareAll(folder, stanzas);
  } finally {
    await cluster.stop();
  }
}

async function compareAll(folder: string, stanzas: readonly object[]): Promise<readonly Compared[]> {
  return await Promise.all(
    stanzas.map(async (stanza) => {
      const ours = await musterTargets(folder, stanza);
      return { ours, theirs: await discoverWithPromtool({ kubernetes_sd_configs: [stanza] }, ours.length) };
    }),
  );
}

let configs = 0;

/** What the command prints for one stanza. */
async function musterTargets(folder: string, stanza: object): Promise<readonly string[]> {
  const config = join(folder, `${++configs}.yml`);
  await writeFile(
    config,
    JSON.stringify({
      scrape_configs: [{ job_name: 'all', kubernetes_sd_configs: [stanza], muster: { prometheus: '3.5' } }],
    }),
  );
  const args = ['targets', '-c', config, '--job', 'all', '--output', 'json'];
  const { code, stdout, stderr } = await runHere(args);
  if (code !== 0) throw new Error(stderr);
  const groups: readonly TargetGroup[] = JSON.parse(stdout);
  return targetTexts(groups);
}
