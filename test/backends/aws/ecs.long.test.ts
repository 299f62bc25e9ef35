import { afterEach, describe, expect, test } from '@jest/globals';
import { ecs } from '../../../lib/backends/aws/ecs.ts';
import { type LabelSet, targetLabels } from '../../../lib/targets/group.ts';
import { listTargets } from '../../support/discover.ts';
import { failure } from '../../support/http-client.ts';
import { type Answer, type ApiCall, stanzaFor, startAwsApi, type Value } from './api.ts';

const arn = (rest: string) => `arn:aws:ecs:eu-west-1:123456789012:${rest}`;
const clusterArn = arn('cluster/prod');
const taskArn = arn('task/prod/1');
const hostArn = arn('container-instance/prod/h');

/** What the APIs have to say, as far as a case does not say otherwise. */
interface World {
  readonly task?: { readonly [key: string]: Value };
  readonly cluster?: { readonly [key: string]: Value };
  readonly services?: readonly { readonly [key: string]: Value }[];
  readonly instance?: { readonly [key: string]: Value | undefined } | undefined;
  readonly hosts?: readonly Value[];
  readonly publicIp?: string;
  readonly answers?: Readonly<Record<string, Answer>>;
}

const interfaceDetails = (details: Readonly<Record<string, string>>, type = 'ElasticNetworkInterface') => ({
  type,
  details: Object.entries(details).map(([name, value]) => ({ name, value })),
});
const own = interfaceDetails({
  subnetId: 'subnet-1',
  networkInterfaceId: 'eni-1',
  macAddress: '02:00',
  privateIPv4Address: '10.0.0.7',
});
const fargate = {
  taskArn,
  clusterArn,
  taskDefinitionArn: arn('task-definition/web:3'),
  launchType: 'FARGATE',
  lastStatus: 'RUNNING',
  desiredStatus: 'RUNNING',
  healthStatus: 'UNKNOWN',
  group: 'family:web',
  availabilityZone: 'eu-west-1a',
  platformVersion: '1.4.0',
  platformFamily: 'Linux',
  attachments: [own],
};
const onEc2 = { ...fargate, launchType: 'EC2', containerInstanceArn: hostArn, attachments: [] };
const instance = {
  instanceId: 'i-1',
  instanceType: 'm5.large',
  privateIpAddress: '10.1.0.1',
  ipAddress: '203.0.113.1',
  subnetId: 'subnet-9',
  'tagSet item': [
    { key: 'Name', value: 'host' },
    { key: 'a.b', value: 'c' },
  ],
};
const web = { serviceName: 'web', serviceArn: arn('service/prod/web'), status: 'ACTIVE' };

function answerOf({ task = fargate, cluster = {}, services = [], hosts, publicIp, ...world }: World) {
  const host = 'instance' in world ? world.instance : instance;
  return ({ action, input }: ApiCall): Answer => {
    const given = world.answers?.[action];
    if (given !== undefined) return given;
    const bodies: Readonly<Record<string, Value>> = {
      ListClusters: { clusterArns: [clusterArn] },
      DescribeClusters: { clusters: [{ clusterArn, clusterName: 'prod', ...cluster }], failures: [] },
      ListTasks: { taskArns: [taskArn] },
      DescribeTasks: { tasks: [task], failures: [] },
      ListServices: { serviceArns: services.map(({ serviceArn }) => serviceArn ?? '') },
      DescribeServices: { services: services.filter(({ serviceArn }) => input.includes(String(serviceArn))) },
      DescribeContainerInstances: {
        containerInstances: hosts ?? [{ containerInstanceArn: hostArn, ec2InstanceId: 'i-1' }],
      },
      DescribeInstances: {
        'reservationSet item': host === undefined ? [] : [{ 'instancesSet item': [host] }],
      },
      DescribeNetworkInterfaces: {
        'networkInterfaceSet item': [
          {
            networkInterfaceId: 'eni-1',
            association: publicIp === undefined ? undefined : { publicIp },
          },
        ],
      },
    };
    return { body: bodies[action] ?? {} };
  };
}

