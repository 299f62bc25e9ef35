import { bareHost, portOf } from '../../http/url-text.ts';
import { addressLabel, joinHostPort, type TargetGroup, withoutEmpty } from '../../targets/group.ts';
import { labels } from './labels.ts';
import { readNode } from './node.ts';
import { findRow, type SwarmInfo, splitRows } from './rows.ts';

/** What the groups are made for. */
export interface SwarmContext {
  /** Base URLs of all masters. */
  readonly masters: readonly string[];
  /** The one whose answer this is. */
  readonly answered: string;
  readonly metricsPort: number;
}

/** One group of all masters and one of all nodes; throws `malformed` with the row that is wrong. */
export function buildGroups(
  info: SwarmInfo,
  { masters, answered, metricsPort }: SwarmContext,
): TargetGroup[] {
  const { cluster, nodes } = splitRows(info);
  const text = (name: string) => findRow(cluster, name)?.text ?? '';
  const shared = withoutEmpty({ [labels.strategy]: text('Strategy') });
  const role = text('Role');
  return [
    {
      source: 'masters',
      labels: shared,
      targets: masters.map((master) => ({
        [addressLabel]: hostPortOf(master),
        [labels.master]: master,
        // Only of itself a master says what it is.
        [labels.role]: (master === answered && role) || 'master',
      })),
    },
    {
      source: 'nodes',
      labels: { ...shared, [labels.role]: 'node' },
      targets: nodes.map((rows, index) => {
        const node = readNode(rows, index + 1);
        return { [addressLabel]: joinHostPort(node.host, metricsPort), ...node.labels };
      }),
    },
  ];
}

function hostPortOf(master: string): string {
  const url = new URL(master);
  return joinHostPort(bareHost(url), portOf(url));
}
