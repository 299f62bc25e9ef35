import * as z from 'zod';
import { mapConcurrent } from '../../base/concurrency.ts';
import { isMusterError, MusterError } from '../../base/errors.ts';
import {
  addressLabel,
  joinHostPort,
  type LabelSet,
  type TargetGroup,
  withoutEmpty,
} from '../../targets/group.ts';
import type { Mechanism } from '../mechanism.ts';
import { accountsOf, discoverParts, type ListPart, readPages, serverOf } from './connection.ts';
import {
  clusterFields,
  labels,
  logFields,
  nodeFields,
  securityGroupFields,
  serverlessFields,
} from './elasticache-labels.ts';
import { type Fields, fieldLabels, tagLabels } from './fields.ts';
import { type ClustersConfig, clustersConfig, newerAccess } from './schema.ts';

/** Nodes and serverless caches of ElastiCache: a group for each cluster and each serverless cache. */
export const elasticache: Mechanism<ClustersConfig> = {
  name: 'elasticache',
  configKey: 'elasticache_sd_configs',
  schema: clustersConfig,
  newerKeys: newerAccess,
  incidental: ['request_concurrency'],
  server: (config) => serverOf('elasticache', config),
  discover: (config, input) => discoverParts(config, input, listElasticache(config)),
};

/** Most items in one answer of ElastiCache. */
const pageSizes = { clusters: 100, serverless: 50 } as const;

type ElasticacheQuery = Pick<ClustersConfig, 'clusters' | 'request_concurrency'>;

/** Lists the caches of a region. It reads all and picks the wanted ones, since naming each would take more calls. */
export function listElasticache({ clusters: wanted, request_concurrency }: ElasticacheQuery): ListPart {
  return async ({ options, call, signal }) => {
    const names = wanted.map(readName);
    const kinds = new Set(names.map(({ kind }) => kind));
    const wants = (kind: Kind) => names.length === 0 || kinds.has(kind);
    const isWanted = (kind: Kind, id: string | undefined) =>
      names.length === 0 || names.some((name) => name.kind === kind && name.id === id);
    const sdk = await import('./sdk/elasticache.ts');
    const client = new sdk.ElastiCacheClient(options);
    const describeClusters = () =>
      readPages(async (Marker) => {
        const page = await call(
          'elasticache:DescribeCacheClusters',
          clustersPage,
          (how) =>
            client.send(
              new sdk.DescribeCacheClustersCommand({
                MaxRecords: pageSizes.clusters,
                Marker,
                ShowCacheNodeInfo: true,
              }),
              how,
            ),
          signal,
        );
        return { items: page.CacheClusters, next: page.Marker };
      });
    const describeServerless = () =>
      readPages(async (NextToken) => {
        const page = await call(
          'elasticache:DescribeServerlessCaches',
          serverlessPage,
          (how) =>
            client.send(
              new sdk.DescribeServerlessCachesCommand({ MaxResults: pageSizes.serverless, NextToken }),
              how,
            ),
          signal,
        );
        return { items: page.ServerlessCaches, next: page.NextToken };
      });
    /** Tags of a cache; undefined for one that was deleted after it was listed. */
    const readTags = async (ResourceName: string | undefined, own: AbortSignal) => {
      if (ResourceName === undefined) return [];
      try {
        const { TagList } = await call(
          'elasticache:ListTagsForResource',
          tagsAnswer,
          (how) => client.send(new sdk.ListTagsForResourceCommand({ ResourceName }), how),
          own,
        );
        return TagList;
      } catch (error) {
        if (isMusterError(error, 'not-found')) return undefined;
        throw error;
      }
    };
    try {
      const serverless = wants('serverlesscache') ? await describeServerless() : [];
      const clusters = wants('cluster') || wants('replicationgroup') ? await describeClusters() : [];
      const caches = [
        ...serverless
          .filter((one) => isWanted('serverlesscache', one.ServerlessCacheName))
          .map((one) => ({ arn: one.ARN, build: (tags: Tags) => buildServerlessGroup(one, tags) })),
        ...clusters
          .filter(
            (one) =>
              isWanted('cluster', one.CacheClusterId) ||
              [one.CacheClusterId, one.ReplicationGroupId].some((id) => isWanted('replicationgroup', id)),
          )
          .map((one) => ({ arn: one.ARN, build: (tags: Tags) => buildClusterGroup(one, tags) })),
      ];
      const groups = await mapConcurrent(caches, request_concurrency, signal, async ({ arn, build }, own) => {
        const tags = await readTags(arn, own);
        return tags === undefined ? [] : build(tags);
      });
      return { groups: groups.flat(), accounts: accountsOf(caches.map(({ arn }) => arn)) };
    } finally {
      client.destroy();
    }
  };
}