afterEach(() => {
  delete process.env.AWS_ENDPOINT_URL_EC2;
});

async function list(world: World, stanza: object = {}) {
  await using api = await startAwsApi(answerOf(world));
  process.env.AWS_ENDPOINT_URL_EC2 = api.server.url;
  const { groups, listed } = await listTargets(ecs, stanzaFor(api, stanza));
  const targets = groups.flatMap((group) => group.targets.map((target) => targetLabels(group, target)));
  return { targets, calls: api.calls(), listed };
}

const p = '__meta_ecs_';
const common: LabelSet = {
  [`${p}cluster`]: 'prod',
  [`${p}cluster_arn`]: clusterArn,
  [`${p}task_arn`]: taskArn,
  [`${p}task_definition`]: arn('task-definition/web:3'),
  [`${p}task_group`]: 'family:web',
  [`${p}region`]: 'eu-west-1',
  [`${p}availability_zone`]: 'eu-west-1a',
  [`${p}desired_status`]: 'RUNNING',
  [`${p}last_status`]: 'RUNNING',
  [`${p}health_status`]: 'UNKNOWN',
  [`${p}platform_family`]: 'Linux',
  [`${p}platform_version`]: '1.4.0',
};
const onFargate: LabelSet = {
  ...common,
  __address__: '10.0.0.7:80',
  [`${p}ip_address`]: '10.0.0.7',
  [`${p}launch_type`]: 'FARGATE',
  [`${p}network_mode`]: 'awsvpc',
  [`${p}subnet_id`]: 'subnet-1',
};
const ofHost: LabelSet = {
  [`${p}container_instance_arn`]: hostArn,
  [`${p}ec2_instance_id`]: 'i-1',
  [`${p}ec2_instance_type`]: 'm5.large',
  [`${p}ec2_instance_private_ip`]: '10.1.0.1',
  [`${p}ec2_instance_public_ip`]: '203.0.113.1',
  [`${p}tag_ec2_Name`]: 'host',
  [`${p}tag_ec2_a_b`]: 'c',
};
const inBridge: LabelSet = {
  ...common,
  ...ofHost,
  __address__: '10.1.0.1:80',
  [`${p}ip_address`]: '10.1.0.1',
  [`${p}launch_type`]: 'EC2',
  [`${p}network_mode`]: 'bridge',
  [`${p}subnet_id`]: 'subnet-9',
  [`${p}public_ip`]: '203.0.113.1',
};
const without = (labels: LabelSet, ...names: readonly string[]) =>
  Object.fromEntries(Object.entries(labels).filter(([name]) => !names.includes(name.replace(p, ''))));

