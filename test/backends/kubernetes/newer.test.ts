import { describe, expect, test } from '@jest/globals';
import type { PrometheusVersion } from '../../../lib/config/prometheus-version.ts';
import type { JsonObject } from '../../../lib/sim/kubernetes/wire/json.ts';
import { type GivenObjects, startKubernetesFleet } from '../../../lib/sim/kubernetes.ts';
import { targetLabels } from '../../../lib/targets/group.ts';
import { failure } from '../../support/http-client.ts';
import { discover } from './discover.ts';
import { short } from './roles/read.ts';

/**
 * What Prometheus has learnt since 3.5. What is expected was found by hand from its configuration reference and the code
 * of its discovery/kubernetes, as of August 2026; the objects come over HTTP, in protobuf.
 */
type Labels = Readonly<Record<string, string>>;

interface Asked {
  readonly stanza: object;
  readonly prometheus?: PrometheusVersion | undefined;
}

/** All labels of each target, without the prefix of Kubernetes. */
async function targetsOf(objects: GivenObjects, { stanza, prometheus }: Asked): Promise<readonly Labels[]> {
  await using fleet = await startFleet(objects);
  const { batches } = await discover(fleet, stanza, { prometheus });
  return batches.flat().flatMap((group) => group.targets.map((target) => short(targetLabels(group, target))));
}

/** The labels whose names begin so, of each target. */
async function labelsOf(objects: GivenObjects, prefix: RegExp, asked: Asked): Promise<readonly Labels[]> {
  const targets = await targetsOf(objects, asked);
  return targets.map((labels) =>
    Object.fromEntries(Object.entries(labels).filter(([name]) => prefix.test(name))),
  );
}

async function startFleet(objects: GivenObjects) {
  const fleet = await startKubernetesFleet({ objects });
  return { ...fleet, [Symbol.asyncDispose]: () => fleet.stop() };
}

describe('the conditions of a node', () => {
  const nodeWith = (...conditions: readonly (readonly [type: string, status: string])[]): JsonObject => ({
    metadata: { name: 'n1' },
    status: {
      addresses: [{ type: 'InternalIP', address: '10.0.0.1' }],
      conditions: conditions.map(([type, status]) => ({ type, status })),
    },
  });

  test.each<[what: string, conditions: readonly (readonly [string, string])[], expected: Labels]>([
    ['that holds', [['Ready', 'True']], { node_condition_ready: 'true' }],
    ['that does not', [['Ready', 'False']], { node_condition_ready: 'false' }],
    ['of which nobody knows', [['Ready', 'Unknown']], { node_condition_ready: 'unknown' }],
    [
      'of two words',
      [
        ['MemoryPressure', 'False'],
        ['DiskPressure', 'True'],
      ],
      { node_condition_memorypressure: 'false', node_condition_diskpressure: 'true' },
    ],
    [
      'of an operator, with odd letters',
      [['example.com/GPU-Healthy', 'True']],
      { node_condition_example_com_gpu_healthy: 'true' },
    ],
    [
      'that comes twice: the later one',
      [
        ['Ready', 'True'],
        ['Ready', 'False'],
      ],
      { node_condition_ready: 'false' },
    ],
    [
      'of two types that become one: the later one',
      [
        ['a.b', 'True'],
        ['A_B', 'Unknown'],
      ],
      { node_condition_a_b: 'unknown' },
    ],
    ['without a status', [['Ready', '']], {}],
    [
      'whose last word is no status',
      [
        ['Ready', 'True'],
        ['ready', ''],
      ],
      {},
    ],
    ['of none', [], {}],
  ])('%s', async (_what, conditions, expected) => {
    const asked = { stanza: { role: 'node' } };
    expect(await labelsOf({ nodes: [nodeWith(...conditions)] }, /^node_condition/, asked)).toEqual([
      expected,
    ]);
  });

  test.each<[PrometheusVersion, Labels]>([
    ['3.5', {}],
    ['3.11', {}],
    ['3.12', { node_condition_ready: 'true' }],
  ])('came with Prometheus 3.12: %s', async (prometheus, expected) => {
    const asked = { stanza: { role: 'node' }, prometheus };
    expect(await labelsOf({ nodes: [nodeWith(['Ready', 'True'])] }, /^node_cond/, asked)).toEqual([expected]);
  });

  test('are not attached to what runs on it', async () => {
    const objects = { nodes: [nodeWith(['Ready', 'True'])], pods: [pod('web', { nodeName: 'n1' })] };
    const asked = { stanza: { role: 'pod', attach_metadata: { node: true } } };
    expect(await labelsOf(objects, /^node_/, asked)).toEqual([{ node_name: 'n1' }]);
  });
});

