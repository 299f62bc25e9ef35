import {
  AttachNetworkInterfaceCommand,
  CreateNetworkInterfaceCommand,
  CreateSubnetCommand,
  CreateTagsCommand,
  CreateVpcCommand,
  DescribeImagesCommand,
  EC2Client,
  RunInstancesCommand,
  StopInstancesCommand,
  TerminateInstancesCommand,
} from '@aws-sdk/client-ec2';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { ec2 } from '../../lib/backends/aws/ec2.ts';
import { aws } from '../../lib/backends/aws/index.ts';
import type { FleetServer } from '../../lib/sim/server.ts';
import { type LabelSet, targetLabels } from '../../lib/targets/group.ts';
import { stanzaFor, startAwsApi, type Value } from '../backends/aws/api.ts';
import { startAwsFront } from '../support/aws-front.ts';
import { repeats } from '../support/counts.ts';
import { type Listing, listTargets } from '../support/discover.ts';
import { type Moto, motoCredentials, startMoto } from '../support/moto.ts';
import { describeWithPrograms } from '../support/programs.ts';
import { discoverWithPromtool, targetTexts } from '../support/promtool.ts';

const regions = ['eu-west-1', 'us-east-1'];
/** Instances of the first region. The emulator takes long for each of them, and its pages are small. */
const many = repeats(210);
const keys = { access_key: motoCredentials.accessKeyId, secret_key: motoCredentials.secretAccessKey };

const p = '__meta_ec2_';

/** Tags that become odd labels, and some that become one. */
const oddTags: Readonly<Record<string, string>> = {
  Name: 'web',
  'aws-like:x/y': 'colon',
  größe: 'ü',
  'a.b': '1',
  a_b: '2',
  '1st': 'digit',
  empty: '',
  'white space': ' x ',
  '😀': '😀 & <b>',
};

describeWithPrograms('EC2, as a real Prometheus sees the same emulator', ['moto', 'promtool'], () => {
  let moto: Moto;
  let front: FleetServer;
  beforeAll(async () => {
    moto = await startMoto({ threaded: true });
    for (const [index, region] of regions.entries())
      await makeWorld(moto.endpoint, region, index === 0 ? many : 10);
    front = await startAwsFront(moto.endpoint, { ask: inSmallPages, rewrite: markPrimary });
  });
  afterAll(() => Promise.all([front?.stop(), moto?.stop()]));

  const stanza = (region: string, more: object = {}) => ({
    region,
    endpoint: front.url,
    ...keys,
    ...more,
  });

  test.each(regions)('every instance of %s has the same labels', async (region) => {
    const before = front.requests.length;
    const ours = targetTexts((await listTargets(ec2, stanza(region), { prometheus: '3.5' })).groups);
    const pages = front.requests.slice(before).filter(({ body }) => body.includes('DescribeInstances'));
    expect(pages.length).toBeGreaterThan(1);
    expect(ours.length).toBeGreaterThan(region === regions[0] ? many : 10);
    expect(await discoverWithPromtool({ ec2_sd_configs: [stanza(region)] }, ours.length)).toEqual(ours);
  });

  test('the newest Prometheus has one label more, on instances with IPv6', async () => {
    const newest = targetsOf(await listTargets(ec2, stanza('us-east-1')));
    const older = targetsOf(await listTargets(ec2, stanza('us-east-1'), { prometheus: '3.5' }));
    const added = newest.filter(({ [`${p}default_ipv6_address`]: first }) => first !== undefined);
    expect(added.length).toBe(2);
    expect(older).toEqual(
      newest.map((labels) => {
        const { [`${p}default_ipv6_address`]: _since312, ...others } = labels;
        return others;
      }),
    );
  });

  const filtered = {
    'by state': [{ name: 'instance-state-name', values: ['stopped'] }],
    'by a tag': [{ name: 'tag:Name', values: ['web', 'none'] }],
    'by two filters': [
      { name: 'instance-type', values: ['t3.micro'] },
      { name: 'instance-state-name', values: ['running'] },
    ],
    'by what is not there': [{ name: 'tag:Name', values: ['none'] }],
  };
  test.each(Object.entries(filtered))('so have those that are filtered: %s', async (_name, filters) => {
    const one = stanza('eu-west-1', { filters, port: 9100 });
    const ours = targetTexts((await listTargets(ec2, one, { prometheus: '3.5' })).groups);
    expect(await discoverWithPromtool({ ec2_sd_configs: [one] }, Math.max(ours.length, 1))).toEqual(ours);
  });

  test('many regions in one stanza are those of one stanza each', async () => {
    const { region: _each, ...common } = stanza('eu-west-1');
    const all = await listTargets(aws, { role: 'ec2', ...common, muster: { regions } });
    const each = await Promise.all(regions.map((region) => listTargets(ec2, stanza(region))));
    expect(targetTexts(all.groups)).toEqual(targetTexts(each.flatMap(({ groups }) => groups)));
  });
});