/** Expected labels are derived by hand from Prometheus's own ECS discovery. */
const cases: Readonly<Record<string, readonly [World, readonly LabelSet[]]>> = {
  'a Fargate task': [{}, [onFargate]],
  'a Fargate task with a public address': [
    { publicIp: '198.51.100.7' },
    [{ ...onFargate, [`${p}public_ip`]: '198.51.100.7' }],
  ],
  'a task without any interface': [{ task: { ...fargate, attachments: [] } }, []],
  'a task whose interface is being made': [
    { task: { ...fargate, attachments: [interfaceDetails({ subnetId: 'subnet-1' })] } },
    [],
  ],
  'a task with attachments of other types': [
    { task: { ...fargate, attachments: [interfaceDetails({ privateIPv4Address: '1.1.1.1' }, 'sdi'), own] } },
    [onFargate],
  ],
  'the first of two interfaces': [
    {
      task: {
        ...fargate,
        attachments: [own, interfaceDetails({ privateIPv4Address: '10.0.0.8', subnetId: 'subnet-2' })],
      },
    },
    [onFargate],
  ],
  'details without a value': [
    {
      task: {
        ...fargate,
        attachments: [
          { type: own.type, details: [{ name: 'privateIPv4Address' }, { value: 'x' }, ...own.details] },
        ],
      },
    },
    [onFargate],
  ],
  'a task in bridge mode on EC2': [{ task: onEc2 }, [inBridge]],
  'a task in host mode on EC2, which looks the same': [{ task: { ...onEc2, attachments: [] } }, [inBridge]],
  'a task with its own interface on EC2': [
    { task: { ...onEc2, attachments: [own] } },
    [{ ...onFargate, ...ofHost, [`${p}launch_type`]: 'EC2' }],
  ],
  'an instance without a public address': [
    { task: onEc2, instance: { ...instance, ipAddress: undefined } },
    [without(inBridge, 'public_ip', 'ec2_instance_public_ip')],
  ],
  'a container instance that is gone': [{ task: onEc2, hosts: [] }, []],
  'an EC2 instance that is gone': [{ task: onEc2, instance: undefined }, []],
  'an EC2 instance that is gone, of a task with its own interface': [
    { task: { ...onEc2, attachments: [own] }, instance: undefined },
    [
      {
        ...onFargate,
        [`${p}launch_type`]: 'EC2',
        [`${p}container_instance_arn`]: hostArn,
        [`${p}ec2_instance_id`]: 'i-1',
      },
    ],
  ],
  'an external instance, which has no EC2 instance': [
    { task: { ...onEc2, launchType: 'EXTERNAL' }, hosts: [{ containerInstanceArn: hostArn }] },
    [],
  ],
  'a stopped task that still has its address': [
    { task: { ...fargate, lastStatus: 'STOPPED', desiredStatus: 'STOPPED' } },
    [{ ...onFargate, [`${p}last_status`]: 'STOPPED', [`${p}desired_status`]: 'STOPPED' }],
  ],
  'a task of a service, with its tags and those of the cluster': [
    {
      task: { ...fargate, group: 'service:web', tags: [{ key: 'team', value: 'a' }] },
      services: [{ ...web, tags: [{ key: 'x/y', value: 'z' }] }],
      cluster: { tags: [{ key: 'env', value: 'prod' }, { key: 'novalue' }] },
    },
    [
      {
        ...onFargate,
        [`${p}task_group`]: 'service:web',
        [`${p}service`]: 'web',
        [`${p}service_arn`]: web.serviceArn,
        [`${p}service_status`]: 'ACTIVE',
        [`${p}tag_task_team`]: 'a',
        [`${p}tag_service_x_y`]: 'z',
        [`${p}tag_cluster_env`]: 'prod',
      },
    ],
  ],
  'a task of a service that ECS lists no more': [
    { task: { ...fargate, group: 'service:web' } },
    [{ ...onFargate, [`${p}task_group`]: 'service:web' }],
  ],
  'a task of a service that went away between two calls': [
    {
      task: { ...fargate, group: 'service:web' },
      services: [web],
      answers: { DescribeServices: { body: { services: [], failures: [{ reason: 'MISSING' }] } } },
    },
    [{ ...onFargate, [`${p}task_group`]: 'service:web' }],
  ],
  'a task that went away between two calls': [
    { answers: { DescribeTasks: { body: { tasks: [], failures: [{ arn: taskArn, reason: 'MISSING' }] } } } },
    [],
  ],
  'a cluster that went away between two calls': [
    { answers: { ListTasks: { error: 'ClusterNotFoundException' } } },
    [],
  ],
  'no cluster at all': [{ answers: { ListClusters: { body: { clusterArns: [] } } } }, []],
  'a task of which little is known': [
    { task: { attachments: [own] } },
    [
      {
        __address__: '10.0.0.7:80',
        [`${p}cluster`]: 'prod',
        [`${p}cluster_arn`]: clusterArn,
        [`${p}ip_address`]: '10.0.0.7',
        [`${p}network_mode`]: 'awsvpc',
        [`${p}region`]: 'eu-west-1',
        [`${p}subnet_id`]: 'subnet-1',
      },
    ],
  ],
};

