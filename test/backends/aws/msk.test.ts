import { describe, expect, test } from '@jest/globals';
import { msk } from '../../../lib/backends/aws/msk.ts';
import { type LabelSet, targetLabels } from '../../../lib/targets/group.ts';
import { listTargets } from '../../support/discover.ts';
import { failure } from '../../support/http-client.ts';
import { type Answer, type ApiCall, stanzaFor, startAwsApi, type Value } from './api.ts';

type Fields = { readonly [key: string]: Value | undefined };

const clusterArn = 'arn:aws:kafka:eu-west-1:123456789012:cluster/events/1-2';
const nodeArn = `${clusterArn}/broker`;
const software = { kafkaVersion: '3.7.x' };
const cluster: Fields = {
  clusterArn,
  clusterName: 'events',
  clusterType: 'PROVISIONED',
  currentVersion: 'K1',
  state: 'ACTIVE',
  provisioned: { currentBrokerSoftwareInfo: software },
};
const broker = {
  attachedENIId: 'eni-1',
  brokerId: 1,
  clientSubnet: 'subnet-1',
  clientVpcIpAddress: '10.0.0.1',
  endpoints: ['b-1.example'],
};
const node: Fields = {
  nodeARN: nodeArn,
  addedToClusterTime: '2026-01-02T03:04:05.678Z',
  instanceType: 'kafka.m7g.large',
  brokerNodeInfo: broker,
};
const p = '__meta_msk_';
const ofCluster: LabelSet = {
  [`${p}cluster_arn`]: clusterArn,
  [`${p}cluster_name`]: 'events',
  [`${p}cluster_type`]: 'PROVISIONED',
  [`${p}cluster_version`]: 'K1',
  [`${p}cluster_state`]: 'ACTIVE',
  [`${p}cluster_kafka_version`]: '3.7.x',
};
const ofBroker: LabelSet = {
  ...ofCluster,
  __address__: 'b-1.example:80',
  [`${p}node_arn`]: nodeArn,
  [`${p}node_added_time`]: '2026-01-02T03:04:05.678Z',
  [`${p}node_instance_type`]: 'kafka.m7g.large',
  [`${p}node_type`]: 'BROKER',
  [`${p}node_attached_eni`]: 'eni-1',
  [`${p}broker_id`]: '1',
  [`${p}broker_client_subnet`]: 'subnet-1',
  [`${p}broker_client_vpc_ip`]: '10.0.0.1',
  [`${p}broker_endpoint_index`]: '0',
};
const without = (labels: LabelSet, ...names: readonly string[]) =>
  Object.fromEntries(Object.entries(labels).filter(([name]) => !names.includes(name.replace(p, ''))));

async function list(answer: (call: ApiCall) => Answer, stanza: object = {}) {
  await using api = await startAwsApi(answer);
  const { groups, listed, warnings } = await listTargets(msk, stanzaFor(api, stanza));
  const targets = groups.flatMap((group) => group.targets.map((target) => targetLabels(group, target)));
  return { targets, listed, warnings, calls: api.calls(), requests: api.server.requests };
}

const answerOf =
  (given: Fields, nodes: readonly Fields[]) =>
  ({ action }: ApiCall): Answer => {
    if (action.endsWith('/nodes')) return { body: { nodeInfoList: nodes } };
    return action.endsWith('/v2/clusters')
      ? { body: { clusterInfoList: [given] } }
      : { body: { clusterInfo: given } };
  };

const monitored = (prometheus: Value) => ({
  provisioned: { currentBrokerSoftwareInfo: software, openMonitoring: { prometheus } },
});
const provisionedWith = (info: Value) => ({ provisioned: { currentBrokerSoftwareInfo: info } });

