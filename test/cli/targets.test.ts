import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { type ConsulFleet, startConsulFleet } from '../../lib/sim/consul.ts';
import { startKubernetesFleet } from '../../lib/sim/kubernetes.ts';
import { smallWorld } from '../support/small-world.ts';
import { consulConfig, makeWorkplace } from '../support/workplace.ts';

describe('muster targets', () => {
  let fleet: ConsulFleet;
  beforeAll(async () => {
    fleet = await startConsulFleet({ seed: 'targets', services: 0, instances: 0 });
  });
  beforeEach(() => {
    fleet.faults.clear();
    fleet.replace(smallWorld(2));
  });
  afterAll(() => fleet?.stop());

  const labels = {
    __meta_consul_address: '10.0.0.1',
    __meta_consul_health: 'passing',
    __meta_consul_node: 'node-0',
    __meta_consul_service_port: '8000',
    __meta_consul_tags: ',,',
  };

  test('prints a list of groups as JSON, and writes nothing', async () => {
    await using place = await makeWorkplace(consulConfig(fleet.url));
    const { code, stdout, stderr } = await place.here(['targets', '--job', 'api', '--output', 'json']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(JSON.parse(stdout)).toEqual(
      ['web-0', 'web-1'].map((service, number) => ({
        ...{ kind: 'group', job: 'api', provider: 'consul-0' },
        source: service,
        labels: { __meta_consul_dc: 'dc1', __meta_consul_service: service },
        targets: [
          {
            ...labels,
            __address__: `10.0.0.${number + 1}:8000`,
            __meta_consul_service_address: `10.0.0.${number + 1}`,
            __meta_consul_service_id: service,
          },
        ],
      })),
    );
    expect(await place.files()).toEqual(['muster.yml']);
  });

  test('prints a table for a person, in which a hostile name cannot steer the terminal', async () => {
    fleet.replace(smallWorld(1, { service: 'a\u001b[2J', id: 'a\u001b[2J', address: '' }));
    await using place = await makeWorkplace(consulConfig(fleet.url));
    const { code, stdout, stderr } = await place.here(['targets', '--job', 'api']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '1 target\n' });
    expect(stdout).toBe(
      'SOURCE  ADDRESS        TARGET                                             LABELS\n' +
        'a?[2J   10.0.0.1:8000  service=a?[2J node=node-0 id=a?[2J tags=,, dc=dc1  {__meta_consul_address="10.0.0.1", __meta_consul_dc="dc1", ' +
        '__meta_consul_health="passing", __meta_consul_node="node-0", __meta_consul_service="a\\u001b[2J", ' +
        '__meta_consul_service_id="a\\u001b[2J", __meta_consul_service_port="8000", __meta_consul_tags=",,"}\n',
    );
  });

  test('prints what a search finds, as the page does, and no more than was asked for', async () => {
    fleet.replace(smallWorld(12));
    await using place = await makeWorkplace(consulConfig(fleet.url));
    const ask = async (...args: readonly string[]) => {
      const { stdout, stderr } = await place.here(['targets', '--job', 'api', ...args]);
      return [
        stdout
          .split('\n')
          .slice(1, -1)
          .map((line) => line.split(' ')[0]),
        stderr,
      ];
    };
    expect(await ask('-q', 'service=web-3')).toEqual([['web-3'], '1 target of 12\n']);
    expect(await ask('-q', 'WEB-1 job=api', '--limit', '2')).toEqual([
      ['web-1', 'web-10'],
      '3 targets of 12, the first 2 are shown\n',
    ]);
    expect(await ask('-q', 'job=other')).toEqual([[], '0 targets of 0\n']);
    const json = ['targets', '--job', 'api', '-q', 'web-1', '--limit', '2', '--output', 'json'];
    expect(sources((await place.here(json)).stdout)).toEqual(['web-1', 'web-10']);
  });

  test('a target is one line of the terminal, however many labels it has', async () => {
    await using place = await makeWorkplace(consulConfig(fleet.url));
    const at = async (outColumns: number) =>
      (await place.here(['targets', '--job', 'api'], { outColumns })).stdout;
    expect(await at(40)).toBe(
      'SOURCE  ADDRESS        TARGET\n' +
        'web-0   10.0.0.1:8000  service… dc=dc1\n' +
        'web-1   10.0.0.2:8000  service… dc=dc1\n',
    );
    expect(await at(90)).toBe(
      'SOURCE  ADDRESS        TARGET                                             LABELS\n' +
        'web-0   10.0.0.1:8000  service=web-0 node=node-0 id=web-0 tags=,, dc=dc1  {__meta_consul_…\n' +
        'web-1   10.0.0.2:8000  service=web-1 node=node-0 id=web-1 tags=,, dc=dc1  {__meta_consul_…\n',
    );
  });

  test('lists the providers of the job one after another, or just the one that is asked for', async () => {
    const sd = { server: fleet.url };
    await using place = await makeWorkplace({
      scrape_configs: [
        {
          job_name: 'api',
          consul_sd_configs: [
            { ...sd, services: ['web-0'] },
            { ...sd, services: ['web-1'] },
          ],
        },
        { job_name: 'other', consul_sd_configs: [{ server: 'http://127.0.0.1:1' }] },
      ],
    });
    const both = await place.here(['targets', '--job', 'api', '--output', 'json']);
    const one = await place.here(['targets', '--job', 'api', '--provider', 'consul-1', '--output', 'json']);
    expect([both, one].map(({ stdout }) => sources(stdout))).toEqual([['web-0', 'web-1'], ['web-1']]);
  });

  test('shows what would be published: after the rules of a job that relabels itself', async () => {
    const rules = [
      { source_labels: ['__meta_consul_service'], regex: 'web-1', action: 'drop' },
      { source_labels: ['__meta_consul_service'], target_label: 'service' },
    ];
    await using place = await makeWorkplace(
      consulConfig(fleet.url, { relabel_configs: rules, muster: { relabel: 'publish' } }),
    );
    const { stdout } = await place.here(['targets', '--job', 'api', '--output', 'json']);
    expect(JSON.parse(stdout)).toEqual([
      {
        ...{ kind: 'group', job: 'api', provider: 'consul-0', source: 'web-0', labels: {} },
        targets: [{ __address__: '10.0.0.1:8000', service: 'web-0' }],
      },
    ]);
  });

  test('a group whose targets are all dropped is not shown', async () => {
    const rules = [{ source_labels: ['__meta_consul_service'], regex: 'web-.*', action: 'drop' }];
    await using place = await makeWorkplace(
      consulConfig(fleet.url, { relabel_configs: rules, muster: { relabel: 'publish' } }),
    );
    expect(await place.here(['targets', '--job', 'api', '--output', 'json'])).toEqual({
      code: 0,
      stdout: '[]\n',
      stderr: '',
    });
  });

  test('an empty registry is an empty list', async () => {
    fleet.replace(smallWorld(0));
    await using place = await makeWorkplace(consulConfig(fleet.url));
    expect(await place.here(['targets', '--job', 'api', '--output', 'json'])).toEqual({
      code: 0,
      stdout: '[]\n',
      stderr: '',
    });
  });

  test('a listing that fails exits with 1 and one line, and no whole list', async () => {
    fleet.replace(smallWorld(600));
    fleet.faults.add({ kind: 'status', status: 500 }, { when: ({ path }) => path.endsWith('/web-599') });
    await using place = await makeWorkplace(consulConfig(fleet.url));
    const { code, stdout, stderr } = await place.here(['targets', '--job', 'api', '--output', 'json']);
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: `muster targets: api/consul-0: GET ${fleet.url}/v1/health/service/web-599: HTTP 500 Internal Server Error: simulated fault 500\n`,
    });
    expect(stdout).toMatch(/^\[\n\{"kind":"group","job":"api","provider":"consul-0","source":"web-0"/);
    expect(() => JSON.parse(stdout)).toThrow();
  });

  test('a registry that does not answer is given up at the deadline, in one line', async () => {
    fleet.faults.add({ kind: 'hang' });
    await using place = await makeWorkplace(consulConfig(fleet.url, { muster: { deadline: '300ms' } }));
    expect(await place.here(['targets', '--job', 'api'])).toEqual({
      code: 1,
      stdout: '',
      stderr: 'muster targets: api/consul-0: no complete listing within 0.3s\n',
    });
  });
});