const kinds = ['serverlesscache', 'replicationgroup', 'cluster'] as const;

type Kind = (typeof kinds)[number];

/** Kind and name of a cache in its ARN. */
function readName(arn: string): { readonly kind: Kind; readonly id: string } {
  const [, , , , , type, id = ''] = arn.split(':');
  const kind = kinds.find((one) => one === type);
  if (kind !== undefined && id !== '') return { kind, id };
  throw new MusterError(
    'config',
    `clusters: ${arn} is not the ARN of a cache, as in arn:aws:elasticache:eu-west-1:123456789012:replicationgroup:sessions`,
  );
}

const endpoint = z.looseObject({ Address: z.string().optional(), Port: z.number().optional() }).optional();
const node = z.looseObject({ CacheNodeId: z.string().default(''), Endpoint: endpoint });

const cluster = z.looseObject({
  ARN: z.string().optional(),
  CacheClusterId: z.string().default(''),
  ReplicationGroupId: z.string().optional(),
  CacheNodes: z.array(node).default([]),
  LogDeliveryConfigurations: z.array(z.looseObject({})).default([]),
  SecurityGroups: z.array(z.looseObject({})).default([]),
});

const serverlessCache = z.looseObject({
  ARN: z.string().optional(),
  ServerlessCacheName: z.string().default(''),
  Endpoint: endpoint,
  SecurityGroupIds: z.array(z.string()).default([]),
  SubnetIds: z.array(z.string()).default([]),
});

/** Source: Amazon ElastiCache API reference. */
const clustersPage = z.object({ CacheClusters: z.array(cluster), Marker: z.string().optional() });
const serverlessPage = z.object({
  ServerlessCaches: z.array(serverlessCache),
  NextToken: z.string().optional(),
});
const tagsAnswer = z.object({
  TagList: z.array(z.object({ Key: z.string().optional(), Value: z.string().optional() })).default([]),
});

type Tags = z.output<typeof tagsAnswer>['TagList'];

/** The group of a cluster: a target for each node. A new node has no endpoint, and makes no target. */
function buildClusterGroup(one: z.output<typeof cluster>, tags: Tags): readonly TargetGroup[] {
  const common = withoutEmpty({
    [labels.deployment]: 'node',
    ...fieldLabels(one, clusterFields, labels.clusterPrefix),
    ...numbered(one.LogDeliveryConfigurations, logFields, labels.logPrefix),
    ...numbered(one.SecurityGroups, securityGroupFields, labels.securityGroupPrefix),
    ...tagLabels(labels.clusterTagPrefix, tags),
  });
  const targets = one.CacheNodes.flatMap((node) => {
    const address = addressOf(node.Endpoint);
    if (address === undefined) return [];
    return [withoutEmpty({ [addressLabel]: address, ...fieldLabels(node, nodeFields, labels.nodePrefix) })];
  });
  return targets.length === 0 ? [] : [{ source: one.ARN ?? one.CacheClusterId, labels: common, targets }];
}

function buildServerlessGroup(one: z.output<typeof serverlessCache>, tags: Tags): readonly TargetGroup[] {
  const address = addressOf(one.Endpoint);
  if (address === undefined) return [];
  const target = withoutEmpty({
    [addressLabel]: address,
    [labels.deployment]: 'serverless',
    ...fieldLabels(one, serverlessFields, labels.serverlessPrefix),
    ...listed(one.SecurityGroupIds, labels.serverlessSecurityGroup),
    ...listed(one.SubnetIds, labels.serverlessSubnet),
    ...tagLabels(labels.serverlessTagPrefix, tags),
  });
  return [{ source: one.ARN ?? one.ServerlessCacheName, labels: {}, targets: [target] }];
}

function addressOf(given: z.output<typeof endpoint>): string | undefined {
  const { Address, Port } = given ?? {};
  return Address === undefined || Port === undefined ? undefined : joinHostPort(Address, Port);
}

function numbered(
  items: readonly Fields[],
  table: Readonly<Record<string, string>>,
  prefix: string,
): LabelSet {
  return Object.assign({}, ...items.map((item, index) => fieldLabels(item, table, prefix, `_${index}`)));
}

function listed(values: readonly string[], prefix: string): LabelSet {
  return Object.fromEntries(values.map((value, index) => [`${prefix}${index}`, value]));
}
