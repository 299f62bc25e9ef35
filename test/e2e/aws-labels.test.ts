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
import { listTargets } from '../support/discover.ts';
import { type Moto, motoCredentials, startMoto } from '../support/moto.ts';
import { describeWithPrograms } from '../support/programs.ts';
import { discoverWithPromtool, targetTexts } from '../support/promtool.ts';

const regions = ['eu-west-1', 'us-east-1'];
const keys = { access_key: motoCredentials.accessKeyId, secret_key: motoCredentials.secretAccessKey };

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
  beforeAll(async () => {
    moto = await startMoto({ threaded: true });
    for (const [index, region] of regions.entries())
      await makeWorld(moto.endpoint, region, index === 0 ? 1010 : 10);
  });
  afterAll(() => moto?.stop());

  const stanza = (region: string, more: object = {}) => ({
    region,
    endpoint: moto.endpoint,
    ...keys,
    ...more,
  });

  test.each(regions)('every instance of %s has the same labels', async (region) => {
    const ours = targetTexts((await listTargets(ec2, stanza(region))).groups);
    expect(ours.length).toBeGreaterThan(region === regions[0] ? 1010 : 10);
    expect(await discoverWithPromtool({ ec2_sd_configs: [stanza(region)] }, ours.length)).toEqual(ours);
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
    const ours = targetTexts((await listTargets(ec2, one)).groups);
    expect(await discoverWithPromtool({ ec2_sd_configs: [one] }, Math.max(ours.length, 1))).toEqual(ours);
  });

  test('many regions in one stanza are those of one stanza each', async () => {
    const { region: _each, ...common } = stanza('eu-west-1');
    const all = await listTargets(aws, { role: 'ec2', ...common, muster: { regions } });
    const each = await Promise.all(regions.map((region) => listTargets(ec2, stanza(region))));
    expect(targetTexts(all.groups)).toEqual(targetTexts(each.flatMap(({ groups }) => groups)));
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
  for (const [index, SubnetId] of [...subnets, ...subnets].entries()) {
    const { NetworkInterface } = await client.send(new CreateNetworkInterfaceCommand({ SubnetId }));
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
