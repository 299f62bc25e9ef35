import { afterAll, beforeAll, expect, test } from '@jest/globals';
import * as z from 'zod';
import { consul } from '../../lib/backends/consul/index.ts';
import { makeConsulWorld } from '../../lib/sim/consul-world.ts';
import { encodeLabels } from '../../lib/targets/canonical.ts';
import { type LabelSet, targetLabels } from '../../lib/targets/group.ts';
import { type RealConsul, startConsul } from '../support/consul.ts';
import { listTargets } from '../support/discover.ts';
import { polled } from '../support/poll.ts';
import { describeWithPrograms } from '../support/programs.ts';
import { type Prometheus2, startPrometheus2 } from '../support/prometheus2.ts';

/** With the agent's own `consul` service there is one more. */
const world = makeConsulWorld({ seed: 'labels', services: 50, instances: 400 });

const jobs = {
  all: {},
  tags: { tags: ['prod', 'metrics'], tag_separator: ';' },
  nodes: { node_meta: { zone: 'b' }, allow_stale: false, datacenter: 'dc1' },
  services: { services: ['service-0', 'web/api', 'per%cent', 'gone', 'tail/'] },
};

describeWithPrograms('Consul, as a real Prometheus sees the same agent', ['consul', 'prometheus2'], () => {
  let agent: RealConsul;
  let prometheus: Prometheus2;
  beforeAll(async () => {
    agent = await startConsul();
    await agent.register(world);
    const stanza = { server: agent.host, refresh_interval: '1s' };
    prometheus = await startPrometheus2(
      Object.fromEntries(
        Object.entries(jobs).map(([job, options]) => [
          job,
          { consul_sd_configs: [{ ...stanza, ...options }] },
        ]),
      ),
    );
  });
  afterAll(async () => {
    await prometheus?.stop();
    await agent?.stop();
  });

  test.each([
    ['all', 401],
    ['tags', 10],
    ['nodes', 10],
    ['services', 10],
  ] as const)('every target of job %s has the same labels', async (job, atLeast) => {
    const ours = (await discover({ server: agent.host, ...jobs[job] })).map(asPrometheus2).sort();
    expect(ours.length).toBeGreaterThanOrEqual(atLeast);
    const theirs = async () => (await prometheus.discovered(job)).map(asPrometheus2).sort();
    expect(await polled(theirs, ours)).toEqual(ours);
  });

  test('health_filter leaves the choice to Consul', async () => {
    const health_filter = '"metrics" in Service.Tags and Node.Meta.zone == "b"';
    const chosen = await discover({ server: agent.url, health_filter });
    const all = await discover({ server: agent.url });
    expect(chosen.length).toBeGreaterThan(5);
    expect(chosen.map((labels) => encodeLabels(labels)).sort()).toEqual(
      all
        .filter(
          (labels) =>
            labels.__meta_consul_tags?.includes(',metrics,') && labels.__meta_consul_metadata_zone === 'b',
        )
        .map((labels) => encodeLabels(labels))
        .sort(),
    );
  });

  test('instances are passing here which Consul itself calls passing', async () => {
    const passing = new Set<string>();
    for (const service of new Set(world.instances.map((instance) => instance.service))) {
      const path = `/v1/health/service/${encodeURIComponent(service)}?passing`;
      for (const { Service } of entries.parse(await agent.get(path))) passing.add(Service.ID);
    }
    const ours = (await discover({ server: agent.url }))
      .filter(
        (labels) => labels.__meta_consul_health === 'passing' && labels.__meta_consul_service !== 'consul',
      )
      .map((labels) => labels.__meta_consul_service_id);
    expect(passing.size).toBeGreaterThan(100);
    expect(ours.sort()).toEqual([...passing].sort());
  });
});

const entries = z.array(z.object({ Service: z.object({ ID: z.string() }) }));

async function discover(stanza: object): Promise<LabelSet[]> {
  const { groups } = await listTargets(consul, stanza);
  return groups.flatMap((group) => group.targets.map((target) => targetLabels(group, target)));
}

/** Labels as text, without those for scraping. */
function asPrometheus2(labels: LabelSet): string {
  const others = ['__scheme__', '__metrics_path__', 'job'];
  return encodeLabels(Object.fromEntries(Object.entries(labels).filter(([name]) => !others.includes(name))));
}