describe('the address of a load balancer', () => {
  const service = (type: string, asked: string, ingress: readonly JsonObject[]): JsonObject => ({
    metadata: { name: 'web', namespace: 'shop' },
    spec: { type, loadBalancerIP: asked, ports: [{ port: 80 }, { port: 443, name: 'tls' }] },
    status: { loadBalancer: { ingress } },
  });

  test.each<
    [what: string, asked: string, ingress: readonly JsonObject[], version: PrometheusVersion | '', string]
  >([
    ['is that of the status', '', [{ ip: '203.0.113.1' }], '', '203.0.113.1'],
    ['is all of them', '', [{ ip: '203.0.113.1' }, { ip: '203.0.113.2' }], '', '203.0.113.1,203.0.113.2'],
    [
      'is of both families, in their order',
      '',
      [{ ip: '2001:db8::1' }, { ip: '203.0.113.1' }],
      '',
      '2001:db8::1,203.0.113.1',
    ],
    ['goes before the one that was asked for', '203.0.113.9', [{ ip: '203.0.113.1' }], '', '203.0.113.1'],
    ['is the one that was asked for until there is one', '203.0.113.9', [], '', '203.0.113.9'],
    ['is no name', '', [{ hostname: 'lb.example' }], '', ''],
    [
      'is the one that was asked for beside a name',
      '203.0.113.9',
      [{ hostname: 'lb.example' }],
      '',
      '203.0.113.9',
    ],
    ['leaves out names', '', [{ hostname: 'a.example' }, { ip: '203.0.113.1' }], '', '203.0.113.1'],
    ['was the one that was asked for in 3.14', '203.0.113.9', [{ ip: '203.0.113.1' }], '3.14', '203.0.113.9'],
    ['was none in 3.5 where none was asked for', '', [{ ip: '203.0.113.1' }], '3.5', ''],
    ['is that of the status since 3.15', '203.0.113.9', [{ ip: '203.0.113.1' }], '3.15', '203.0.113.1'],
  ])('%s', async (_what, spec, ingress, version, expected) => {
    const asked = { stanza: { role: 'service' }, ...(version !== '' && { prometheus: version }) };
    const labels = expected === '' ? {} : { service_loadbalancer_ip: expected };
    const objects = { services: [service('LoadBalancer', spec, ingress)] };
    expect(await labelsOf(objects, /^service_loadbalancer/, asked)).toEqual([labels, labels]);
  });

  test.each(['ClusterIP', 'NodePort'])('is no label of a %s', async (type) => {
    const objects = { services: [service(type, '203.0.113.9', [{ ip: '203.0.113.1' }])] };
    expect(await labelsOf(objects, /^service_loadb/, { stanza: { role: 'service' } })).toEqual([{}, {}]);
  });
});