/**
 * The emulator does not say whether an IPv6 address is primary, and Prometheus 3.5 panics without it. Here every other
 * address is primary.
 */
function markPrimary(body: string): string {
  return body.replace(
    /([0-9a-f])<\/ipv6Address>(?=<\/item>)/g,
    (whole, digit: string) =>
      `${whole}<isPrimaryIpv6>${Number.parseInt(digit, 16) % 2 === 0}</isPrimaryIpv6>`,
  );
}

/** Five reservations in a page, the fewest that EC2 gives, so that a listing has several pages. */
function inSmallPages(body: string): string {
  return body.includes('Action=DescribeInstances')
    ? `${body.replace(/&MaxResults=\d+/, '')}&MaxResults=5`
    : body;
}

/** All labels of each target. */
function targetsOf({ groups }: Listing): readonly LabelSet[] {
  return groups.flatMap((group) => group.targets.map((target) => targetLabels(group, target)));
}

const plain = {
  imageId: 'ami-1',
  instanceState: { code: 16, name: 'running' },
  instanceType: 't3.micro',
  architecture: 'arm64',
  placement: { availabilityZone: 'eu-west-1a' },
  privateDnsName: 'ip-10-0-0-1.internal',
  vpcId: 'vpc-1',
  subnetId: 'subnet-1',
};

/** An interface of an instance with IPv6 addresses; `*` marks a primary one. */
const eni = (deviceIndex: number, subnetId: string | undefined, ...addresses: readonly string[]) => ({
  subnetId,
  attachment: { deviceIndex },
  'ipv6AddressesSet item': addresses.map((address) => ({
    ipv6Address: address.replace('*', ''),
    isPrimaryIpv6: address.endsWith('*'),
  })),
});

/** What the emulator has not: primary IPv6 addresses, instances with IPv6 alone, without a VPC, spot, Windows. */
const instances: readonly { readonly [key: string]: Value | undefined }[] = [
  {
    ...plain,
    instanceId: 'i-primary',
    privateIpAddress: '10.0.0.1',
    'networkInterfaceSet item': [
      eni(0, 'subnet-1', 'fd00::1'),
      eni(2, 'subnet-2', 'fd00::2', 'fd00::3*'),
      eni(1, undefined, 'fd00::4*'),
    ],
  },
  { ...plain, instanceId: 'i-v6', 'networkInterfaceSet item': [eni(0, 'subnet-1', 'fd00::5', 'fd00::6*')] },
  { ...plain, instanceId: 'i-bare', 'networkInterfaceSet item': [eni(0, 'subnet-1')] },
  {
    ...{ ...plain, vpcId: undefined, subnetId: undefined },
    instanceId: 'i-classic',
    privateIpAddress: '10.0.0.2',
    ipAddress: '203.0.113.2',
    dnsName: 'ec2-203-0-113-2.example.com',
    instanceLifecycle: 'spot',
    platform: 'windows',
    'networkInterfaceSet item': [eni(0, 'subnet-1', 'fd00::7')],
    'tagSet item': [{ key: 'only a key' }, { key: 'x', value: 'y' }],
  },
];

const answer = ({ action }: { readonly action: string }): { readonly body: Value } => ({
  body:
    action === 'DescribeInstances'
      ? { 'reservationSet item': [{ ownerId: '123456789012', 'instancesSet item': [...instances] }] }
      : { 'availabilityZoneInfo item': [{ zoneName: 'eu-west-1a', zoneId: 'euw1-az1' }] },
});

