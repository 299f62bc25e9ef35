import { describe, expect, test } from '@jest/globals';
import { elasticache } from '../../../lib/backends/aws/elasticache.ts';
import { type LabelSet, targetLabels } from '../../../lib/targets/group.ts';
import { listTargets } from '../../support/discover.ts';
import { failure } from '../../support/http-client.ts';
import { type Answer, type ApiCall, stanzaFor, startAwsApi, type Value } from './api.ts';

type Fields = { readonly [key: string]: Value | undefined };

const arn = (rest: string) => `arn:aws:elasticache:eu-west-1:123456789012:${rest}`;
const node = { CacheNodeId: '0001', Endpoint: { Address: 'n1.example', Port: 6379 } };
const cluster: Fields = { ARN: arn('cluster:c'), CacheClusterId: 'c', 'CacheNodes CacheNode': [node] };
const serverless: Fields = {
  ARN: arn('serverlesscache:s'),
  ServerlessCacheName: 's',
  Endpoint: { Address: 's.example', Port: 6379 },
};
const p = '__meta_elasticache_';
const c = `${p}cache_cluster_`;
const s = `${p}serverless_cache_`;
const leastNode: LabelSet = {
  __address__: 'n1.example:6379',
  [`${p}deployment_option`]: 'node',
  [`${c}arn`]: arn('cluster:c'),
  [`${c}cache_cluster_id`]: 'c',
  [`${c}node_id`]: '0001',
  [`${c}node_endpoint_address`]: 'n1.example',
  [`${c}node_endpoint_port`]: '6379',
};
const leastServerless: LabelSet = {
  __address__: 's.example:6379',
  [`${p}deployment_option`]: 'serverless',
  [`${s}arn`]: arn('serverlesscache:s'),
  [`${s}name`]: 's',
  [`${s}endpoint_address`]: 's.example',
  [`${s}endpoint_port`]: '6379',
};

interface World {
  readonly clusters?: readonly Fields[];
  readonly serverless?: readonly Fields[];
  readonly tags?: readonly Value[];
  readonly answers?: Readonly<Record<string, Answer>>;
}

async function list({ clusters = [], serverless = [], tags = [], answers = {} }: World, stanza: object = {}) {
  const answer = ({ action }: ApiCall): Answer => {
    const bodies: Readonly<Record<string, Value>> = {
      DescribeCacheClusters: { 'CacheClusters CacheCluster': clusters },
      DescribeServerlessCaches: { ServerlessCaches: serverless },
      ListTagsForResource: { 'TagList Tag': tags },
    };
    return answers[action] ?? { body: bodies[action] ?? {} };
  };
  await using api = await startAwsApi(answer);
  const { groups, listed } = await listTargets(elasticache, stanzaFor(api, stanza));
  const targets = groups.flatMap((group) => group.targets.map((target) => targetLabels(group, target)));
  return { targets, listed, calls: api.calls(), requests: api.server.requests };
}

