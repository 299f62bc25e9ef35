import {
  DescribeImagesCommand,
  DescribeSubnetsCommand,
  EC2Client,
  RunInstancesCommand,
} from '@aws-sdk/client-ec2';
import {
  CreateClusterCommand,
  CreateServiceCommand,
  ECSClient,
  RegisterContainerInstanceCommand,
  RegisterTaskDefinitionCommand,
  RunTaskCommand,
  StartTaskCommand,
  StopTaskCommand,
  type Task,
} from '@aws-sdk/client-ecs';
import { CreateCacheClusterCommand, ElastiCacheClient } from '@aws-sdk/client-elasticache';
import { CreateClusterV2Command, KafkaClient } from '@aws-sdk/client-kafka';
import { CreateDBClusterCommand, CreateDBInstanceCommand, RDSClient } from '@aws-sdk/client-rds';
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { aws } from '../../lib/backends/aws/index.ts';
import type { FleetServer } from '../../lib/sim/server.ts';
import { type LabelSet, targetLabels } from '../../lib/targets/group.ts';
import { startAwsFront } from '../support/aws-front.ts';
import { listTargets } from '../support/discover.ts';
import { type Moto, motoCredentials, startMoto } from '../support/moto.ts';
import { describeWithPrograms } from '../support/programs.ts';

const region = 'eu-west-1';

/** What the emulator lacks: nodes of MSK and ElastiCache, and serverless caches. */
const nodes = {
  nodeInfoList: [
    {
      nodeARN: 'arn:aws:kafka:n',
      instanceType: 'kafka.m7g.large',
      brokerNodeInfo: { brokerId: 1, endpoints: ['b-1.example', 'b-2.example'] },
    },
  ],
};
const cacheNode =
  '<CacheNodes><CacheNode><CacheNodeId>0001</CacheNodeId><Endpoint><Address>n1.example</Address><Port>6379</Port></Endpoint></CacheNode></CacheNodes>';
const noServerless =
  '<DescribeServerlessCachesResponse><DescribeServerlessCachesResult><ServerlessCaches/></DescribeServerlessCachesResult></DescribeServerlessCachesResponse>';

