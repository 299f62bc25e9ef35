import { describe, expect, test } from '@jest/globals';
import { rds } from '../../../lib/backends/aws/rds.ts';
import { type LabelSet, targetLabels } from '../../../lib/targets/group.ts';
import { listTargets } from '../../support/discover.ts';
import { failure } from '../../support/http-client.ts';
import { type Answer, type ApiCall, stanzaFor, startAwsApi, type Value } from './api.ts';

type Fields = { readonly [key: string]: Value };

const clusterArn = 'arn:aws:rds:eu-west-1:123456789012:cluster:shop';
const dbArn = 'arn:aws:rds:eu-west-1:123456789012:db:shop-1';
const cluster: Fields = { DBClusterArn: clusterArn, DBClusterIdentifier: 'shop' };
const instance: Fields = {
  DBInstanceArn: dbArn,
  DBInstanceIdentifier: 'shop-1',
  DBClusterIdentifier: 'shop',
  Endpoint: { Address: 'shop-1.example', Port: 3306 },
};
const c = '__meta_rds_cluster_';
const i = '__meta_rds_instance_';
const least: LabelSet = {
  __address__: 'shop-1.example:80',
  [`${c}arn`]: clusterArn,
  [`${c}identifier`]: 'shop',
  [`${i}arn`]: dbArn,
  [`${i}identifier`]: 'shop-1',
  [`${i}db_cluster_identifier`]: 'shop',
  [`${i}endpoint_address`]: 'shop-1.example',
  [`${i}endpoint_port`]: '3306',
};

async function list(answer: (call: ApiCall) => Answer, stanza: object = {}) {
  await using api = await startAwsApi(answer);
  const { groups, listed } = await listTargets(rds, stanzaFor(api, stanza));
  const targets = groups.flatMap((group) => group.targets.map((target) => targetLabels(group, target)));
  return { targets, listed, calls: api.calls(), inputs: api.server.requests.map(({ body }) => body) };
}

const answerOf =
  (clusters: readonly Fields[], instances: readonly Fields[]) =>
  ({ action }: ApiCall): Answer => ({
    body:
      action === 'DescribeDBClusters'
        ? { 'DBClusters DBCluster': clusters }
        : { 'DBInstances DBInstance': instances },
  });

