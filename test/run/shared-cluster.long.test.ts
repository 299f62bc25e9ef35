import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { kubernetes } from '../../lib/backends/kubernetes/index.ts';
import { bindMechanism, type Stanza } from '../../lib/backends/mechanism.ts';
import { silentLogger } from '../../lib/base/logger.ts';
import { parseConfig } from '../../lib/config/load.ts';
import { readPublished } from '../../lib/cycle/load.ts';
import type { CycleResult } from '../../lib/cycle/provider.ts';
import { readStatus } from '../../lib/cycle/status.ts';
import { cycleOnce } from '../../lib/run/provider-cycle.ts';
import { type AppProvider, bindProviders } from '../../lib/run/providers.ts';
import { groupsOf, runTogether } from '../../lib/run/together.ts';
import { type KubernetesFleet, startKubernetesFleet } from '../../lib/sim/kubernetes.ts';
import { createMemoryStore } from '../../lib/store/memory.ts';
import type { ObjectStore } from '../../lib/store/store.ts';
import { draws } from '../support/counts.ts';

/** A job over the cluster: its SD config, and what else it has. */
type JobOf = { readonly job_name: string; readonly sd: object; readonly more?: object };

function providersOf(fleet: KubernetesFleet, jobs: readonly JobOf[], connection: object = {}) {
  const scrape_configs = jobs.map(({ job_name, sd, more }) => ({
    job_name,
    kubernetes_sd_configs: [{ api_server: fleet.url, ...connection, ...sd }],
    ...more,
  }));
  const mechanisms = [bindMechanism(kubernetes)];
  const config = parseConfig<Stanza>(JSON.stringify({ scrape_configs }), {
    ...{ origin: 'muster.yml', directory: '/', mechanisms },
  });
  return bindProviders(config, { readCredential: async () => '', log: silentLogger, directory: '/' });
}

async function cycles(
  providers: readonly AppProvider[],
  store: ObjectStore,
): Promise<readonly CycleResult[]> {
  const given = { store, log: silentLogger, signal: new AbortController().signal };
  const groups = groupsOf(providers, () => 1);
  const ended = groups.flatMap((group) =>
    runTogether(group, ({ provider, beforeListing }) => cycleOnce(provider, given, { beforeListing })),
  );
  return Promise.all(ended);
}

async function alone(providers: readonly AppProvider[], store: ObjectStore): Promise<readonly CycleResult[]> {
  const results: CycleResult[] = [];
  for (const provider of providers) results.push(...(await cycles([provider], store)));
  return results;
}

/** The published lists, without their versions. */
async function filesOf(store: ObjectStore, providers: readonly AppProvider[]): Promise<readonly string[]> {
  const lists = await Promise.all(providers.map((provider) => readPublished(store, provider, undefined)));
  return lists.map((list) => JSON.stringify(list?.groups ?? []).replace(/,?"__muster_version":"[^"]*"/g, ''));
}

/** How often each kind was listed, by its first pages. */
function listsOf(fleet: KubernetesFleet, from: number): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const { path, query } of fleet.requests.slice(from)) {
    if (query.has('continue') || !query.has('limit')) continue;
    const kind = path.replace(/^.*\/v1\//, '');
    counts[kind] = (counts[kind] ?? 0) + 1;
  }
  return counts;
}

/** The jobs of a usual chart. */
const chart: readonly JobOf[] = [
  { job_name: 'apiservers', sd: { role: 'endpoints' } },
  { job_name: 'nodes', sd: { role: 'node' } },
  { job_name: 'cadvisor', sd: { role: 'node' } },
  { job_name: 'endpoints', sd: { role: 'endpoints' } },
  { job_name: 'services', sd: { role: 'service' } },
  { job_name: 'ingresses', sd: { role: 'ingress' } },
  { job_name: 'pods', sd: { role: 'pod' } },
];

const pods = { seed: 7, pods: 60 };