describe('of a service with two address families', () => {
  interface Families {
    readonly policy?: string;
    readonly families?: readonly string[];
  }
  const service = ({ policy, families }: Families): JsonObject => ({
    metadata: { name: 'web', namespace: 'shop', labels: { tier: 'front' } },
    spec: {
      ...(policy !== undefined && { ipFamilyPolicy: policy }),
      ...(families !== undefined && { ipFamilies: families }),
    },
  });
  const slice = (addressType: string, address: string, labels: JsonObject = serviceName): JsonObject => ({
    metadata: { name: `web-${addressType.toLowerCase()}`, namespace: 'shop', labels },
    addressType,
    endpoints: [{ addresses: [address] }],
    ports: [{ name: 'http', port: 80 }],
  });
  const serviceName = { 'kubernetes.io/service-name': 'web' };
  const slices = [slice('FQDN', 'web.example'), slice('IPv4', '10.1.0.1'), slice('IPv6', 'fd00::1')] as const;
  const all = ['web.example:80', '10.1.0.1:80', '[fd00::1]:80'];

  test.each<
    [what: string, families: Families, expected: readonly string[], version: PrometheusVersion | undefined]
  >([
    [
      'prefers two, IPv4 first',
      { policy: 'PreferDualStack', families: ['IPv4', 'IPv6'] },
      ['10.1.0.1:80'],
      undefined,
    ],
    [
      'prefers two, IPv6 first',
      { policy: 'PreferDualStack', families: ['IPv6', 'IPv4'] },
      ['[fd00::1]:80'],
      undefined,
    ],
    ['requires two', { policy: 'RequireDualStack', families: ['IPv4', 'IPv6'] }, ['10.1.0.1:80'], undefined],
    [
      'requires two and has one',
      { policy: 'RequireDualStack', families: ['IPv6'] },
      ['[fd00::1]:80'],
      undefined,
    ],
    [
      'prefers two and has one',
      { policy: 'PreferDualStack', families: ['IPv4'] },
      ['10.1.0.1:80'],
      undefined,
    ],
    ['prefers two and says none', { policy: 'PreferDualStack', families: [] }, all, undefined],
    ['wants one', { policy: 'SingleStack', families: ['IPv4'] }, all, undefined],
    ['has no policy', { families: ['IPv4', 'IPv6'] }, all, undefined],
    ['is of an unknown policy', { policy: 'Both', families: ['IPv4'] }, all, undefined],
    ['of Prometheus 3.10', { policy: 'PreferDualStack', families: ['IPv4', 'IPv6'] }, all, '3.10'],
    [
      'of Prometheus 3.11',
      { policy: 'PreferDualStack', families: ['IPv4', 'IPv6'] },
      ['10.1.0.1:80'],
      '3.11',
    ],
  ])('the slices of the first count: one that %s', async (_what, families, expected, prometheus) => {
    const objects = { services: [service(families)], endpointslices: slices };
    const targets = await targetsOf(objects, { stanza: { role: 'endpointslice' }, prometheus });
    expect(targets.map(({ __address__ }) => __address__)).toEqual(expected);
    for (const labels of targets) expect(labels.service_label_tier).toBe('front');
  });

  const dual = { policy: 'PreferDualStack', families: ['IPv4', 'IPv6'] };

  test('all slices count where the service is not known, or not selected', async () => {
    const role = 'endpointslice';
    const gone = await targetsOf({ endpointslices: slices }, { stanza: { role } });
    const selectors = [{ role: 'service', label: 'tier=back' }];
    const objects = { services: [service(dual)], endpointslices: slices };
    const unselected = await targetsOf(objects, { stanza: { role, selectors } });
    const addresses = [gone, unselected].map((targets) => targets.map((target) => target.__address__));
    expect(addresses).toEqual([all, all]);
  });

  test('a slice that names no service counts', async () => {
    const objects = { services: [service(dual)], endpointslices: [slice('IPv6', 'fd00::1', {})] };
    const targets = await targetsOf(objects, { stanza: { role: 'endpointslice' } });
    expect(targets.map(({ __address__ }) => __address__)).toEqual(['[fd00::1]:80']);
  });
});

