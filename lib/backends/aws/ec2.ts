import * as z from 'zod';
import { isMusterError } from '../../base/errors.ts';
import { hasSince } from '../../config/prometheus-version.ts';
import { type TargetGroup, targetAt } from '../../targets/group.ts';
import type { LabelsSince, Mechanism, MechanismInput } from '../mechanism.ts';
import { discoverParts, type ListPart, type Part, readPages, serverOf } from './connection.ts';
import { tagLabels } from './fields.ts';
import { type Ec2Config, ec2Config, newerAccess } from './schema.ts';

/** Labels of EC2 instances. Source: Prometheus configuration reference, ec2_sd_config. */
export const labels = {
  ami: '__meta_ec2_ami',
  architecture: '__meta_ec2_architecture',
  availabilityZone: '__meta_ec2_availability_zone',
  availabilityZoneId: '__meta_ec2_availability_zone_id',
  defaultIpv6: '__meta_ec2_default_ipv6_address',
  instanceId: '__meta_ec2_instance_id',
  lifecycle: '__meta_ec2_instance_lifecycle',
  state: '__meta_ec2_instance_state',
  type: '__meta_ec2_instance_type',
  ipv6: '__meta_ec2_ipv6_addresses',
  owner: '__meta_ec2_owner_id',
  platform: '__meta_ec2_platform',
  primaryIpv6: '__meta_ec2_primary_ipv6_addresses',
  primarySubnet: '__meta_ec2_primary_subnet_id',
  privateDns: '__meta_ec2_private_dns_name',
  privateIp: '__meta_ec2_private_ip',
  publicDns: '__meta_ec2_public_dns_name',
  publicIp: '__meta_ec2_public_ip',
  region: '__meta_ec2_region',
  subnets: '__meta_ec2_subnet_id',
  tagPrefix: '__meta_ec2_tag_',
  vpc: '__meta_ec2_vpc_id',
} as const;

/** The labels that Prometheus added after 3.5. */
export const labelsSince: LabelsSince = { [labels.defaultIpv6]: '3.12' };

/** Instances of EC2: a group for each. */
export const ec2: Mechanism<Ec2Config> = {
  name: 'ec2',
  configKey: 'ec2_sd_configs',
  schema: ec2Config,
  labelsSince,
  newerKeys: newerAccess,
  server: (config) => serverOf('ec2', config),
  discover: (config, input) => discoverParts(config, input, listEc2(config, input.prometheus)),
};

/** Most instances in one answer of EC2. */
const pageSize = 1000;

/** The configuration of a list of instances. */
type Ec2Query = Pick<Ec2Config, 'port' | 'filters'>;

/** Lists the instances of a region. */
export function listEc2({ port, filters }: Ec2Query, prometheus: MechanismInput['prometheus']): ListPart {
  const ipv6Alone = hasSince(prometheus, '3.12');
  return async (part) => {
    const sdk = await import('./sdk/ec2.ts');
    const client = new sdk.EC2Client(part.options);
    try {
      const zoneIds = await readZones(part, (options) =>
        client.send(new sdk.DescribeAvailabilityZonesCommand({}), options),
      );
      const Filters = filters.map(({ name, values }) => ({ Name: name, Values: [...values] }));
      const reservations = await readPages(async (NextToken) => {
        const page = await part.call(
          'ec2:DescribeInstances',
          instancesPage,
          (options) =>
            client.send(
              new sdk.DescribeInstancesCommand({
                MaxResults: pageSize,
                ...(NextToken !== undefined && { NextToken }),
                ...(Filters.length > 0 && { Filters }),
              }),
              options,
            ),
          part.signal,
        );
        // Keeps the groups of the page, not the page itself.
        const groups = page.Reservations.flatMap(({ OwnerId, Instances }) =>
          Instances.flatMap((instance) =>
            buildInstanceGroup(instance, { owner: OwnerId, region: part.region, port, zoneIds, ipv6Alone }),
          ),
        );
        const owners = page.Reservations.map(({ OwnerId }) => OwnerId);
        return { items: [{ groups, owners }], next: page.NextToken };
      });
      return {
        groups: reservations.flatMap(({ groups }) => groups),
        accounts: reservations.flatMap(({ owners }) => owners.filter((owner) => owner !== undefined)),
      };
    } finally {
      client.destroy();
    }
  };
}

const tag = z.object({ Key: z.string().optional(), Value: z.string().optional() });

const networkInterface = z.object({
  SubnetId: z.string().optional(),
  Attachment: z.object({ DeviceIndex: z.number().optional() }).optional(),
  Ipv6Addresses: z
    .array(z.object({ Ipv6Address: z.string(), IsPrimaryIpv6: z.boolean().optional() }))
    .default([]),
});

const instance = z.object({
  InstanceId: z.string(),
  ImageId: z.string().default(''),
  Placement: z.object({ AvailabilityZone: z.string().default('') }).default({ AvailabilityZone: '' }),
  State: z.object({ Name: z.string().default('') }).default({ Name: '' }),
  InstanceType: z.string().default(''),
  InstanceLifecycle: z.string().default(''),
  Architecture: z.string().default(''),
  Platform: z.string().default(''),
  PrivateIpAddress: z.string().optional(),
  PrivateDnsName: z.string().default(''),
  PublicIpAddress: z.string().optional(),
  PublicDnsName: z.string().default(''),
  VpcId: z.string().optional(),
  SubnetId: z.string().default(''),
  NetworkInterfaces: z.array(networkInterface).default([]),
  Tags: z.array(tag).default([]),
});