describe('the targets of ECS, as Prometheus builds them', () => {
  test.each(Object.entries(cases))('%s', async (_name, [world, expected]) => {
    expect((await list(world)).targets).toEqual(expected);
  });

  test('the account says which ECS it is', async () => {
    expect((await list({})).listed).toEqual({ backend: ['123456789012'] });
  });
});

describe('a listing of ECS', () => {
  test('fails where a cluster that is asked for by name is not there', async () => {
    const missing = {
      DescribeClusters: { body: { clusters: [], failures: [{ arn: 'x', reason: 'MISSING' }] } },
    };
    expect(await failure(list({ answers: missing }, { clusters: ['x'] }))).toMatchObject({
      kind: 'not-found',
      message: 'ecs:DescribeClusters: x: MISSING',
    });
  });

  test('fails where tasks are kept from it', async () => {
    const refused = { DescribeTasks: { error: 'AccessDeniedException' } };
    expect(await failure(list({ answers: refused }))).toMatchObject({
      kind: 'denied',
      message: expect.stringMatching(
        /^ecs:DescribeTasks in eu-west-1: POST http:.*: HTTP 400 Bad Request: AccessDeniedException: no: the credentials must allow ecs:DescribeTasks$/,
      ),
    });
  });

  test('of 2,000 tasks makes as few calls as the API takes', async () => {
    const arns = Array.from({ length: 2000 }, (_, index) => arn(`task/prod/${index}`));
    const page = (items: readonly string[], input: string) => {
      const start = Number(/"nextToken":"(\d+)"/.exec(input)?.[1] ?? 0);
      const more = start + 100 < items.length ? { nextToken: String(start + 100) } : {};
      return { items: items.slice(start, start + 100), more };
    };
    const plain = answerOf({});
    await using api = await startAwsApi((call) => {
      const { action, input } = call;
      if (action === 'ListTasks') {
        const { items, more } = page(arns, input);
        return { body: { taskArns: items, ...more } };
      }
      if (action !== 'DescribeTasks') return plain(call);
      const asked = [...input.matchAll(/task\/prod\/(\d+)/g)].map(([, index = '']) => index);
      expect(asked.length).toBeLessThanOrEqual(100);
      return {
        body: {
          tasks: asked.map((index) => ({
            ...fargate,
            taskArn: arn(`task/prod/${index}`),
            attachments: [
              interfaceDetails({ privateIPv4Address: `10.0.0.${index}`, networkInterfaceId: `eni-${index}` }),
            ],
          })),
        },
      };
    });
    process.env.AWS_ENDPOINT_URL_EC2 = api.server.url;
    const { groups } = await listTargets(ecs, stanzaFor(api));
    expect(groups.length).toBe(2000);
    const counts = Object.groupBy(api.calls(), (action) => action);
    expect(Object.fromEntries(Object.entries(counts).map(([action, all]) => [action, all?.length]))).toEqual({
      ListClusters: 1,
      DescribeClusters: 1,
      ListTasks: 20,
      DescribeTasks: 20,
      DescribeNetworkInterfaces: 10,
    });
  });

  test('is tried again when AWS asks to slow down, and fails at the deadline', async () => {
    const plain = answerOf({});
    let refusals = 5;
    await using api = await startAwsApi((call) =>
      call.action === 'DescribeTasks' && refusals-- > 0 ? { error: 'ThrottlingException' } : plain(call),
    );
    process.env.AWS_ENDPOINT_URL_EC2 = api.server.url;
    expect((await listTargets(ecs, stanzaFor(api))).groups.length).toBe(1);
    refusals = Number.POSITIVE_INFINITY;
    const late = listTargets(ecs, stanzaFor(api), { deadline: Date.now() + 1500 });
    expect(await failure(late)).toMatchObject({
      kind: 'throttled',
      message: expect.stringMatching(/ThrottlingException: no \(tried \d+ times\)$/),
    });
  });
});
