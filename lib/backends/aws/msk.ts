import * as z from 'zod';
import { mapConcurrent } from '../../base/concurrency.ts';
import { type LabelSet, type TargetGroup, targetAt, withoutEmpty } from '../../targets/group.ts';
import type { Mechanism } from '../mechanism.ts';
import { accountsOf, discoverParts, type ListPart, readPages, serverOf } from './connection.ts';
import { tagLabels } from './fields.ts';
import { type ClustersConfig, clustersConfig, newerAccess } from './schema.ts';

/** Labels of nodes of MSK. Source: Prometheus configuration reference, aws_sd_config, role msk. */
export const labels = {
  brokerSubnet: '__meta_msk_broker_client_subnet',
  brokerIp: '__meta_msk_broker_client_vpc_ip',
  brokerEndpoint: '__meta_msk_broker_endpoint_index',
  brokerId: '__meta_msk_broker_id',
  nodeExporter: '__meta_msk_broker_node_exporter_enabled',
  clusterArn: '__meta_msk_cluster_arn',
  configurationArn: '__meta_msk_cluster_configuration_arn',
  configurationRevision: '__meta_msk_cluster_configuration_revision',
  jmxExporter: '__meta_msk_cluster_jmx_exporter_enabled',
  kafkaVersion: '__meta_msk_cluster_kafka_version',
  clusterName: '__meta_msk_cluster_name',
  clusterState: '__meta_msk_cluster_state',
  tagPrefix: '__meta_msk_cluster_tag_',
  clusterType: '__meta_msk_cluster_type',
  clusterVersion: '__meta_msk_cluster_version',
  controllerEndpoint: '__meta_msk_controller_endpoint_index',
  nodeAdded: '__meta_msk_node_added_time',
  nodeArn: '__meta_msk_node_arn',
  nodeInterface: '__meta_msk_node_attached_eni',
  nodeInstanceType: '__meta_msk_node_instance_type',
  nodeType: '__meta_msk_node_type',
} as const;

/** Brokers and controllers of provisioned MSK clusters: a group for each node. */
export const msk: Mechanism<ClustersConfig> = {
  name: 'msk',
  configKey: 'msk_sd_configs',
  schema: clustersConfig,
  newerKeys: newerAccess,
  incidental: ['request_concurrency'],
  server: (config) => serverOf('msk', config),
  discover: (config, input) => discoverParts(config, input, listMsk(config)),
};

type MskQuery = Pick<ClustersConfig, 'port' | 'clusters' | 'request_concurrency'>;

/** Lists the nodes of a region's clusters. */
export function listMsk({ port, clusters: wanted, request_concurrency: limit }: MskQuery): ListPart {
  return async ({ options, call, signal, warn }) => {
    const sdk = await import('./sdk/kafka.ts');
    const client = new sdk.KafkaClient(options);
    const describe = async (ClusterArn: string, own: AbortSignal) => {
      const found = await call(
        'kafka:DescribeClusterV2',
        clusterAnswer,
        (how) => client.send(new sdk.DescribeClusterV2Command({ ClusterArn }), how),
        own,
      );
      if (found.ClusterInfo.ClusterType === 'PROVISIONED') return [found.ClusterInfo];
      warn(`${ClusterArn} is left out: only provisioned clusters have nodes to scrape`);
      return [];
    };
    const list = () =>
      readPages(async (NextToken) => {
        const page = await call(
          'kafka:ListClustersV2',
          clustersPage,
          (how) =>
            client.send(
              new sdk.ListClustersV2Command({ ClusterTypeFilter: 'PROVISIONED', MaxResults: 100, NextToken }),
              how,
            ),
          signal,
        );
        return { items: page.ClusterInfoList, next: page.NextToken };
      });
    const listNodes = (ClusterArn: string, own: AbortSignal) =>
      readPages(async (NextToken) => {
        const page = await call(
          'kafka:ListNodes',
          nodesPage,
          (how) => client.send(new sdk.ListNodesCommand({ ClusterArn, MaxResults: 100, NextToken }), how),
          own,
        );
        return { items: page.NodeInfoList, next: page.NextToken };
      });
    try {
      const clusters =
        wanted.length === 0
          ? await list()
          : (await mapConcurrent([...new Set(wanted)], limit, signal, describe)).flat();
      const groups = await mapConcurrent(clusters, limit, signal, async (one, own) => {
        const nodes = await listNodes(one.ClusterArn, own);
        return nodes.flatMap((node, index) => buildNodeGroup(one, node, { index, port }));
      });
      return { groups: groups.flat(), accounts: accountsOf(clusters.map(({ ClusterArn }) => ClusterArn)) };
    } finally {
      client.destroy();
    }
  };
}