describe("the jobs of a usual chart's configuration", () => {
  test('cost one list of each kind, and publish what they would by themselves', async () => {
    const fleet = await startKubernetesFleet({ ...pods, clusterUid: 'cluster-1' });
    try {
      const stores = [createMemoryStore(), createMemoryStore()] as const;
      const providers = providersOf(fleet, chart);
      await alone(providers, stores[0]);
      const apart = listsOf(fleet, 0);
      const from = fleet.requests.length;
      const results = await cycles(providers, stores[1]);
      expect(listsOf(fleet, from)).toEqual({ pods: 1, services: 1, endpoints: 1, nodes: 1, ingresses: 1 });
      expect(apart).toEqual({ pods: 3, services: 3, endpoints: 2, nodes: 2, ingresses: 1 });
      const files = await filesOf(stores[1], providers);
      expect(files).toEqual(await filesOf(stores[0], providers));
      expect(Math.min(...files.map(({ length }) => length))).toBeGreaterThan(300);
      expect(results.map(({ outcome }) => outcome)).toEqual(chart.map(() => 'published'));
      // The cycles' requests add up to those that the server saw.
      const requests = results.reduce((sum, result) => sum + (result.requests ?? 0), 0);
      expect(requests).toBe(fleet.requests.length - from);
      const statuses = await Promise.all(results.map((one) => readStatus(stores[1], one)));
      expect(statuses.map(({ status }) => status?.requests)).toEqual(results.map((one) => one.requests));
    } finally {
      await fleet.stop();
    }
  });

  test('of several clusters, namespaces or credentials share nothing', async () => {
    const fleet = await startKubernetesFleet({ ...pods, pods: 50 });
    try {
      const providers = [
        ...providersOf(fleet, chart.slice(0, 1)),
        ...providersOf(fleet, chart.slice(1, 2), { namespaces: { names: ['default'] } }),
        ...providersOf(fleet, chart.slice(2, 3), { basic_auth: { username: 'a', password: 'b' } }),
        ...providersOf(fleet, chart.slice(3, 4), { basic_auth: { username: 'a', password: 'c' } }),
        ...providersOf(fleet, chart.slice(6), { muster: { page_size: 100 } }),
      ];
      expect(groupsOf(providers, () => 1).map(({ length }) => length)).toEqual([1, 1, 1, 1, 1]);
    } finally {
      await fleet.stop();
    }
  });
});

describe('an invocation', () => {
  test('serves roles of one cluster as far as their lists fit, and equal SD configs in the same one', async () => {
    const fleet = await startKubernetesFleet({ ...pods, pods: 1 });
    try {
      const providers = providersOf(fleet, chart);
      const jobsOf = (targetsOf: (job: string) => number, most: number) =>
        groupsOf(providers, ({ job }) => targetsOf(job), { providers: 32, targets: most }).map((group) =>
          group.map(({ job }) => job),
        );
      const equal = ['apiservers', 'endpoints', 'nodes', 'cadvisor'];
      expect(jobsOf(() => 10, 70)).toEqual([[...equal, 'services', 'ingresses', 'pods']]);
      expect(jobsOf(() => 10, 40)).toEqual([equal, ['services', 'ingresses', 'pods']]);
      // One that was never listed may have any size.
      const unknown = (job: string) => (job === 'pods' ? Number.POSITIVE_INFINITY : 10);
      expect(jobsOf(unknown, 70)).toEqual([[...equal, 'services', 'ingresses'], ['pods']]);
    } finally {
      await fleet.stop();
    }
  });
});

/** An SD config of any role, with what changes the lists that it takes. */
const anyJob = fc
  .record({
    role: fc.constantFrom('node', 'pod', 'service', 'endpoints', 'endpointslice', 'ingress'),
    attach: fc.subarray(['node', 'namespace', 'deployment', 'job', 'cronjob']),
    prometheus: fc.constantFrom(undefined, '3.5', '3.12'),
    selects: fc.boolean(),
  })
  .map(({ role, attach, prometheus, selects }) => {
    const known = prometheus === '3.5' ? attach.filter((key) => key === 'node') : attach;
    return {
      sd: {
        role,
        attach_metadata: Object.fromEntries(known.map((key) => [key, true])),
        selectors: selects ? [{ role, label: 'app' }] : [],
      },
      more: prometheus === undefined ? {} : { muster: { prometheus } },
    };
  });