describe('a pod tells the workload that it belongs to', () => {
  const owned = (name: string, ...owners: readonly JsonObject[]): JsonObject => ({
    metadata: { name, namespace: 'shop', ownerReferences: owners },
  });
  const controller = (kind: string, name: string): JsonObject => ({ kind, name, controller: true });
  const everything = { deployment: true, job: true, cronjob: true };
  const ofWorkload = /^pod_(?:deployment|job|cronjob)_/;

  const replicasets = [
    owned('web-1', controller('Deployment', 'web')),
    owned('bare'),
    owned('helped', { kind: 'Deployment', name: 'web', controller: false }),
    owned('rolled', controller('Rollout', 'web')),
    owned('twice', { kind: 'Deployment', name: 'no' }, controller('Deployment', 'yes')),
    owned('nightly-1', controller('Deployment', 'by-the-same-name')),
    { metadata: { name: 'far', namespace: 'other', ownerReferences: [controller('Deployment', 'far')] } },
  ];
  const jobs = [
    owned('nightly-1', controller('CronJob', 'nightly')),
    owned('once'),
    owned('queued', controller('JobSet', 'queue')),
  ];

  test.each<[what: string, owner: JsonObject | undefined, attach: object, expected: Labels]>([
    [
      'replica set, deployment',
      controller('ReplicaSet', 'web-1'),
      { deployment: true },
      { pod_deployment_name: 'web' },
    ],
    ['replica set alone', controller('ReplicaSet', 'bare'), everything, {}],
    ['a deployment that does not control', controller('ReplicaSet', 'helped'), everything, {}],
    ['replica set, rollout', controller('ReplicaSet', 'rolled'), everything, {}],
    [
      'two owners, one of which controls',
      controller('ReplicaSet', 'twice'),
      everything,
      { pod_deployment_name: 'yes' },
    ],
    ['a replica set that is gone', controller('ReplicaSet', 'gone'), everything, {}],
    ["another namespace's replica set", controller('ReplicaSet', 'far'), everything, {}],
    ['stateful set', controller('StatefulSet', 'web-1'), everything, {}],
    ['daemon set', controller('DaemonSet', 'web-1'), everything, {}],
    ['the deployment itself', controller('Deployment', 'web'), everything, {}],
    ['job', controller('Job', 'once'), everything, { pod_job_name: 'once' }],
    ['a job that is gone', controller('Job', 'gone'), everything, { pod_job_name: 'gone' }],
    [
      'job, cron job',
      controller('Job', 'nightly-1'),
      everything,
      { pod_job_name: 'nightly-1', pod_cronjob_name: 'nightly' },
    ],
    [
      'job, cron job, where jobs are not asked for',
      controller('Job', 'nightly-1'),
      { cronjob: true },
      { pod_cronjob_name: 'nightly' },
    ],
    [
      'job, cron job, where cron jobs are not',
      controller('Job', 'nightly-1'),
      { job: true },
      { pod_job_name: 'nightly-1' },
    ],
    ['job, job set', controller('Job', 'queued'), everything, { pod_job_name: 'queued' }],
    ['job, where deployments alone are asked for', controller('Job', 'nightly-1'), { deployment: true }, {}],
    [
      'replica set, where jobs alone are',
      controller('ReplicaSet', 'web-1'),
      { job: true, cronjob: true },
      {},
    ],
    ['an owner that does not control', { kind: 'Job', name: 'once' }, everything, {}],
    ['nobody', undefined, everything, {}],
    ['replica set, where nothing is asked for', controller('ReplicaSet', 'web-1'), {}, {}],
  ])('%s', async (_what, owner, attach_metadata, expected) => {
    const objects = { pods: [pod('web', {}, owner)], replicasets, jobs };
    const asked = { stanza: { role: 'pod', attach_metadata } };
    expect(await labelsOf(objects, ofWorkload, asked)).toEqual([expected]);
  });

  const address = { ip: '10.1.0.7', targetRef: { kind: 'Pod', namespace: 'shop', name: 'web' } };
  const behind: GivenObjects = {
    pods: [pod('web', {}, controller('ReplicaSet', 'web-1'))],
    replicasets,
    endpoints: [
      {
        metadata: { name: 'web', namespace: 'shop' },
        subsets: [{ addresses: [address], ports: [{ port: 9 }] }],
      },
    ],
    endpointslices: [
      {
        metadata: { name: 'web-x', namespace: 'shop' },
        addressType: 'IPv4',
        endpoints: [{ addresses: ['10.1.0.7'], targetRef: address.targetRef }],
        ports: [{ port: 9 }],
      },
    ],
  };

  test.each(['endpoints', 'endpointslice'])('also behind %s, at all its ports', async (role) => {
    const asked = { stanza: { role, attach_metadata: { deployment: true } } };
    const targets = await targetsOf(behind, asked);
    expect(targets.map(({ __address__, pod_deployment_name }) => [__address__, pod_deployment_name])).toEqual(
      [
        ['10.1.0.7:9', 'web'],
        ['10.1.0.7:80', 'web'],
      ],
    );
  });

  test.each<[attach: object, lists: readonly string[]]>([
    [{}, []],
    [{ deployment: true }, ['/apis/apps/v1/replicasets']],
    [{ cronjob: true }, ['/apis/batch/v1/jobs']],
    [{ job: true }, []],
    [{ job: true, cronjob: true }, ['/apis/batch/v1/jobs']],
    [
      { node: true, namespace: true, ...everything },
      ['/api/v1/namespaces', '/api/v1/nodes', '/apis/apps/v1/replicasets', '/apis/batch/v1/jobs'],
    ],
  ])('asking for no list that it does not take: %j', async (attach_metadata, lists) => {
    await using fleet = await startFleet(behind);
    await discover(fleet, { role: 'pod', attach_metadata });
    const asked = fleet.requests.map(({ path }) => path).filter((path) => !path.endsWith('/kube-system'));
    expect(asked.sort()).toEqual([...lists, '/api/v1/pods'].sort());
  });

  test('in each of its namespaces, where it has some; roles without pods take none', async () => {
    await using fleet = await startFleet(behind);
    const namespaces = { names: ['shop', 'other'] };
    await discover(fleet, { role: 'pod', namespaces, attach_metadata: { deployment: true } });
    await discover(fleet, { role: 'service', attach_metadata: everything });
    const asked = fleet.requests.map(({ path }) => path).filter((path) => path.includes('replicasets'));
    expect(asked.sort()).toEqual([
      '/apis/apps/v1/namespaces/other/replicasets',
      '/apis/apps/v1/namespaces/shop/replicasets',
    ]);
  });

  test.each<[resource: 'replicasets' | 'jobs', key: object, group: string]>([
    ['replicasets', { deployment: true }, 'apps'],
    ['jobs', { cronjob: true }, 'batch'],
  ])('or the listing fails and names the right to list %s', async (resource, attach_metadata, group) => {
    await using fleet = await startFleet(behind);
    fleet.deny({ verb: 'list', resource });
    expect(await failure(discover(fleet, { role: 'pod', attach_metadata }))).toMatchObject({
      kind: 'denied',
      message: expect.stringContaining(
        `bind it to a ClusterRole with the rule {apiGroups: ["${group}"], resources: ["${resource}"], verbs: ["list"]}`,
      ),
    });
  });
});