const exporter = z.object({ EnabledInBroker: z.boolean().default(false) }).optional();

const clusterInfo = z.object({
  ClusterArn: z.string(),
  ClusterName: z.string().default(''),
  ClusterType: z.string().default(''),
  CurrentVersion: z.string().default(''),
  State: z.string().default(''),
  Tags: z.record(z.string(), z.string()).default({}),
  Provisioned: z
    .object({
      CurrentBrokerSoftwareInfo: z
        .object({
          ConfigurationArn: z.string().default(''),
          ConfigurationRevision: z.number().optional(),
          KafkaVersion: z.string().default(''),
        })
        .optional(),
      OpenMonitoring: z
        .object({ Prometheus: z.object({ JmxExporter: exporter, NodeExporter: exporter }).optional() })
        .optional(),
    })
    .optional(),
});

const nodeInfo = z.object({
  NodeARN: z.string().default(''),
  AddedToClusterTime: z.string().default(''),
  InstanceType: z.string().default(''),
  BrokerNodeInfo: z
    .object({
      AttachedENIId: z.string().default(''),
      BrokerId: z.number().default(0),
      ClientSubnet: z.string().default(''),
      ClientVpcIpAddress: z.string().default(''),
      Endpoints: z.array(z.string()).default([]),
    })
    .optional(),
  ControllerNodeInfo: z.object({ Endpoints: z.array(z.string()).default([]) }).optional(),
});

/** Source: Amazon MSK API reference. */
const clusterAnswer = z.object({ ClusterInfo: clusterInfo });
const clustersPage = z.object({ ClusterInfoList: z.array(clusterInfo), NextToken: z.string().optional() });
const nodesPage = z.object({ NodeInfoList: z.array(nodeInfo), NextToken: z.string().optional() });

type ClusterInfo = z.output<typeof clusterInfo>;
type NodeInfo = z.output<typeof nodeInfo>;

/** The group of a node: a target for each of its endpoints. */
function buildNodeGroup(
  cluster: ClusterInfo,
  node: NodeInfo,
  { index, port }: { readonly index: number; readonly port: number },
): readonly TargetGroup[] {
  const { BrokerNodeInfo: broker, ControllerNodeInfo: controller } = node;
  const software = cluster.Provisioned?.CurrentBrokerSoftwareInfo;
  const monitoring = cluster.Provisioned?.OpenMonitoring?.Prometheus;
  const endpoints = broker?.Endpoints ?? controller?.Endpoints ?? [];
  if (endpoints.length === 0) return [];
  const common: LabelSet = {
    [labels.clusterArn]: cluster.ClusterArn,
    [labels.configurationArn]: software?.ConfigurationArn ?? '',
    [labels.configurationRevision]: software?.ConfigurationRevision?.toFixed(0) ?? '',
    [labels.jmxExporter]: flag(monitoring?.JmxExporter),
    [labels.kafkaVersion]: software?.KafkaVersion ?? '',
    [labels.clusterName]: cluster.ClusterName,
    [labels.clusterState]: cluster.State,
    [labels.clusterType]: cluster.ClusterType,
    [labels.clusterVersion]: cluster.CurrentVersion,
    [labels.nodeAdded]: node.AddedToClusterTime,
    [labels.nodeArn]: node.NodeARN,
    [labels.nodeInstanceType]: node.InstanceType,
    [labels.nodeType]: broker === undefined ? 'CONTROLLER' : 'BROKER',
    ...(broker && {
      [labels.brokerSubnet]: broker.ClientSubnet,
      [labels.brokerIp]: broker.ClientVpcIpAddress,
      [labels.brokerId]: broker.BrokerId.toFixed(0),
      [labels.nodeExporter]: flag(monitoring?.NodeExporter),
      [labels.nodeInterface]: broker.AttachedENIId,
    }),
    ...tagLabels(
      labels.tagPrefix,
      Object.entries(cluster.Tags).map(([Key, Value]) => ({ Key, Value })),
    ),
  };
  const endpointLabel = broker === undefined ? labels.controllerEndpoint : labels.brokerEndpoint;
  const targets = endpoints.map((endpoint, at) => targetAt(endpoint, port, { [endpointLabel]: String(at) }));
  // A controller has no ARN: its first endpoint names it.
  const source = node.NodeARN || `${cluster.ClusterArn}/${endpoints[0] ?? index}`;
  return [{ source, labels: withoutEmpty(common), targets }];
}

function flag(given: z.output<typeof exporter>): string {
  return given === undefined ? '' : String(given.EnabledInBroker);
}
