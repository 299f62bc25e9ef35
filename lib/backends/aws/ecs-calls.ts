import * as z from 'zod';
import { mapConcurrent } from '../../base/concurrency.ts';
import { isMusterError, MusterError } from '../../base/errors.ts';
import { batches, type Part, readPages } from './connection.ts';
import type { ClustersConfig } from './schema.ts';

/** The keys of a stanza that say which tasks to list. */
export type EcsQuery = Pick<ClustersConfig, 'port' | 'clusters' | 'request_concurrency'>;

/** The calls of a listing, by name. */
export type EcsApi = Awaited<ReturnType<typeof openEcsApi>>;

/** What ECS and EC2 take in one call. Source: their API references. */
const limits = { describe: 100, services: 10, filterValues: 200 } as const;

const tags = z.array(z.object({ key: z.string().optional(), value: z.string().optional() })).default([]);
const failures = z
  .array(
    z.object({ arn: z.string().optional(), reason: z.string().default(''), detail: z.string().optional() }),
  )
  .default([]);

const cluster = z.object({ clusterArn: z.string(), clusterName: z.string().default(''), tags });
const service = z.object({
  serviceName: z.string(),
  serviceArn: z.string().default(''),
  status: z.string().default(''),
  tags,
});
const task = z.object({
  taskArn: z.string().default(''),
  attachments: z
    .array(
      z.object({
        type: z.string().optional(),
        details: z.array(z.object({ name: z.string().optional(), value: z.string().optional() })).default([]),
      }),
    )
    .default([]),
  availabilityZone: z.string().default(''),
  containerInstanceArn: z.string().optional(),
  desiredStatus: z.string().default(''),
  group: z.string().default(''),
  healthStatus: z.string().default(''),
  lastStatus: z.string().default(''),
  launchType: z.string().default(''),
  platformFamily: z.string().default(''),
  platformVersion: z.string().default(''),
  tags,
  taskDefinitionArn: z.string().default(''),
});

/** Source: Amazon ECS API reference. */
const answers = {
  clusterArns: z.object({ clusterArns: z.array(z.string()), nextToken: z.string().optional() }),
  clusters: z.object({ clusters: z.array(cluster), failures }),
  serviceArns: z.object({ serviceArns: z.array(z.string()), nextToken: z.string().optional() }),
  services: z.object({ services: z.array(service), failures }),
  taskArns: z.object({ taskArns: z.array(z.string()), nextToken: z.string().optional() }),
  tasks: z.object({ tasks: z.array(task), failures }),
  containerInstances: z.object({
    containerInstances: z.array(
      z.object({ containerInstanceArn: z.string().optional(), ec2InstanceId: z.string().optional() }),
    ),
    failures,
  }),
  instances: z.object({
    Reservations: z.array(
      z.object({
        Instances: z
          .array(
            z.object({
              InstanceId: z.string(),
              InstanceType: z.string().default(''),
              PrivateIpAddress: z.string().optional(),
              PublicIpAddress: z.string().default(''),
              SubnetId: z.string().default(''),
              Tags: z
                .array(z.object({ Key: z.string().optional(), Value: z.string().optional() }))
                .default([]),
            }),
          )
          .default([]),
      }),
    ),
    NextToken: z.string().optional(),
  }),
  interfaces: z.object({
    NetworkInterfaces: z.array(
      z.object({
        NetworkInterfaceId: z.string().optional(),
        Association: z.object({ PublicIp: z.string().optional() }).optional(),
      }),
    ),
    NextToken: z.string().optional(),
  }),
};

/** A cluster of ECS. */
export type Cluster = z.output<typeof cluster>;
/** A service of a cluster. */
export type Service = z.output<typeof service>;
/** A task of a cluster. */
export type Task = z.output<typeof task>;
/** An EC2 instance that a task runs on. */
export type Instance = z.output<typeof answers.instances>['Reservations'][number]['Instances'][number];

/**
 * Opens the calls of a listing, each as large as the API allows. `close` ends the connections. The calls throw
 * `not-found` for a missing resource, `status` for another failure of one, and what `openCalls` throws.
 */