describe('the metadata of a namespace', () => {
  const inShop = { name: 'web', namespace: 'shop' };
  const objects: GivenObjects = {
    namespaces: [
      { metadata: { name: 'shop', labels: { team: 'x', 'a.b/c': '' }, annotations: { 'cost-centre': '7' } } },
    ],
    pods: [pod('web', {})],
    services: [{ metadata: inShop, spec: { ports: [{ port: 80 }] } }],
    endpoints: [{ metadata: inShop, subsets: [{ addresses: [{ ip: '10.1.0.7' }], ports: [{ port: 9 }] }] }],
    endpointslices: [{ metadata: inShop, endpoints: [{ addresses: ['10.1.0.7'] }], ports: [{ port: 9 }] }],
    ingresses: [{ metadata: inShop, spec: { rules: [{ host: 'web.example' }] } }],
  };
  const roles = ['pod', 'service', 'endpoints', 'endpointslice', 'ingress'];

  test.each(roles)('is attached to what is in it: role %s', async (role) => {
    const asked = { stanza: { role, attach_metadata: { namespace: true } } };
    expect(await labelsOf(objects, /^namespace_/, asked)).toEqual([
      {
        namespace_annotation_cost_centre: '7',
        namespace_annotationpresent_cost_centre: 'true',
        namespace_label_team: 'x',
        namespace_labelpresent_a_b_c: 'true',
        namespace_labelpresent_team: 'true',
      },
    ]);
  });

  test.each(roles)('that is not known leaves the targets as they are: role %s', async (role) => {
    const asked = { stanza: { role, attach_metadata: { namespace: true } } };
    const found = await targetsOf({ ...objects, namespaces: [] }, asked);
    expect(found).toEqual(await targetsOf(objects, { stanza: { role } }));
    expect(found).toHaveLength(1);
  });
});

describe('with nodes attached, a pod on a node that is not listed', () => {
  const objects: GivenObjects = {
    nodes: [{ metadata: { name: 'n1' } }],
    pods: [pod('here', { nodeName: 'n1' }), pod('nowhere', {}), pod('there', { nodeName: 'gone' })],
  };
  const stanza = { role: 'pod', attach_metadata: { node: true } };

  test.each<[what: string, version: PrometheusVersion | undefined, expected: readonly string[]]>([
    ['has no targets', undefined, ['here']],
    ['has none since Prometheus 3.11', '3.11', ['here']],
    ['had some before', '3.10', ['here', 'nowhere', 'there']],
  ])('%s', async (_what, prometheus, expected) => {
    const targets = await targetsOf(objects, { stanza, prometheus });
    expect(targets.map(({ pod_name }) => pod_name)).toEqual(expected);
  });
});

/** A pod of the namespace `shop`, with one port. */
function pod(name: string, spec: JsonObject, owner?: JsonObject): JsonObject {
  return {
    metadata: { name, namespace: 'shop', ...(owner && { ownerReferences: [owner] }) },
    spec: { ...spec, containers: [{ name: 'app', ports: [{ containerPort: 80, protocol: 'TCP' }] }] },
    status: { podIP: '10.1.0.7', phase: 'Running' },
  };
}
