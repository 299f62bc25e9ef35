import { joinHostPort, sanitizeLabelName, type TargetGroup, targetAt } from '../../targets/group.ts';
import { keptSources } from '../listing.ts';
import { type Mechanism, type MechanismInput, serverNames } from '../mechanism.ts';
import { type Endpoint, parseNerveMember, parseServersetMember } from './members.ts';
import { type ZookeeperConfig, zookeeperConfig } from './schema.ts';
import { readTrees } from './session.ts';

/**
 * Labels that members of serversets carry. A `…Prefix` is followed by the name of an additional endpoint, each
 * character that a label name cannot hold replaced by `_`. Source: Prometheus configuration reference,
 * serverset_sd_config.
 */
const serversetLabels = {
  path: '__meta_serverset_path',
  host: '__meta_serverset_endpoint_host',
  port: '__meta_serverset_endpoint_port',
  additionalHostPrefix: '__meta_serverset_endpoint_host_',
  additionalPortPrefix: '__meta_serverset_endpoint_port_',
  status: '__meta_serverset_status',
  shard: '__meta_serverset_shard',
} as const;

/** Labels that Nerve's services carry. Source: Prometheus configuration reference, nerve_sd_config. */
const nerveLabels = {
  path: '__meta_nerve_path',
  host: '__meta_nerve_endpoint_host',
  port: '__meta_nerve_endpoint_port',
  name: '__meta_nerve_endpoint_name',
} as const;

/** Makes the group of a node, with its one target; undefined if the data is not a member. */
export type BuildGroup = (path: string, data: Uint8Array) => TargetGroup | undefined;

/** The group of a serverset's member. */
export const buildServersetGroup: BuildGroup = (path, data) => {
  const member = parseServersetMember(data);
  if (member === undefined) return undefined;
  const { host, port } = member.serviceEndpoint;
  // Sorted, so that where two names become one label, always the same one wins: the last.
  const additional = [...member.additionalEndpoints].sort(([a], [b]) => (a < b ? -1 : 1));
  return groupOf(path, member.serviceEndpoint, {
    [serversetLabels.path]: path,
    [serversetLabels.host]: host,
    [serversetLabels.port]: port,
    ...Object.fromEntries(
      additional.flatMap(([name, endpoint]) => {
        const tail = sanitizeLabelName(name);
        return [
          [serversetLabels.additionalHostPrefix + tail, endpoint.host],
          [serversetLabels.additionalPortPrefix + tail, endpoint.port],
        ];
      }),
    ),
    [serversetLabels.status]: member.status,
    [serversetLabels.shard]: member.shard,
  });
};

/** The group of a service that Nerve announces. */
export const buildNerveGroup: BuildGroup = (path, data) => {
  const member = parseNerveMember(data);
  if (member === undefined) return undefined;
  return groupOf(path, member, {
    [nerveLabels.path]: path,
    [nerveLabels.host]: member.host,
    [nerveLabels.port]: member.port,
    [nerveLabels.name]: member.name,
  });
};

/** Members of serversets, as Finagle and Aurora announce them in ZooKeeper: a group for each. */
export const serverset = mechanismOf('serverset', buildServersetGroup);

/** Services that Airbnb's Nerve announces in ZooKeeper: a group for each. */
export const nerve = mechanismOf('nerve', buildNerveGroup);

function mechanismOf(name: string, build: BuildGroup): Mechanism<ZookeeperConfig> {
  return {
    name,
    configKey: `${name}_sd_configs`,
    schema: zookeeperConfig,
    incidental: ['timeout'],
    server: ({ servers }) => serverNames(servers.map(({ host, port }) => joinHostPort(host, port))),
    async *discover(config, input) {
      const { nodes, missing } = await readTrees(config, input, (path, data, isLeaf) => ({
        group: build(path, data),
        // Nodes above members often hold other data, or none. In a leaf, other data is odd.
        odd: isLeaf && data.length > 0 ? path : undefined,
      }));
      const odd = nodes.flatMap((node) =>
        node.group === undefined && node.odd !== undefined ? [node.odd] : [],
      );
      warnOfNodes(input, missing, odd);
      yield nodes.flatMap(({ group }) => group ?? []);
      return keptSources(
        {
          found: [...new Set(config.paths)].filter((path) => !missing.includes(path)),
          missing,
          cursor: input.cursor,
        },
        (source, path) => source === path || source.startsWith(`${path}/`),
        (path) => `the path ${path} existed before, and ZooKeeper now says that it does not`,
      );
    },
  };
}

function warnOfNodes({ warn }: MechanismInput, missing: readonly string[], odd: readonly string[]): void {
  for (const path of missing) warn(`ZooKeeper has no node ${path}: no targets come from there`);
  if (odd.length === 0) return;
  const shown = odd.toSorted().slice(0, 3).join(', ');
  const rest = odd.length - 3;
  warn(`ZooKeeper: left out ${shown}${rest > 0 ? ` and ${rest} more` : ''}: not the JSON of a member`);
}

function groupOf(path: string, { host, port }: Endpoint, labels: Record<string, string>): TargetGroup {
  const target = targetAt(host, port, labels);
  return { source: path, labels: {}, targets: [target] };
}