describeWithPrograms('EC2, as a real Prometheus sees the same answers', ['promtool'], () => {
  test('odd instances have the same labels', async () => {
    await using api = await startAwsApi(answer);
    const ours = targetTexts((await listTargets(ec2, stanzaFor(api), { prometheus: '3.5' })).groups);
    expect(ours.length).toBe(2);
    expect(await discoverWithPromtool({ ec2_sd_configs: [stanzaFor(api)] }, ours.length)).toEqual(ours);
  });

  test('one with IPv6 alone is a target of the newest Prometheus, at its primary address', async () => {
    await using api = await startAwsApi(answer);
    const names = ['default_ipv6_address', 'primary_ipv6_addresses', 'ipv6_addresses'];
    const ipv6 = targetsOf(await listTargets(ec2, stanzaFor(api))).map((labels) =>
      [`${p}instance_id`, '__address__', ...names.map((name) => p + name)].map((name) => labels[name]),
    );
    expect(ipv6).toEqual([
      ['i-primary', '10.0.0.1:80', 'fd00::3', ',,,fd00::3,', ',fd00::1,fd00::2,fd00::3,'],
      ['i-v6', '[fd00::6]:80', 'fd00::6', ',fd00::6,', ',fd00::5,fd00::6,'],
      ['i-classic', '10.0.0.2:80', undefined, undefined, undefined],
    ]);
  });
});

/** Instances: in several states, subnets and families, with several interfaces, odd tags and no address. */
async function makeWorld(endpoint: string, region: string, size: number): Promise<void> {
  const client = new EC2Client({ endpoint, region, credentials: motoCredentials });
  const { Images } = await client.send(new DescribeImagesCommand({ Owners: ['amazon'] }));
  const ImageId = Images?.[0]?.ImageId ?? '';
  const { Vpc } = await client.send(
    new CreateVpcCommand({ CidrBlock: '10.8.0.0/16', AmazonProvidedIpv6CidrBlock: true }),
  );
  const block = Vpc?.Ipv6CidrBlockAssociationSet?.[0]?.Ipv6CidrBlock ?? '';
  const makeSubnet = async (index: number) => {
    const { Subnet } = await client.send(
      new CreateSubnetCommand({
        VpcId: Vpc?.VpcId,
        CidrBlock: `10.8.${index * 16}.0/20`,
        Ipv6CidrBlock: block.replace(/00::\/56$/, `0${index}::/64`),
        AvailabilityZone: `${region}${'ab'.charAt(index)}`,
      }),
    );
    return Subnet?.SubnetId ?? '';
  };
  const subnets = [await makeSubnet(0), await makeSubnet(1)];
  const run = async (count: number, more: object) => {
    const { Instances = [] } = await client.send(
      new RunInstancesCommand({ ImageId, MinCount: count, MaxCount: count, ...more }),
    );
    return Instances.flatMap(({ InstanceId }) => InstanceId ?? []);
  };
  await run(size, { InstanceType: 't3.micro', SubnetId: subnets[0] });
  for (const InstanceType of ['t3.small', 't3.large']) await run(1, { InstanceType });
  const stopped = await run(3, { InstanceType: 'm5.large', SubnetId: subnets[1] });
  await client.send(new StopInstancesCommand({ InstanceIds: stopped }));
  const gone = await run(2, { InstanceType: 'm5.large' });
  await client.send(new TerminateInstancesCommand({ InstanceIds: gone }));
  const [tagged = '', plain = ''] = await run(2, { InstanceType: 'c5.large' });
  await client.send(
    new CreateTagsCommand({
      Resources: [tagged],
      Tags: Object.entries(oddTags).map(([Key, Value]) => ({ Key, Value })),
    }),
  );
  await run(1, {
    InstanceType: 'm6i.large',
    NetworkInterfaces: [{ DeviceIndex: 0, SubnetId: subnets[1], Ipv6AddressCount: 2 }],
    Ipv6AddressCount: 2,
  });
  for (const [index, SubnetId] of [...subnets, ...subnets].entries()) {
    const { NetworkInterface } = await client.send(
      new CreateNetworkInterfaceCommand({ SubnetId, ...(index === 2 && { Ipv6AddressCount: 1 }) }),
    );
    await client.send(
      new AttachNetworkInterfaceCommand({
        DeviceIndex: index + 1,
        InstanceId: plain,
        NetworkInterfaceId: NetworkInterface?.NetworkInterfaceId,
      }),
    );
  }
  client.destroy();
}