/** What is added to the cluster, its nodes, and the expected labels, which are derived by hand from Prometheus's. */
const cases: Readonly<Record<string, readonly [Fields, readonly Fields[], readonly LabelSet[]]>> = {
  'a broker': [{}, [node], [ofBroker]],
  'a broker of several endpoints': [
    {},
    [{ ...node, brokerNodeInfo: { ...broker, endpoints: ['b-1.example', 'b-1-2.example'] } }],
    [ofBroker, { ...ofBroker, __address__: 'b-1-2.example:80', [`${p}broker_endpoint_index`]: '1' }],
  ],
  'a broker without endpoints': [{}, [{ ...node, brokerNodeInfo: { ...broker, endpoints: [] } }], []],
  'a broker with its number in decimals': [
    {},
    [{ ...node, brokerNodeInfo: { ...broker, brokerId: 12.0 } }],
    [{ ...ofBroker, [`${p}broker_id`]: '12' }],
  ],
  'a broker without a number': [
    {},
    [{ ...node, brokerNodeInfo: { ...broker, brokerId: undefined } }],
    [{ ...ofBroker, [`${p}broker_id`]: '0' }],
  ],
  'a broker of which nothing else is known': [
    {},
    [{ nodeARN: nodeArn, brokerNodeInfo: { endpoints: ['x'] } }],
    [
      {
        ...ofCluster,
        __address__: 'x:80',
        [`${p}node_arn`]: nodeArn,
        [`${p}node_type`]: 'BROKER',
        [`${p}broker_id`]: '0',
        [`${p}broker_endpoint_index`]: '0',
      },
    ],
  ],
  'a controller': [
    {},
    [{ controllerNodeInfo: { endpoints: ['c-1.example', 'c-2.example'] }, instanceType: 'm' }],
    ['c-1.example', 'c-2.example'].map((endpoint, index) => ({
      ...ofCluster,
      __address__: `${endpoint}:80`,
      [`${p}node_type`]: 'CONTROLLER',
      [`${p}node_instance_type`]: 'm',
      [`${p}controller_endpoint_index`]: String(index),
    })),
  ],
  'a node of ZooKeeper, which is neither': [
    {},
    [{ zookeeperNodeInfo: { endpoints: ['z'] } }, node],
    [ofBroker],
  ],
  'no nodes': [{}, [], []],
  'a configuration of its own': [
    provisionedWith({ ...software, configurationArn: 'arn:c', configurationRevision: 3 }),
    [node],
    [
      {
        ...ofBroker,
        [`${p}cluster_configuration_arn`]: 'arn:c',
        [`${p}cluster_configuration_revision`]: '3',
      },
    ],
  ],
  'a configuration of revision 0': [
    provisionedWith({ ...software, configurationRevision: 0 }),
    [node],
    [{ ...ofBroker, [`${p}cluster_configuration_revision`]: '0' }],
  ],
  'no version of Kafka': [provisionedWith({}), [node], [without(ofBroker, 'cluster_kafka_version')]],
  'both exporters': [
    monitored({ jmxExporter: { enabledInBroker: true }, nodeExporter: { enabledInBroker: false } }),
    [node],
    [
      {
        ...ofBroker,
        [`${p}cluster_jmx_exporter_enabled`]: 'true',
        [`${p}broker_node_exporter_enabled`]: 'false',
      },
    ],
  ],
  'one exporter': [
    monitored({ nodeExporter: { enabledInBroker: true } }),
    [node],
    [{ ...ofBroker, [`${p}broker_node_exporter_enabled`]: 'true' }],
  ],
  'an exporter without a flag': [
    monitored({ jmxExporter: {} }),
    [node],
    [{ ...ofBroker, [`${p}cluster_jmx_exporter_enabled`]: 'false' }],
  ],
  'the JMX exporter of a controller, which has no node exporter': [
    monitored({ jmxExporter: { enabledInBroker: true }, nodeExporter: { enabledInBroker: true } }),
    [{ controllerNodeInfo: { endpoints: ['c'] } }],
    [
      {
        ...ofCluster,
        __address__: 'c:80',
        [`${p}cluster_jmx_exporter_enabled`]: 'true',
        [`${p}node_type`]: 'CONTROLLER',
        [`${p}controller_endpoint_index`]: '0',
      },
    ],
  ],
  'no monitoring': [monitored({}), [node], [ofBroker]],
  tags: [
    { tags: { team: 'a', 'x/y': 'b', empty: '' } },
    [node],
    [{ ...ofBroker, [`${p}cluster_tag_team`]: 'a', [`${p}cluster_tag_x_y`]: 'b' }],
  ],
  'a cluster that is being made': [
    { state: 'CREATING', currentVersion: undefined },
    [node],
    [without({ ...ofBroker, [`${p}cluster_state`]: 'CREATING' }, 'cluster_version')],
  ],
  'an IPv6 endpoint': [
    {},
    [{ ...node, brokerNodeInfo: { ...broker, endpoints: ['fd00::1'] } }],
    [{ ...ofBroker, __address__: '[fd00::1]:80' }],
  ],
  'two brokers': [
    {},
    [node, { ...node, nodeARN: `${nodeArn}2` }],
    [ofBroker, { ...ofBroker, [`${p}node_arn`]: `${nodeArn}2` }],
  ],
};

describe('the targets of MSK, as Prometheus builds them', () => {
  test.each(Object.entries(cases))('%s', async (_name, [more, nodes, expected]) => {
    expect((await list(answerOf({ ...cluster, ...more }, nodes))).targets).toEqual(expected);
  });
});

describe('a listing of MSK', () => {
  test('asks for provisioned clusters alone, a hundred at a time', async () => {
    const { requests, listed } = await list(answerOf(cluster, [node]));
    expect(requests.map(({ path, query }) => [decodeURIComponent(path), Object.fromEntries(query)])).toEqual([
      ['/api/v2/clusters', { clusterTypeFilter: 'PROVISIONED', maxResults: '100' }],
      [`/v1/clusters/${clusterArn}/nodes`, { maxResults: '100' }],
    ]);
    expect(listed).toEqual({ backend: ['123456789012'] });
  });

  test('of clusters by name leaves out one that is serverless, and says so', async () => {
    const { targets, warnings } = await list(answerOf({ ...cluster, clusterType: 'SERVERLESS' }, [node]), {
      clusters: [clusterArn],
    });
    expect([targets, warnings]).toEqual([
      [],
      [`${clusterArn} is left out: only provisioned clusters have nodes to scrape`],
    ]);
  });

  test('fails where the nodes of a cluster are kept from it', async () => {
    const plain = answerOf(cluster, [node]);
    const listing = list((call) =>
      call.action.endsWith('/nodes') ? { error: 'ForbiddenException', status: 403 } : plain(call),
    );
    expect(await failure(listing)).toMatchObject({ kind: 'denied' });
  });
});