/** What is added to the cluster and the expected labels, which are derived by hand from Prometheus's. */
const clusterCases: Readonly<Record<string, readonly [Fields, readonly LabelSet[]]>> = {
  'no more than names': [{}, [leastNode]],
  flags: [
    { AtRestEncryptionEnabled: true, AuthTokenEnabled: false, TransitEncryptionEnabled: true },
    [
      {
        ...leastNode,
        [`${c}at_rest_encryption_enabled`]: 'true',
        [`${c}auth_token_enabled`]: 'false',
        [`${c}transit_encryption_enabled`]: 'true',
      },
    ],
  ],
  times: [
    { CacheClusterCreateTime: '2026-02-03T04:05:06.789Z', AuthTokenLastModifiedDate: '2026-02-03T00:00:00Z' },
    [
      {
        ...leastNode,
        [`${c}cache_cluster_create_time`]: '2026-02-03T04:05:06Z',
        [`${c}auth_token_last_modified`]: '2026-02-03T00:00:00Z',
      },
    ],
  ],
  'an engine': [
    { Engine: 'valkey', EngineVersion: '8.0', CacheNodeType: 'cache.r7g.large', NumCacheNodes: 1 },
    [
      {
        ...leastNode,
        [`${c}engine`]: 'valkey',
        [`${c}engine_version`]: '8.0',
        [`${c}cache_node_type`]: 'cache.r7g.large',
        [`${c}num_cache_nodes`]: '1',
      },
    ],
  ],
  'a replication group': [
    { ReplicationGroupId: 'g', ReplicationGroupLogDeliveryEnabled: false },
    [
      {
        ...leastNode,
        [`${c}replication_group_id`]: 'g',
        [`${c}replication_group_log_delivery_enabled`]: 'false',
      },
    ],
  ],
  'a configuration endpoint': [
    { ConfigurationEndpoint: { Address: 'cfg.example', Port: 11211 } },
    [
      {
        ...leastNode,
        [`${c}configuration_endpoint_address`]: 'cfg.example',
        [`${c}configuration_endpoint_port`]: '11211',
      },
    ],
  ],
  'groups of parameters and subnets': [
    { CacheParameterGroup: { CacheParameterGroupName: 'default' }, CacheSubnetGroupName: 'private' },
    [{ ...leastNode, [`${c}cache_parameter_group`]: 'default', [`${c}cache_subnet_group_name`]: 'private' }],
  ],
  notifications: [
    { NotificationConfiguration: { TopicArn: 't', TopicStatus: 'active' } },
    [{ ...leastNode, [`${c}notification_topic_arn`]: 't', [`${c}notification_topic_status`]: 'active' }],
  ],
  'networks of two families': [
    { IpDiscovery: 'ipv6', NetworkType: 'dual_stack', TransitEncryptionMode: 'preferred' },
    [
      {
        ...leastNode,
        [`${c}ip_discovery`]: 'ipv6',
        [`${c}network_type`]: 'dual_stack',
        [`${c}transit_encryption_mode`]: 'preferred',
      },
    ],
  ],
  'two security groups': [
    {
      'SecurityGroups member': [{ SecurityGroupId: 'sg-1', Status: 'active' }, { SecurityGroupId: 'sg-2' }],
    },
    [
      {
        ...leastNode,
        [`${c}security_group_membership_id_0`]: 'sg-1',
        [`${c}security_group_membership_status_0`]: 'active',
        [`${c}security_group_membership_id_1`]: 'sg-2',
      },
    ],
  ],
  'two log deliveries': [
    {
      'LogDeliveryConfigurations LogDeliveryConfiguration': [
        {
          LogType: 'slow-log',
          DestinationType: 'cloudwatch-logs',
          DestinationDetails: { CloudWatchLogsDetails: { LogGroup: 'l' } },
          LogFormat: 'json',
          Status: 'active',
        },
        {
          LogType: 'engine-log',
          DestinationType: 'kinesis-firehose',
          DestinationDetails: { KinesisFirehoseDetails: { DeliveryStream: 'd' } },
          Message: 'm',
        },
      ],
    },
    [
      {
        ...leastNode,
        [`${c}log_delivery_configuration_log_type_0`]: 'slow-log',
        [`${c}log_delivery_configuration_destination_type_0`]: 'cloudwatch-logs',
        [`${c}log_delivery_configuration_log_group_0`]: 'l',
        [`${c}log_delivery_configuration_log_format_0`]: 'json',
        [`${c}log_delivery_configuration_status_0`]: 'active',
        [`${c}log_delivery_configuration_log_type_1`]: 'engine-log',
        [`${c}log_delivery_configuration_destination_type_1`]: 'kinesis-firehose',
        [`${c}log_delivery_configuration_delivery_stream_1`]: 'd',
        [`${c}log_delivery_configuration_message_1`]: 'm',
      },
    ],
  ],
  'changes that are pending': [
    {
      PendingModifiedValues: {
        NumCacheNodes: 1,
        'CacheNodeIdsToRemove CacheNodeId': ['0002', '0003'],
        EngineVersion: '8.1',
        TransitEncryptionEnabled: true,
      },
    },
    [
      {
        ...leastNode,
        [`${c}pending_modified_values_num_cache_nodes`]: '1',
        [`${c}pending_modified_values_cache_node_ids_to_remove`]: '0002,0003',
        [`${c}pending_modified_values_engine_version`]: '8.1',
        [`${c}pending_modified_values_transit_encryption_enabled`]: 'true',
      },
    ],
  ],
  'two nodes': [
    {
      'CacheNodes CacheNode': [
        node,
        {
          CacheNodeId: '0002',
          CacheNodeStatus: 'available',
          CustomerAvailabilityZone: 'eu-west-1b',
          Endpoint: { Address: 'n2.example', Port: 6380 },
        },
      ],
    },
    [
      leastNode,
      {
        ...leastNode,
        __address__: 'n2.example:6380',
        [`${c}node_id`]: '0002',
        [`${c}node_status`]: 'available',
        [`${c}node_availability_zone`]: 'eu-west-1b',
        [`${c}node_endpoint_address`]: 'n2.example',
        [`${c}node_endpoint_port`]: '6380',
      },
    ],
  ],
  'a node that has no endpoint yet': [
    { 'CacheNodes CacheNode': [{ CacheNodeId: '0002', CacheNodeStatus: 'creating' }, node] },
    [leastNode],
  ],
  'no nodes': [{ 'CacheNodes CacheNode': [] }, []],
};

