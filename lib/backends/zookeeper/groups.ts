import {
  addressLabel,
  joinHostPort,
  sanitizeLabelName,
  type TargetGroup,
  withoutEmpty,
} from '../../targets/group.ts';
import { nerveLabels, serversetLabels } from './labels.ts';
import { type Endpoint, parseNerveMember, parseServersetMember } from './members.ts';

/** The group of a node: its one target; undefined where its data is no member. */
export type BuildGroup = (path: string, data: Uint8Array) => TargetGroup | undefined;

export const buildServersetGroup: BuildGroup = (path, data) => {
  const member = parseServersetMember(data);
  if (member === undefined) return undefined;
  const { host, port } = member.serviceEndpoint;
  // In sorted order, so that of names which become one label always the same wins: the last.
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

function groupOf(path: string, { host, port }: Endpoint, labels: Record<string, string>): TargetGroup {
  const target = withoutEmpty({ [addressLabel]: joinHostPort(host, port), ...labels });
  return { source: path, labels: {}, targets: [target] };
}