type Instance = z.output<typeof instance>;

/** `DescribeInstances`. Source: Amazon EC2 API reference. */
const instancesPage = z.object({
  Reservations: z.array(
    z.object({ OwnerId: z.string().optional(), Instances: z.array(instance).default([]) }),
  ),
  NextToken: z.string().optional(),
});

const zonesAnswer = z.object({
  AvailabilityZones: z
    .array(z.object({ ZoneName: z.string().optional(), ZoneId: z.string().optional() }))
    .default([]),
});

/** IDs of the zones by their names, which differ between accounts. Empty without the right to list them. */
async function readZones(
  part: Part,
  send: Parameters<Part['call']>[2],
): Promise<ReadonlyMap<string, string>> {
  try {
    const { AvailabilityZones } = await part.call(
      'ec2:DescribeAvailabilityZones',
      zonesAnswer,
      send,
      part.signal,
    );
    return new Map(
      AvailabilityZones.flatMap(({ ZoneName, ZoneId }) =>
        ZoneName === undefined || ZoneId === undefined ? [] : [[ZoneName, ZoneId]],
      ),
    );
  } catch (error) {
    // Another error may pass, and would remove the label from all targets at once.
    if (!isMusterError(error, 'denied')) throw error;
    part.warn(`${labels.availabilityZoneId} is left out: ${error.message}`);
    return new Map();
  }
}

interface InstanceContext {
  readonly owner: string | undefined;
  readonly region: string;
  readonly port: number;
  readonly zoneIds: ReadonlyMap<string, string>;
  /** Whether an instance that has only IPv6 is a target, as since Prometheus 3.12. */
  readonly ipv6Alone: boolean;
}

/** The group of an instance; none without an address. */
function buildInstanceGroup(
  one: Instance,
  { owner = '', region, port, zoneIds, ipv6Alone }: InstanceContext,
): readonly TargetGroup[] {
  const { byDevice, all, first } = ipv6Of(one);
  const host = one.PrivateIpAddress ?? (ipv6Alone ? first : undefined);
  if (host === undefined) return [];
  const target = targetAt(host, port, {
    [labels.ami]: one.ImageId,
    [labels.architecture]: one.Architecture,
    [labels.availabilityZone]: one.Placement.AvailabilityZone,
    [labels.availabilityZoneId]: zoneIds.get(one.Placement.AvailabilityZone) ?? '',
    [labels.defaultIpv6]: first ?? '',
    [labels.instanceId]: one.InstanceId,
    [labels.lifecycle]: one.InstanceLifecycle,
    [labels.state]: one.State.Name,
    [labels.type]: one.InstanceType,
    [labels.ipv6]: enclosed(all),
    [labels.owner]: owner,
    [labels.platform]: one.Platform,
    [labels.primaryIpv6]: enclosed(byDevice),
    [labels.privateDns]: one.PrivateDnsName,
    [labels.privateIp]: one.PrivateIpAddress ?? '',
    [labels.publicDns]: one.PublicIpAddress === undefined ? '' : one.PublicDnsName,
    [labels.publicIp]: one.PublicIpAddress ?? '',
    [labels.region]: region,
    ...(one.VpcId !== undefined && {
      [labels.vpc]: one.VpcId,
      [labels.primarySubnet]: one.SubnetId,
      [labels.subnets]: subnetsOf(one),
    }),
    ...tagLabels(labels.tagPrefix, one.Tags),
  });
  return [{ source: `${region}/${one.InstanceId}`, labels: {}, targets: [target] }];
}

/** The subnets of the interfaces in their order, each once. Without subnets only the separators, as in Prometheus. */
function subnetsOf({ NetworkInterfaces }: Instance): string {
  const ids = NetworkInterfaces.flatMap(({ SubnetId }) => SubnetId ?? []);
  return `,${[...new Set(ids)].join(',')},`;
}

/** IPv6 addresses; the primary ones at the device index of their interface, with empty strings between them. */
function ipv6Of({ VpcId, NetworkInterfaces }: Instance) {
  const interfaces =
    VpcId === undefined ? [] : NetworkInterfaces.filter(({ SubnetId }) => SubnetId !== undefined);
  const all = interfaces.flatMap(({ Ipv6Addresses }) => Ipv6Addresses.map(({ Ipv6Address }) => Ipv6Address));
  const primary = new Map(
    interfaces.flatMap(({ Attachment, Ipv6Addresses }) =>
      Ipv6Addresses.filter(({ IsPrimaryIpv6 }) => IsPrimaryIpv6).map(
        ({ Ipv6Address }) => [Attachment?.DeviceIndex ?? 0, Ipv6Address] as const,
      ),
    ),
  );
  const byDevice = Array.from(
    { length: Math.max(-1, ...primary.keys()) + 1 },
    (_, index) => primary.get(index) ?? '',
  );
  return { byDevice, all, first: [...byDevice, ...all].find((address) => address !== '') };
}

/** A list with separators at both ends, so that a rule can match `,x,` anywhere; empty for none. */
function enclosed(values: readonly string[]): string {
  return values.length === 0 ? '' : `,${values.join(',')},`;
}