describe('any jobs of one cluster', () => {
  test('publish together what they would by themselves, with no more lists', async () => {
    const fleet = await startKubernetesFleet({ seed: 3, pods: 80, otherLists: true });
    const names = [...fleet.objects('namespaces')].flatMap(({ metadata }) =>
      typeof metadata === 'object' && metadata !== null && 'name' in metadata ? [String(metadata.name)] : [],
    );
    const namespaces = fc.constantFrom([], names.slice(0, 2), names.slice(0, 6));
    try {
      await fc.assert(
        fc.asyncProperty(fc.array(anyJob, { minLength: 2, maxLength: 7 }), namespaces, async (jobs, own) => {
          const named = jobs.map((job, number) => ({ job_name: `job-${number}`, ...job }));
          const providers = providersOf(fleet, named, {
            namespaces: { names: own },
            muster: { page_size: 20 },
          });
          const stores = [createMemoryStore(), createMemoryStore()] as const;
          const from = fleet.requests.length;
          await alone(providers, stores[0]);
          const between = fleet.requests.length;
          const results = await cycles(providers, stores[1]);
          expect(results.map(({ error }) => error?.message)).toEqual(jobs.map(() => undefined));
          expect(await filesOf(stores[1], providers)).toEqual(await filesOf(stores[0], providers));
          expect(fleet.requests.length - between).toBeLessThanOrEqual(between - from);
          // A second cycle has cursors of its own, and lists the same.
          await cycles(providers, stores[1]);
          expect(await filesOf(stores[1], providers)).toEqual(await filesOf(stores[0], providers));
        }),
        { numRuns: draws(25) },
      );
    } finally {
      await fleet.stop();
    }
  }, 60_000);
});

describe('of the jobs of one cluster', () => {
  const outcomes = (results: readonly CycleResult[]) =>
    Object.fromEntries(results.map(({ job, outcome }) => [job, outcome]));

  test('those that need a list fail with it, and the others do not', async () => {
    const fleet = await startKubernetesFleet(pods);
    try {
      fleet.deny({ resource: 'services' });
      expect(outcomes(await cycles(providersOf(fleet, chart), createMemoryStore()))).toEqual({
        ...{ apiservers: 'failed', endpoints: 'failed', services: 'failed' },
        ...{ nodes: 'published', cadvisor: 'published', ingresses: 'published', pods: 'published' },
      });
    } finally {
      await fleet.stop();
    }
  });

  test('those that need a list which hangs do not keep the others from theirs', async () => {
    const fleet = await startKubernetesFleet(pods);
    try {
      fleet.faults.add({ kind: 'hang' }, { when: ({ path }) => path.endsWith('/nodes') });
      const jobs = [
        { job_name: 'nodes', sd: { role: 'node' } },
        // It reads nodes first, and pods only then.
        { job_name: 'attached', sd: { role: 'pod', attach_metadata: { node: true } } },
        { job_name: 'pods', sd: { role: 'pod' } },
        { job_name: 'endpoints', sd: { role: 'endpoints' } },
      ];
      const hangs = ['nodes', 'attached'];
      const providers = providersOf(fleet, jobs).map((one) => ({
        ...one,
        deadline: hangs.includes(one.job) ? 2_000 : 60_000,
      }));
      expect(outcomes(await cycles(providers, createMemoryStore()))).toEqual({
        ...{ nodes: 'failed', attached: 'failed' },
        ...{ pods: 'published', endpoints: 'published' },
      });
    } finally {
      await fleet.stop();
    }
  }, 30_000);

  test('all read a list anew whose state is lost half way', async () => {
    const fleet = await startKubernetesFleet(pods);
    try {
      const providers = providersOf(fleet, chart, { muster: { page_size: 40 } });
      const stores = [createMemoryStore(), createMemoryStore()] as const;
      await alone(providers, stores[0]);
      fleet.faults.add({ kind: 'status', status: 410 }, { when: fleet.onPage(3), times: 1 });
      const results = await cycles(providers, stores[1]);
      expect(results.map(({ outcome }) => outcome)).toEqual(chart.map(() => 'published'));
      expect(await filesOf(stores[1], providers)).toEqual(await filesOf(stores[0], providers));
    } finally {
      await fleet.stop();
    }
  });
});
