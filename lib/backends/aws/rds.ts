import * as z from 'zod';
import { mapConcurrent } from '../../base/concurrency.ts';
import { MusterError } from '../../base/errors.ts';
import { type TargetGroup, targetAt } from '../../targets/group.ts';
import type { Mechanism } from '../mechanism.ts';
import { accountsOf, batches, discoverParts, type ListPart, readPages, serverOf } from './connection.ts';
import { fieldLabels, tagLabels } from './fields.ts';
import { clusterFields, instanceFields, labels } from './rds-labels.ts';
import { newerAccess, type RdsConfig, rdsConfig } from './schema.ts';

/** Instances of RDS that belong to a cluster: a group for each. */
export const rds: Mechanism<RdsConfig> = {
  name: 'rds',
  configKey: 'rds_sd_configs',
  schema: rdsConfig,
  newerKeys: newerAccess,
  incidental: ['request_concurrency'],
  server: (config) => serverOf('rds', config),
  discover: (config, input) => discoverParts(config, input, listRds(config)),
};

/** Most items in one answer of RDS. */
const pageSize = 100;

type RdsQuery = Pick<RdsConfig, 'port' | 'clusters' | 'filters' | 'request_concurrency'>;

/**
 * Lists the instances of a region's clusters, a hundred clusters in one call. Listing throws `not-found` for a cluster
 * that does not exist, and what the calls throw.
 */
export function listRds({ port, clusters: wanted, filters, request_concurrency }: RdsQuery): ListPart {
  return async ({ options, call, signal }) => {
    const sdk = await import('./sdk/rds.ts');
    const client = new sdk.RDSClient(options);
    const byCluster = (Values: readonly string[]) => ({ Name: 'db-cluster-id', Values: [...Values] });
    const describeClusters = (names: readonly string[], own: AbortSignal) =>
      readPages(async (Marker) => {
        const page = await call(
          'rds:DescribeDBClusters',
          clustersPage,
          (how) =>
            client.send(
              new sdk.DescribeDBClustersCommand({
                MaxRecords: pageSize,
                Marker,
                ...(names.length > 0 && { Filters: [byCluster(names)] }),
              }),
              how,
            ),
          own,
        );
        return { items: page.DBClusters, next: page.Marker };
      });
    const describeInstances = (names: readonly string[], own: AbortSignal) =>
      readPages(async (Marker) => {
        const page = await call(
          'rds:DescribeDBInstances',
          instancesPage,
          (how) =>
            client.send(
              new sdk.DescribeDBInstancesCommand({
                MaxRecords: pageSize,
                Marker,
                Filters: [
                  byCluster(names),
                  ...filters.map(({ name, values }) => ({ Name: name, Values: [...values] })),
                ],
              }),
              how,
            ),
          own,
        );
        return { items: page.DBInstances, next: page.Marker };
      });
    try {
      const names = batches([...new Set(wanted)], pageSize);
      const clusters =
        wanted.length === 0
          ? await describeClusters([], signal)
          : (await mapConcurrent(names, request_concurrency, signal, describeClusters)).flat();
      checkFound(wanted, clusters);
      const ids = batches(
        clusters.map(({ DBClusterIdentifier }) => DBClusterIdentifier),
        pageSize,
      );
      const instances = await mapConcurrent(ids, request_concurrency, signal, describeInstances);
      const byId = new Map(clusters.map((one) => [one.DBClusterIdentifier, one]));
      return {
        groups: instances.flat().flatMap((one) => {
          const cluster = byId.get(one.DBClusterIdentifier ?? '');
          return cluster === undefined ? [] : buildGroup(cluster, one, port);
        }),
        accounts: accountsOf(clusters.map(({ DBClusterArn }) => DBClusterArn)),
      };
    } finally {
      client.destroy();
    }
  };
}

const tags = z.array(z.object({ Key: z.string().optional(), Value: z.string().optional() })).default([]);

const cluster = z.looseObject({
  DBClusterArn: z.string(),
  DBClusterIdentifier: z.string(),
  DBClusterMembers: z
    .array(z.object({ DBInstanceIdentifier: z.string().optional(), IsClusterWriter: z.boolean().optional() }))
    .default([]),
  TagList: tags,
});

const instance = z.looseObject({
  DBInstanceArn: z.string().default(''),
  DBInstanceIdentifier: z.string(),
  DBClusterIdentifier: z.string().optional(),
  Endpoint: z.looseObject({ Address: z.string().optional(), Port: z.number().optional() }).optional(),
  TagList: tags,
});

/** Source: Amazon RDS API reference. */
const clustersPage = z.object({ DBClusters: z.array(cluster), Marker: z.string().optional() });
const instancesPage = z.object({ DBInstances: z.array(instance), Marker: z.string().optional() });

type Cluster = z.output<typeof cluster>;
type Instance = z.output<typeof instance>;

/** Checks that each configured cluster exists. Throws `not-found`. */
function checkFound(wanted: readonly string[], clusters: readonly Cluster[]): void {
  const found = new Set(clusters.flatMap((one) => [one.DBClusterArn, one.DBClusterIdentifier]));
  const missing = wanted.find((name) => !found.has(name));
  if (missing !== undefined)
    throw new MusterError(
      'not-found',
      `rds:DescribeDBClusters: there is no cluster ${missing}: check clusters`,
    );
}

/** The group of an instance; none while a new instance has no endpoint. */
function buildGroup(cluster: Cluster, instance: Instance, port: number): readonly TargetGroup[] {
  const { Address, Port } = instance.Endpoint ?? {};
  if (Address === undefined || Port === undefined) return [];
  const member = cluster.DBClusterMembers.find(
    (one) => one.DBInstanceIdentifier === instance.DBInstanceIdentifier,
  );
  const target = targetAt(Address, port, {
    ...fieldLabels(cluster, clusterFields, labels.clusterPrefix),
    ...tagLabels(labels.clusterTagPrefix, cluster.TagList),
    ...fieldLabels(instance, instanceFields, labels.instancePrefix),
    ...(member?.IsClusterWriter !== undefined && { [labels.isWriter]: String(member.IsClusterWriter) }),
    ...tagLabels(labels.instanceTagPrefix, instance.TagList),
  });
  const source = instance.DBInstanceArn || `${cluster.DBClusterArn}/${instance.DBInstanceIdentifier}`;
  return [{ source, labels: {}, targets: [target] }];
}