/** What is added to the cluster, to the instance, and to the expected labels, which are derived by hand from Prometheus's. */
const cases: Readonly<Record<string, readonly [cluster: Fields, instance: Fields, labels: LabelSet]>> = {
  'no more than names': [{}, {}, {}],
  'an activity stream': [
    { ActivityStreamMode: 'async', ActivityStreamStatus: 'started', ActivityStreamKinesisStreamName: 'k' },
    { ActivityStreamEngineNativeAuditFieldsIncluded: true, ActivityStreamPolicyStatus: 'locked' },
    {
      [`${c}activity_stream_mode`]: 'async',
      [`${c}activity_stream_status`]: 'started',
      [`${c}activity_stream_kinesis_stream_name`]: 'k',
      [`${i}activity_stream_engine_native_audit_fields_included`]: 'true',
      [`${i}activity_stream_policy_status`]: 'locked',
    },
  ],
  'whole numbers, 0 among them': [
    { AllocatedStorage: 1, BacktrackWindow: 259200, BacktrackConsumedChangeRecords: 9007199254740991 },
    { AllocatedStorage: 400, Iops: 0, PromotionTier: 15 },
    {
      [`${c}allocated_storage`]: '1',
      [`${c}backtrack_window`]: '259200',
      [`${c}backtrack_consumed_change_records`]: '9007199254740991',
      [`${i}allocated_storage`]: '400',
      [`${i}iops`]: '0',
      [`${i}promotion_tier`]: '15',
    },
  ],
  'flags, false among them': [
    { StorageEncrypted: true, MultiAZ: false, DeletionProtection: false },
    { MultiAZ: false, PubliclyAccessible: true, MultiTenant: false },
    {
      [`${c}storage_encrypted`]: 'true',
      [`${c}multi_az`]: 'false',
      [`${c}deletion_protection`]: 'false',
      [`${i}multi_az`]: 'false',
      [`${i}publicly_accessible`]: 'true',
      [`${i}multi_tenant`]: 'false',
    },
  ],
  'times with and without fractions': [
    { ClusterCreateTime: '2026-02-03T04:05:06.789Z', LatestRestorableTime: '2026-02-03T04:05:06Z' },
    { InstanceCreateTime: '2026-12-31T23:59:59.999Z' },
    {
      [`${c}cluster_create_time`]: '2026-02-03T04:05:06Z',
      [`${c}latest_restorable_time`]: '2026-02-03T04:05:06Z',
      [`${i}instance_create_time`]: '2026-12-31T23:59:59Z',
    },
  ],
  'the writer of a cluster': [
    { 'DBClusterMembers DBClusterMember': [{ DBInstanceIdentifier: 'shop-1', IsClusterWriter: true }] },
    {},
    { [`${i}is_cluster_writer`]: 'true' },
  ],
  'a reader of a cluster': [
    {
      'DBClusterMembers DBClusterMember': [
        { DBInstanceIdentifier: 'shop-2', IsClusterWriter: true },
        { DBInstanceIdentifier: 'shop-1', IsClusterWriter: false },
      ],
    },
    {},
    { [`${i}is_cluster_writer`]: 'false' },
  ],
  'a member of which it is not known': [
    { 'DBClusterMembers DBClusterMember': [{ DBInstanceIdentifier: 'shop-1' }] },
    {},
    {},
  ],
  'tags of both': [
    { 'TagList Tag': [{ Key: 'team.name', Value: 'a' }] },
    { 'TagList Tag': [{ Key: 'aws:x/y', Value: 'b' }, { Key: 'novalue' }] },
    { [`${c}tag_team_name`]: 'a', [`${i}tag_aws_x_y`]: 'b' },
  ],
  'two tags that become one label, of which the later one counts': [
    {
      'TagList Tag': [
        { Key: 'a.b', Value: '1' },
        { Key: 'a_b', Value: '2' },
      ],
    },
    {},
    { [`${c}tag_a_b`]: '2' },
  ],
  'a cluster that is being deleted, with its last instance': [
    { Status: 'deleting', PercentProgress: '50' },
    { DBInstanceStatus: 'deleting' },
    { [`${c}status`]: 'deleting', [`${c}percent_progress`]: '50', [`${i}status`]: 'deleting' },
  ],
  'a clone in another engine mode': [
    { CloneGroupId: 'clone-1', CrossAccountClone: true, EngineMode: 'serverless', Capacity: 0 },
    {},
    {
      [`${c}clone_group_id`]: 'clone-1',
      [`${c}cross_account_clone`]: 'true',
      [`${c}engine_mode`]: 'serverless',
      [`${c}capacity`]: '0',
    },
  ],
  'a tag that is empty': [{ 'TagList Tag': [{ Key: 'a', Value: '' }] }, {}, {}],
  'endpoints of the cluster': [
    { Endpoint: 'w.example', ReaderEndpoint: 'r.example', Port: 3306, HostedZoneId: 'Z' },
    {},
    {
      [`${c}endpoint`]: 'w.example',
      [`${c}reader_endpoint`]: 'r.example',
      [`${c}port`]: '3306',
      [`${c}hosted_zone_id`]: 'Z',
    },
  ],
  'an engine': [
    { Engine: 'aurora-mysql', EngineVersion: '8.0', EngineMode: 'provisioned', EngineLifecycleSupport: 'x' },
    { Engine: 'aurora-mysql', EngineVersion: '8.0.1', LicenseModel: 'general' },
    {
      [`${c}engine`]: 'aurora-mysql',
      [`${c}engine_version`]: '8.0',
      [`${c}engine_mode`]: 'provisioned',
      [`${c}engine_lifecycle_support`]: 'x',
      [`${i}engine`]: 'aurora-mysql',
      [`${i}engine_version`]: '8.0.1',
      [`${i}license_model`]: 'general',
    },
  ],
  'an endpoint with a zone and a listener': [
    {},
    {
      Endpoint: { Address: 'shop-1.example', Port: 3306, HostedZoneId: 'Z1' },
      ListenerEndpoint: { Address: 'l.example', Port: 1433, HostedZoneId: 'Z2' },
    },
    {
      [`${i}endpoint_hosted_zone_id`]: 'Z1',
      [`${i}listener_endpoint_address`]: 'l.example',
      [`${i}listener_endpoint_port`]: '1433',
      [`${i}listener_endpoint_hosted_zone_id`]: 'Z2',
    },
  ],
  'subnet groups, a name in one and a structure in the other': [
    { DBSubnetGroup: 'g' },
    { DBSubnetGroup: { DBSubnetGroupName: 'h', VpcId: 'vpc-1' } },
    { [`${c}subnet_group`]: 'g', [`${i}subnet_group`]: 'h' },
  ],
  'names that differ from the field': [
    { DbClusterResourceId: 'cluster-R', DBClusterInstanceClass: 'm', DBClusterParameterGroup: 'p' },
    {
      DbiResourceId: 'db-R',
      DBInstanceClass: 'db.r6g.large',
      DBInstanceStatus: 'available',
      DbInstancePort: 0,
    },
    {
      [`${c}resource_id`]: 'cluster-R',
      [`${c}instance_class`]: 'm',
      [`${c}parameter_group`]: 'p',
      [`${i}resource_id`]: 'db-R',
      [`${i}class`]: 'db.r6g.large',
      [`${i}status`]: 'available',
      [`${i}port`]: '0',
    },
  ],
  monitoring: [
    { MonitoringInterval: 60, MonitoringRoleArn: 'r', PerformanceInsightsEnabled: true },
    { MonitoringInterval: 0, EnhancedMonitoringResourceArn: 'e', DatabaseInsightsMode: 'standard' },
    {
      [`${c}monitoring_interval`]: '60',
      [`${c}monitoring_role_arn`]: 'r',
      [`${c}performance_insights_enabled`]: 'true',
      [`${i}monitoring_interval`]: '0',
      [`${i}enhanced_monitoring_resource_arn`]: 'e',
      [`${i}database_insights_mode`]: 'standard',
    },
  ],
  replicas: [
    { ReplicationSourceIdentifier: 's', GlobalWriteForwardingStatus: 'enabled' },
    { ReadReplicaSourceDBInstanceIdentifier: 'p', ReplicaMode: 'open-read-only' },
    {
      [`${c}replication_source_identifier`]: 's',
      [`${c}global_write_forwarding_status`]: 'enabled',
      [`${i}read_replica_source_db_instance_identifier`]: 'p',
      [`${i}replica_mode`]: 'open-read-only',
    },
  ],
  'an IPv6 address': [
    {},
    { Endpoint: { Address: 'fd00::1', Port: 5432 } },
    { __address__: '[fd00::1]:80', [`${i}endpoint_address`]: 'fd00::1', [`${i}endpoint_port`]: '5432' },
  ],
};