const serverlessCases: Readonly<Record<string, readonly [Fields, readonly LabelSet[]]>> = {
  'no more than names': [{}, [leastServerless]],
  'what it is': [
    {
      Description: 'd',
      Engine: 'redis',
      MajorEngineVersion: '7',
      FullEngineVersion: '7.1',
      Status: 'available',
      CreateTime: '2026-02-03T04:05:06.789Z',
    },
    [
      {
        ...leastServerless,
        [`${s}description`]: 'd',
        [`${s}engine`]: 'redis',
        [`${s}major_engine_version`]: '7',
        [`${s}full_engine_version`]: '7.1',
        [`${s}status`]: 'available',
        [`${s}create_time`]: '2026-02-03T04:05:06Z',
      },
    ],
  ],
  'a reader endpoint': [
    { ReaderEndpoint: { Address: 'r.example', Port: 6380 } },
    [
      {
        ...leastServerless,
        [`${s}endpoint_reader_address`]: 'r.example',
        [`${s}endpoint_reader_port`]: '6380',
      },
    ],
  ],
  'limits, whose labels Prometheus writes without a dash': [
    {
      CacheUsageLimits: {
        DataStorage: { Maximum: 10, Minimum: 1, Unit: 'GB' },
        ECPUPerSecond: { Maximum: 15000, Minimum: 1000 },
      },
    },
    [
      {
        ...leastServerless,
        [`${s}cache_usage_limit_data_storagemaximum`]: '10',
        [`${s}cache_usage_limit_data_storageminimum`]: '1',
        [`${s}cache_usage_limit_data_storageunit`]: 'GB',
        [`${s}cache_usage_limit_ecpu_per_secondmaximum`]: '15000',
        [`${s}cache_usage_limit_ecpu_per_secondminimum`]: '1000',
      },
    ],
  ],
  'security groups and subnets': [
    { 'SecurityGroupIds SecurityGroupId': ['sg-1', 'sg-2'], 'SubnetIds SubnetId': ['subnet-1'] },
    [
      {
        ...leastServerless,
        [`${s}security_group_id_0`]: 'sg-1',
        [`${s}security_group_id_1`]: 'sg-2',
        [`${s}subnet_id_0`]: 'subnet-1',
      },
    ],
  ],
  snapshots: [
    { SnapshotRetentionLimit: 0, DailySnapshotTime: '03:00', KmsKeyId: 'k', UserGroupId: 'u' },
    [
      {
        ...leastServerless,
        [`${s}snapshot_retention_limit`]: '0',
        [`${s}daily_snapshot_time`]: '03:00',
        [`${s}kms_key_id`]: 'k',
        [`${s}user_group_id`]: 'u',
      },
    ],
  ],
  'one that has no endpoint yet': [{ Endpoint: undefined }, []],
};

describe('the targets of ElastiCache, as Prometheus builds them', () => {
  test.each(Object.entries(clusterCases))('a cluster: %s', async (_name, [more, expected]) => {
    expect((await list({ clusters: [{ ...cluster, ...more }] })).targets).toEqual(expected);
  });

  test.each(Object.entries(serverlessCases))('a serverless cache: %s', async (_name, [more, expected]) => {
    expect((await list({ serverless: [{ ...serverless, ...more }] })).targets).toEqual(expected);
  });

  test('tags of both', async () => {
    const tags = [{ Key: 'a.b', Value: 'x' }, { Key: 'novalue' }];
    expect((await list({ clusters: [cluster], serverless: [serverless], tags })).targets).toEqual([
      { ...leastServerless, [`${s}tag_a_b`]: 'x' },
      { ...leastNode, [`${c}tag_a_b`]: 'x' },
    ]);
  });
});

describe('a listing of ElastiCache', () => {
  test('asks for each kind once, and for the tags of each cache', async () => {
    const { calls, listed } = await list({ clusters: [cluster], serverless: [serverless] });
    expect(calls.toSorted()).toEqual([
      ...['DescribeCacheClusters', 'DescribeServerlessCaches'],
      ...['ListTagsForResource', 'ListTagsForResource'],
    ]);
    expect(listed).toEqual({ backend: ['123456789012'] });
  });

  test('of caches by name is of them alone', async () => {
    const member = { ...cluster, CacheClusterId: 'g-001', ReplicationGroupId: 'g' };
    const world = { clusters: [cluster, member], serverless: [serverless] };
    const idsOf = async (...clusters: string[]) => {
      const { targets } = await list(world, { clusters });
      return targets.map((labels) => labels[`${c}cache_cluster_id`] ?? labels[`${s}name`]);
    };
    expect(await idsOf(arn('replicationgroup:g'))).toEqual(['g-001']);
    expect(await idsOf(arn('serverlesscache:s'), arn('cluster:c'))).toEqual(['s', 'c']);
    expect(await idsOf(arn('serverlesscache:t'))).toEqual([]);
    expect(await failure(idsOf('g'))).toMatchObject({ kind: 'config' });
  });

  test('leaves out a cache that went away between two calls', async () => {
    const gone = { ListTagsForResource: { error: 'CacheClusterNotFound', status: 404 } };
    expect((await list({ clusters: [cluster], answers: gone })).targets).toEqual([]);
  });

  test('fails where tags are kept from it', async () => {
    const refused = { ListTagsForResource: { error: 'AccessDenied', status: 403 } };
    expect(await failure(list({ clusters: [cluster], answers: refused }))).toMatchObject({
      kind: 'denied',
      message: expect.stringContaining('the credentials must allow elasticache:ListTagsForResource'),
    });
  });
});
