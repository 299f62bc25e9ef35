import { joinHostPort } from '../../targets/group.ts';
import { keptSources } from '../listing.ts';
import { type Mechanism, type MechanismInput, serverNames } from '../mechanism.ts';
import { type BuildGroup, buildNerveGroup, buildServersetGroup } from './groups.ts';
import { type ZookeeperConfig, zookeeperConfig } from './schema.ts';
import { readTrees } from './tree.ts';

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
