import * as z from 'zod';
import { type TargetGroup, targetAt } from '../../targets/group.ts';
import type { Mechanism } from '../mechanism.ts';
import { accountsOf, discoverParts, type ListPart, readPages, serverOf } from './connection.ts';
import { tagLabels } from './fields.ts';
import { type LightsailConfig, lightsailConfig, newerAccess } from './schema.ts';

/** Labels of Lightsail instances. Source: Prometheus configuration reference, lightsail_sd_config. */
export const labels = {
  availabilityZone: '__meta_lightsail_availability_zone',
  blueprint: '__meta_lightsail_blueprint_id',
  bundle: '__meta_lightsail_bundle_id',
  name: '__meta_lightsail_instance_name',
  state: '__meta_lightsail_instance_state',
  supportCode: '__meta_lightsail_instance_support_code',
  ipv6: '__meta_lightsail_ipv6_addresses',
  privateIp: '__meta_lightsail_private_ip',
  publicIp: '__meta_lightsail_public_ip',
  region: '__meta_lightsail_region',
  tagPrefix: '__meta_lightsail_tag_',
} as const;

/** Instances of Lightsail: a group for each. */
export const lightsail: Mechanism<LightsailConfig> = {
  name: 'lightsail',
  configKey: 'lightsail_sd_configs',
  schema: lightsailConfig,
  newerKeys: newerAccess,
  server: (config) => serverOf('lightsail', config),
  discover: (config, input) => discoverParts(config, input, listLightsail(config)),
};

/** Lists the instances of a region. Prometheus reads only the first page; Lightsail sets the size of a page. */
export function listLightsail({ port }: Pick<LightsailConfig, 'port'>): ListPart {
  return async ({ options, call, region, signal }) => {
    const sdk = await import('./sdk/lightsail.ts');
    const client = new sdk.LightsailClient(options);
    try {
      const instances = await readPages(async (pageToken) => {
        const page = await call(
          'lightsail:GetInstances',
          instancesPage,
          (own) =>
            client.send(new sdk.GetInstancesCommand(pageToken === undefined ? {} : { pageToken }), own),
          signal,
        );
        return { items: page.instances, next: page.nextPageToken };
      });
      return {
        groups: instances.flatMap((one) => buildGroup(one, region, port)),
        accounts: accountsOf(instances.map(({ arn }) => arn)),
      };
    } finally {
      client.destroy();
    }
  };
}

const instance = z.object({
  arn: z.string().optional(),
  name: z.string().default(''),
  blueprintId: z.string().default(''),
  bundleId: z.string().default(''),
  supportCode: z.string().default(''),
  privateIpAddress: z.string().optional(),
  publicIpAddress: z.string().default(''),
  ipv6Addresses: z.array(z.string()).default([]),
  location: z.object({ availabilityZone: z.string().default('') }).optional(),
  state: z.object({ name: z.string().default('') }).optional(),
  tags: z.array(z.object({ key: z.string().optional(), value: z.string().optional() })).default([]),
});

/** `GetInstances`. Source: Amazon Lightsail API reference. */
const instancesPage = z.object({ instances: z.array(instance), nextPageToken: z.string().optional() });

function buildGroup(one: z.output<typeof instance>, region: string, port: number): readonly TargetGroup[] {
  if (one.privateIpAddress === undefined) return [];
  const target = targetAt(one.privateIpAddress, port, {
    [labels.availabilityZone]: one.location?.availabilityZone ?? '',
    [labels.blueprint]: one.blueprintId,
    [labels.bundle]: one.bundleId,
    [labels.name]: one.name,
    [labels.state]: one.state?.name ?? '',
    [labels.supportCode]: one.supportCode,
    [labels.ipv6]: one.ipv6Addresses.length === 0 ? '' : `,${one.ipv6Addresses.join(',')},`,
    [labels.privateIp]: one.privateIpAddress,
    [labels.publicIp]: one.publicIpAddress,
    [labels.region]: region,
    ...tagLabels(
      labels.tagPrefix,
      one.tags.map(({ key, value }) => ({ Key: key, Value: value })),
    ),
  });
  return [{ source: one.arn ?? `${region}/${one.name}`, labels: {}, targets: [target] }];
}