describeWithPrograms('what an emulator of AWS runs, as Prometheus builds its targets', ['moto'], () => {
  let moto: Moto;
  let front: FleetServer;
  beforeAll(async () => {
    moto = await startMoto({ threaded: true });
    front = await startAwsFront(moto.endpoint, {
      answer({ path, body }) {
        if (path.endsWith('/nodes'))
          return { headers: { 'content-type': 'application/json' }, body: JSON.stringify(nodes) };
        return body.includes('Action=DescribeServerlessCaches')
          ? { headers: { 'content-type': 'text/xml' }, body: noServerless }
          : undefined;
      },
      rewrite: (body) =>
        body
          .replaceAll('</CacheCluster>', `${cacheNode}</CacheCluster>`)
          // Times of its MSK have no zone.
          .replace(/("creationTime": "[^"Z]+)"/g, '$1Z"'),
    });
  });
  afterAll(() => Promise.all([front?.stop(), moto?.stop()]));
  afterEach(() => {
    delete process.env.AWS_ENDPOINT_URL_EC2;
  });

  const options = () => ({ endpoint: moto.endpoint, region, credentials: motoCredentials });
  const list = async (role: string, more: object = {}) => {
    process.env.AWS_ENDPOINT_URL_EC2 = front.url;
    const keys = { access_key: motoCredentials.accessKeyId, secret_key: motoCredentials.secretAccessKey };
    const stanza = { role, region, endpoint: front.url, ...keys, ...more };
    const { groups, listed } = await listTargets(aws, stanza);
    expect(listed).toEqual({ backend: ['123456789012'] });
    return groups.flatMap((group) => group.targets.map((target) => targetLabels(group, target)));
  };

  test('ECS: tasks of Fargate, of an EC2 host, of a service, and stopped ones', async () => {
    const ecs = new ECSClient(options());
    const ec2 = new EC2Client(options());
    const tag = (value: string) => [{ key: 'team.name', value }];
    const { cluster } = await ecs.send(
      new CreateClusterCommand({ clusterName: 'prod', tags: tag('cluster') }),
    );
    await ecs.send(new CreateClusterCommand({ clusterName: 'empty' }));
    const containerDefinitions = [{ name: 'web', image: 'web', memory: 64, cpu: 64 }];
    const onFargate = { family: 'web', networkMode: 'awsvpc', containerDefinitions } as const;
    await ecs.send(new RegisterTaskDefinitionCommand(onFargate));
    await ecs.send(new RegisterTaskDefinitionCommand({ ...onFargate, family: 'host', networkMode: 'host' }));
    const { Subnets } = await ec2.send(new DescribeSubnetsCommand({}));
    const subnet = Subnets?.[0]?.SubnetId ?? '';
    const awsvpcConfiguration = { subnets: [subnet], securityGroups: [] };
    const { service } = await ecs.send(
      new CreateServiceCommand({
        ...{ cluster: 'prod', serviceName: 'shop', taskDefinition: 'web', desiredCount: 0 },
        ...{ launchType: 'FARGATE', networkConfiguration: { awsvpcConfiguration }, tags: tag('service') },
      }),
    );
    const run = { cluster: 'prod', taskDefinition: 'web', launchType: 'FARGATE', count: 1 } as const;
    const network = { networkConfiguration: { awsvpcConfiguration } };
    const plain = await ecs.send(new RunTaskCommand({ ...run, ...network, platformVersion: '1.4.0' }));
    const ofService = await ecs.send(
      new RunTaskCommand({ ...run, ...network, group: 'service:shop', tags: tag('task') }),
    );
    const stopped = await ecs.send(new RunTaskCommand({ ...run, ...network }));
    await ecs.send(new StopTaskCommand({ cluster: 'prod', task: stopped.tasks?.[0]?.taskArn }));
    const { Images } = await ec2.send(new DescribeImagesCommand({ Owners: ['amazon'] }));
    const { Instances } = await ec2.send(
      new RunInstancesCommand({
        ...{ ImageId: Images?.[0]?.ImageId, MinCount: 1, MaxCount: 1, InstanceType: 'm5.large' },
        TagSpecifications: [{ ResourceType: 'instance', Tags: [{ Key: 'Name', Value: 'host' }] }],
      }),
    );
    const host = Instances?.[0];
    const { containerInstance } = await ecs.send(
      new RegisterContainerInstanceCommand({
        cluster: 'prod',
        instanceIdentityDocument: JSON.stringify({ instanceId: host?.InstanceId }),
      }),
    );
    const onHost = await ecs.send(
      new StartTaskCommand({
        cluster: 'prod',
        taskDefinition: 'host',
        containerInstances: [containerInstance?.containerInstanceArn ?? ''],
      }),
    );
    const found = await list('ecs');
    ecs.destroy();
    ec2.destroy();

    const common = (task: Task | undefined): LabelSet => ({
      __meta_ecs_cluster: 'prod',
      __meta_ecs_cluster_arn: cluster?.clusterArn ?? '',
      __meta_ecs_desired_status: 'RUNNING',
      __meta_ecs_region: region,
      __meta_ecs_tag_cluster_team_name: 'cluster',
      __meta_ecs_task_arn: task?.taskArn ?? '',
      __meta_ecs_task_definition: task?.taskDefinitionArn ?? '',
      __meta_ecs_task_group: task?.group ?? '',
    });
    const withInterface = (task: Task | undefined): LabelSet => {
      const details = task?.attachments?.[0]?.details ?? [];
      const ip = details.find(({ name }) => name === 'privateIPv4Address')?.value ?? '';
      return {
        ...common(task),
        __address__: `${ip}:80`,
        __meta_ecs_ip_address: ip,
        __meta_ecs_launch_type: 'FARGATE',
        __meta_ecs_network_mode: 'awsvpc',
        __meta_ecs_subnet_id: subnet,
      };
    };
    const expected: readonly LabelSet[] = [
      { ...withInterface(plain.tasks?.[0]), __meta_ecs_platform_version: '1.4.0' },
      {
        ...withInterface(ofService.tasks?.[0]),
        __meta_ecs_service: 'shop',
        __meta_ecs_service_arn: service?.serviceArn ?? '',
        __meta_ecs_service_status: 'ACTIVE',
        __meta_ecs_tag_service_team_name: 'service',
        __meta_ecs_tag_task_team_name: 'task',
      },
      { ...withInterface(stopped.tasks?.[0]), __meta_ecs_desired_status: 'STOPPED' },
      {
        ...common(onHost.tasks?.[0]),
        __address__: `${host?.PrivateIpAddress}:80`,
        __meta_ecs_container_instance_arn: containerInstance?.containerInstanceArn ?? '',
        __meta_ecs_ec2_instance_id: host?.InstanceId ?? '',
        __meta_ecs_ec2_instance_private_ip: host?.PrivateIpAddress ?? '',
        __meta_ecs_ec2_instance_public_ip: host?.PublicIpAddress ?? '',
        __meta_ecs_ec2_instance_type: 'm5.large',
        __meta_ecs_ip_address: host?.PrivateIpAddress ?? '',
        __meta_ecs_network_mode: 'bridge',
        __meta_ecs_public_ip: host?.PublicIpAddress ?? '',
        __meta_ecs_subnet_id: host?.SubnetId ?? '',
        __meta_ecs_tag_ec2_Name: 'host',
      },
    ];
    // The emulator moves a task on to its next status each time that it is described.
    const statuses = found.map(({ __meta_ecs_last_status: status = '' }) => status !== '');
    expect(statuses).toEqual([true, true, true, true]);
    const settled = found.map(({ __meta_ecs_last_status: _moves, ...labels }) => labels);
    expect(settled).toEqual(expected);
  });

  test('RDS: instances of clusters, and none that stands alone', async () => {
    const rds = new RDSClient(options());
    const Tags = [{ Key: 'team.name', Value: 'a' }];
    for (const id of ['shop', 'users'])
      await rds.send(
        new CreateDBClusterCommand({
          ...{ DBClusterIdentifier: id, Engine: 'aurora-postgresql', MasterUsername: 'root' },
          ...{ MasterUserPassword: 'password', Tags },
        }),
      );
    const instance = { Engine: 'aurora-postgresql', DBInstanceClass: 'db.r6g.large' };
    for (const id of ['shop-1', 'shop-2'])
      await rds.send(
        new CreateDBInstanceCommand({
          ...instance,
          DBInstanceIdentifier: id,
          DBClusterIdentifier: 'shop',
          Tags,
        }),
      );
    await rds.send(
      new CreateDBInstanceCommand({
        ...instance,
        Engine: 'postgres',
        DBInstanceIdentifier: 'alone',
        AllocatedStorage: 20,
        MasterUsername: 'root',
        MasterUserPassword: 'password',
      }),
    );
    rds.destroy();
    const found = await list('rds', { port: 9187 });
    const ofCluster = {
      __meta_rds_cluster_identifier: 'shop',
      __meta_rds_cluster_arn: 'arn:aws:rds:eu-west-1:123456789012:cluster:shop',
      __meta_rds_cluster_engine: 'aurora-postgresql',
      __meta_rds_cluster_tag_team_name: 'a',
      __meta_rds_instance_class: 'db.r6g.large',
      __meta_rds_instance_tag_team_name: 'a',
    };
    expect(found).toEqual([
      expect.objectContaining({ ...ofCluster, __meta_rds_instance_identifier: 'shop-1' }),
      expect.objectContaining({ ...ofCluster, __meta_rds_instance_identifier: 'shop-2' }),
    ]);
    expect(found.map(({ __address__: address }) => address)).toEqual(
      found.map(({ __meta_rds_instance_endpoint_address: host }) => `${host}:9187`),
    );
    expect(await list('rds', { clusters: ['users'] })).toEqual([]);
    expect((await list('rds', { clusters: ['shop'] })).length).toBe(2);
  });

  test('MSK: clusters of the emulator, with recorded nodes, which it does not have', async () => {
    const kafka = new KafkaClient(options());
    const { ClusterArn } = await kafka.send(
      new CreateClusterV2Command({
        ClusterName: 'events',
        Tags: { 'team.name': 'a' },
        Provisioned: {
          BrokerNodeGroupInfo: { ClientSubnets: ['subnet-1'], InstanceType: 'kafka.m7g.large' },
          ...{ KafkaVersion: '3.7.x', NumberOfBrokerNodes: 1 },
        },
      }),
    );
    kafka.destroy();
    const ofCluster = {
      __meta_msk_broker_id: '1',
      __meta_msk_cluster_arn: ClusterArn,
      __meta_msk_cluster_configuration_arn: 'string',
      __meta_msk_cluster_configuration_revision: '1',
      __meta_msk_cluster_kafka_version: '3.7.x',
      __meta_msk_cluster_name: 'events',
      __meta_msk_cluster_state: 'CREATING',
      __meta_msk_cluster_tag_team_name: 'a',
      __meta_msk_cluster_type: 'PROVISIONED',
      __meta_msk_cluster_version: '1.0',
      __meta_msk_node_arn: 'arn:aws:kafka:n',
      __meta_msk_node_instance_type: 'kafka.m7g.large',
      __meta_msk_node_type: 'BROKER',
    };
    const expected = [
      { ...ofCluster, __address__: 'b-1.example:80', __meta_msk_broker_endpoint_index: '0' },
      { ...ofCluster, __address__: 'b-2.example:80', __meta_msk_broker_endpoint_index: '1' },
    ];
    expect(await list('msk')).toEqual(expected);
    expect(await list('msk', { clusters: [ClusterArn] })).toEqual(expected);
  });

  test('ElastiCache: clusters of the emulator, with recorded nodes, which it does not have', async () => {
    const cache = new ElastiCacheClient(options());
    await cache.send(
      new CreateCacheClusterCommand({
        ...{
          CacheClusterId: 'sessions',
          Engine: 'redis',
          CacheNodeType: 'cache.t4g.small',
          NumCacheNodes: 1,
        },
        Tags: [{ Key: 'team.name', Value: 'a' }],
      }),
    );
    cache.destroy();
    const now = expect.stringMatching(/^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    expect(await list('elasticache')).toEqual([
      {
        __address__: 'n1.example:6379',
        __meta_elasticache_cache_cluster_arn: 'arn:aws:elasticache:eu-west-1:123456789012:cluster:sessions',
        __meta_elasticache_cache_cluster_auth_token_enabled: 'false',
        __meta_elasticache_cache_cluster_auth_token_last_modified: now,
        __meta_elasticache_cache_cluster_cache_cluster_create_time: now,
        __meta_elasticache_cache_cluster_cache_cluster_id: 'sessions',
        __meta_elasticache_cache_cluster_cache_cluster_status: 'available',
        __meta_elasticache_cache_cluster_cache_node_type: 'cache.t4g.small',
        __meta_elasticache_cache_cluster_engine: 'redis',
        __meta_elasticache_cache_cluster_node_endpoint_address: 'n1.example',
        __meta_elasticache_cache_cluster_node_endpoint_port: '6379',
        __meta_elasticache_cache_cluster_node_id: '0001',
        __meta_elasticache_cache_cluster_num_cache_nodes: '1',
        __meta_elasticache_cache_cluster_snapshot_retention_limit: '0',
        __meta_elasticache_cache_cluster_tag_team_name: 'a',
        __meta_elasticache_deployment_option: 'node',
      },
    ]);
  });
});