function sources(json: string): string[] {
  const groups: readonly { readonly source: string }[] = JSON.parse(json);
  return groups.map(({ source }) => source);
}

test('targets are those of the Prometheus that the job, or the default of all, asks for', async () => {
  const node = {
    metadata: { name: 'n1' },
    status: {
      addresses: [{ type: 'InternalIP', address: '10.0.0.1' }],
      conditions: [{ type: 'Ready', status: 'True' }],
    },
  };
  const fleet = await startKubernetesFleet({ objects: { nodes: [node] } });
  try {
    const kubernetes_sd_configs = [{ role: 'node', api_server: fleet.url }];
    await using place = await makeWorkplace({
      defaults: { prometheus: '3.5' },
      scrape_configs: [
        { job_name: 'old', kubernetes_sd_configs },
        { job_name: 'new', kubernetes_sd_configs, muster: { prometheus: '3.14' } },
      ],
    });
    const labelsOf = async (job: string) => {
      const { stdout } = await place.here(['targets', '--job', job, '--output', 'json']);
      return JSON.parse(stdout)[0].labels;
    };
    const old = { __meta_kubernetes_node_name: 'n1' };
    expect([await labelsOf('old'), await labelsOf('new')]).toEqual([
      old,
      { ...old, __meta_kubernetes_node_condition_ready: 'true' },
    ]);
  } finally {
    await fleet.stop();
  }
});