describe('the targets of RDS, as Prometheus builds them', () => {
  test.each(Object.entries(cases))('%s', async (_name, [ofCluster, ofInstance, labels]) => {
    const { targets } = await list(
      answerOf([{ ...cluster, ...ofCluster }], [{ ...instance, ...ofInstance }]),
    );
    expect(targets).toEqual([{ ...least, ...labels }]);
  });

  test('an instance that has no endpoint yet is none', async () => {
    const { Endpoint: _none, ...unmade } = instance;
    expect((await list(answerOf([cluster], [unmade, instance]))).targets).toEqual([least]);
  });

  test('an instance of no cluster is none, and without clusters there is no second call', async () => {
    const { DBClusterIdentifier: _none, ...alone } = instance;
    expect((await list(answerOf([cluster], [alone]))).targets).toEqual([]);
    expect((await list(answerOf([], [instance]))).calls).toEqual(['DescribeDBClusters']);
  });
});

describe('a listing of RDS', () => {
  test('asks for the instances of a hundred clusters at once, with the filters of the stanza', async () => {
    const many = Array.from({ length: 150 }, (_, index) => ({
      DBClusterArn: `${clusterArn}-${index}`,
      DBClusterIdentifier: `shop-${index}`,
    }));
    const { calls, inputs, listed } = await list(answerOf(many, []), {
      filters: [{ name: 'engine', values: ['postgres', 'mysql'] }],
      port: 9187,
    });
    expect(calls).toEqual(['DescribeDBClusters', 'DescribeDBInstances', 'DescribeDBInstances']);
    expect(listed).toEqual({ backend: ['123456789012'] });
    const asked = new URLSearchParams(inputs[1]);
    expect([...asked].filter(([name]) => /Filter\.(1\.Name|1\..*\.100$|2)/.test(name))).toEqual([
      ['Filters.Filter.1.Name', 'db-cluster-id'],
      ['Filters.Filter.1.Values.Value.100', 'shop-99'],
      ['Filters.Filter.2.Name', 'engine'],
      ['Filters.Filter.2.Values.Value.1', 'postgres'],
      ['Filters.Filter.2.Values.Value.2', 'mysql'],
    ]);
  });

  test('fails where a cluster that is asked for by name is not there', async () => {
    const listing = list(answerOf([cluster], []), { clusters: [clusterArn, 'gone'] });
    expect(await failure(listing)).toMatchObject({
      kind: 'not-found',
      message: 'rds:DescribeDBClusters: there is no cluster gone: check clusters',
    });
  });

  test('reads every page', async () => {
    const { targets, calls } = await list((call) => {
      if (call.action === 'DescribeDBClusters') return answerOf([cluster], [])(call);
      const isSecond = call.input.includes('Marker=m1');
      const one = isSecond ? { ...instance, DBInstanceArn: `${dbArn}2` } : instance;
      return { body: { 'DBInstances DBInstance': [one], Marker: isSecond ? undefined : 'm1' } };
    });
    expect([targets.length, calls.length]).toEqual([2, 3]);
  });
});