export async function openEcsApi({ call, options, signal }: Part, query: EcsQuery) {
  const [ecsSdk, ec2Sdk] = await Promise.all([import('./sdk/ecs.ts'), import('./sdk/ec2.ts')]);
  const client = new ecsSdk.ECSClient(options);
  // As in Prometheus, `endpoint` is for ECS alone, not for EC2.
  const { endpoint: _ofEcs, ...elsewhere } = options;
  const ec2Client = new ec2Sdk.EC2Client(elsewhere);
  const inBatches = async <Item, Result>(
    items: readonly Item[],
    size: number,
    ask: (batch: Item[], own: AbortSignal) => Promise<readonly Result[]>,
  ): Promise<readonly Result[]> => {
    const found = await mapConcurrent(batches(items, size), query.request_concurrency, signal, (batch, own) =>
      ask([...batch], own),
    );
    return found.flat();
  };
  return {
    listClusters: () =>
      readPages(async (nextToken) => {
        const page = await call(
          'ecs:ListClusters',
          answers.clusterArns,
          (own) => client.send(new ecsSdk.ListClustersCommand({ maxResults: 100, nextToken }), own),
          signal,
        );
        return { items: page.clusterArns, next: page.nextToken };
      }),
    describeClusters: (names: readonly string[]): Promise<readonly Cluster[]> =>
      inBatches(names, limits.describe, async (clusters, own) => {
        const found = await call(
          'ecs:DescribeClusters',
          answers.clusters,
          (options) =>
            client.send(new ecsSdk.DescribeClustersCommand({ clusters, include: ['TAGS'] }), options),
          own,
        );
        // One that was listed may be gone; one that is asked for by name must be there.
        checkFailures('ecs:DescribeClusters', found.failures, query.clusters.length === 0);
        return found.clusters;
      }),
    async listTasks(clusterArn: string): Promise<readonly string[]> {
      try {
        return await readPages(async (nextToken) => {
          const page = await call(
            'ecs:ListTasks',
            answers.taskArns,
            (own) =>
              client.send(
                new ecsSdk.ListTasksCommand({ cluster: clusterArn, maxResults: 100, nextToken }),
                own,
              ),
            signal,
          );
          return { items: page.taskArns, next: page.nextToken };
        });
      } catch (error) {
        // A cluster that went away since it was listed has no tasks.
        if (query.clusters.length === 0 && isMusterError(error, 'not-found')) return [];
        throw error;
      }
    },
    describeTasks: (clusterArn: string, arns: readonly string[]): Promise<readonly Task[]> =>
      inBatches(arns, limits.describe, async (tasks, own) => {
        const found = await call(
          'ecs:DescribeTasks',
          answers.tasks,
          (options) =>
            client.send(
              new ecsSdk.DescribeTasksCommand({ cluster: clusterArn, tasks, include: ['TAGS'] }),
              options,
            ),
          own,
        );
        checkFailures('ecs:DescribeTasks', found.failures, true);
        return found.tasks;
      }),
    listServices: (clusterArn: string) =>
      readPages(async (nextToken) => {
        const page = await call(
          'ecs:ListServices',
          answers.serviceArns,
          (own) =>
            client.send(
              new ecsSdk.ListServicesCommand({ cluster: clusterArn, maxResults: 100, nextToken }),
              own,
            ),
          signal,
        );
        return { items: page.serviceArns, next: page.nextToken };
      }),
    describeServices: (clusterArn: string, arns: readonly string[]): Promise<readonly Service[]> =>
      inBatches(arns, limits.services, async (services, own) => {
        const found = await call(
          'ecs:DescribeServices',
          answers.services,
          (options) =>
            client.send(
              new ecsSdk.DescribeServicesCommand({ cluster: clusterArn, services, include: ['TAGS'] }),
              options,
            ),
          own,
        );
        checkFailures('ecs:DescribeServices', found.failures, true);
        return found.services;
      }),
    describeContainerInstances: (clusterArn: string, arns: readonly string[]) =>
      inBatches(arns, limits.describe, async (containerInstances, own) => {
        const found = await call(
          'ecs:DescribeContainerInstances',
          answers.containerInstances,
          (options) =>
            client.send(
              new ecsSdk.DescribeContainerInstancesCommand({ cluster: clusterArn, containerInstances }),
              options,
            ),
          own,
        );
        checkFailures('ecs:DescribeContainerInstances', found.failures, true);
        return found.containerInstances;
      }),
    // With a filter, since a call that names an instance or interface fails when that is gone.
    describeInstances: (ids: readonly string[]): Promise<readonly Instance[]> =>
      inBatches(ids, limits.filterValues, (Values, own) =>
        readPages(async (NextToken) => {
          const page = await call(
            'ec2:DescribeInstances',
            answers.instances,
            (options) =>
              ec2Client.send(
                new ec2Sdk.DescribeInstancesCommand({
                  Filters: [{ Name: 'instance-id', Values }],
                  MaxResults: 1000,
                  NextToken,
                }),
                options,
              ),
            own,
          );
          return { items: page.Reservations.flatMap(({ Instances }) => Instances), next: page.NextToken };
        }),
      ),
    describeInterfaces: (ids: readonly string[]) =>
      inBatches(ids, limits.filterValues, (Values, own) =>
        readPages(async (NextToken) => {
          const page = await call(
            'ec2:DescribeNetworkInterfaces',
            answers.interfaces,
            (options) =>
              ec2Client.send(
                new ec2Sdk.DescribeNetworkInterfacesCommand({
                  Filters: [{ Name: 'network-interface-id', Values }],
                  MaxResults: 1000,
                  NextToken,
                }),
                options,
              ),
            own,
          );
          return { items: page.NetworkInterfaces, next: page.NextToken };
        }),
      ),
    close: () => {
      client.destroy();
      ec2Client.destroy();
    },
  };
}

/** Throws for what ECS did not describe, unless it went away since it was listed: the list would be incomplete. */
function checkFailures(action: string, found: z.output<typeof failures>, mayBeMissing: boolean): void {
  const bad = found.find(({ reason }) => !(mayBeMissing && reason === 'MISSING'));
  if (bad === undefined) return;
  throw new MusterError(
    bad.reason === 'MISSING' ? 'not-found' : 'status',
    `${action}: ${bad.arn ?? 'one of the list'}: ${bad.reason}${bad.detail === undefined ? '' : `: ${bad.detail}`}`,
  );
}
