import { addressLabel, type TargetGroup, withoutEmpty } from '../../../target/group.ts';
import { joinHostPort } from '../../../target/labels.ts';
import type { Node } from '../bodies.ts';
import { nodeLabels } from '../common.ts';
import { labels } from '../labels.ts';

/** The group of a node: itself, at the port configured. */
export function buildNodeGroup(node: Node, port: number): TargetGroup {
  const { Description, Status, ManagerStatus } = node;
  return {
    source: node.ID,
    labels: withoutEmpty({
      ...nodeLabels(node),
      [labels.nodeEngineVersion]: Description.Engine.EngineVersion,
      ...(ManagerStatus && {
        [labels.nodeManagerLeader]: String(ManagerStatus.Leader ?? false),
        [labels.nodeManagerReachability]: ManagerStatus.Reachability,
        [labels.nodeManagerAddress]: ManagerStatus.Addr,
      }),
    }),
    targets: [{ [addressLabel]: joinHostPort(Status.Addr, port) }],
  };
}
