import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CreateSubnetCommand,
  CreateVpcCommand,
  DescribeImagesCommand,
  DescribeSubnetsCommand,
  EC2Client,
  RunInstancesCommand,
} from '@aws-sdk/client-ec2';
import {
  CreateClusterCommand,
  CreateServiceCommand,
  ECSClient,
  RegisterTaskDefinitionCommand,
  RunTaskCommand,
} from '@aws-sdk/client-ecs';
import type { FleetServer } from '../../lib/sim/server.ts';
import { startAwsFront } from '../support/aws-front.ts';
import { requireProgram } from '../support/find-program.ts';
import { motoCredentials, startMoto } from '../support/moto.ts';
import { type Measured, measure, medianOf } from './measure.ts';

/** EC2 instances and ECS tasks of the emulator. */
const sizes = { instances: 5000, tasks: 2000 } as const;

const region = 'eu-west-1';
const muster = join(import.meta.dirname, '../../dist/muster.mjs');

/**
 * `npm run bench -- aws [RUNS [SECONDS]]`: `muster targets` beside `promtool check service-discovery`, which always takes
 * SECONDS, on 5,000 instances of EC2, and `muster targets` on 2,000 tasks of ECS; the calls of each are counted.
 */
export async function benchAws([runs = '3', patience = '60']: readonly string[]): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'muster-bench-'));
  const moto = await startMoto({ threaded: true });
  // The emulator is slow, and what it takes is not what is measured.
  const front = await startAwsFront(moto.endpoint, { remembers: true, ask: withPageSize });
  try {
    await makeWorld(moto.endpoint);
    const run = { front, folder, runs: Number(runs) };
    const own = await benchMuster(run, 'ec2', 'ec2_sd_configs');
    const promtool = await benchPromtool(run, patience);
    if (own.targets !== promtool.targets)
      throw new Error(
        `muster found ${own.targets} targets, promtool ${promtool.targets}: give it more than ${patience} s`,
      );
    const tasks = await benchMuster(run, 'ecs', 'ecs_sd_configs');
    const ratio = (of: 'cpu' | 'memory') => (own[of] / promtool[of]).toFixed(2);
    print(['what', 'targets', 'calls', 'CPU s', 'wall s', 'peak MB', 'CPU ÷ promtool', 'memory ÷ promtool']);
    print(Array.from({ length: 8 }, () => '---'));
    print([...row('EC2: muster targets', own), ratio('cpu'), ratio('memory')]);
    print([...row('EC2: promtool check service-discovery', promtool), '', '']);
    print([...row('ECS: muster targets', tasks), '', '']);
  } finally {
    await Promise.all([front.stop(), moto.stop(), rm(folder, { recursive: true, force: true })]);
  }
}

/** promtool leaves the size of a page to EC2, which takes 1,000; the emulator would take 100. */
function withPageSize(body: string): string {
  return body.includes('Action=DescribeInstances') && !body.includes('MaxResults')
    ? `${body}&MaxResults=1000`
    : body;
}

interface Run {
  readonly front: FleetServer;
  readonly folder: string;
  readonly runs: number;
}

interface Result extends Measured {
  readonly targets: number;
  /** Calls by their actions, as in `5 DescribeInstances`. */
  readonly calls: string;
}

async function benchMuster(run: Run, name: string, key: string): Promise<Result> {
  const config = await writeConfig(run, name, key);
  const args = [muster, 'targets', '-c', config, '--job', 'bench', '--output', 'json'];
  return await repeat(run, '"__address__"', process.execPath, args);
}

async function benchPromtool(run: Run, patience: string): Promise<Result> {
  const config = await writeConfig(run, 'promtool', 'ec2_sd_configs');
  const args = ['check', 'service-discovery', config, 'bench', `--timeout=${patience}s`];
  return await repeat(run, '"discoveredLabels"', requireProgram('promtool'), args);
}

async function writeConfig({ front, folder }: Run, name: string, key: string): Promise<string> {
  const { accessKeyId: access_key, secretAccessKey: secret_key } = motoCredentials;
  const stanza = { region, endpoint: front.url, access_key, secret_key };
  const file = join(folder, `${name}.yml`);
  await writeFile(file, JSON.stringify({ scrape_configs: [{ job_name: 'bench', [key]: [stanza] }] }));
  return file;
}

async function repeat(
  { front, runs }: Run,
  target: string,
  command: string,
  args: readonly string[],
): Promise<Result> {
  const env = { AWS_ENDPOINT_URL_EC2: front.url };
  const runOnce = async () => {
    const output: Buffer[] = [];
    const measured = await measure(command, args, { env, onOutput: (chunk) => output.push(chunk) });
    return { measured, targets: Buffer.concat(output).toString().split(target).length - 1 };
  };
  // Until the front has all answers: the emulator may take longer than a program waits.
  for (let attempt = 0; attempt < 20 && (await runOnce()).targets === 0; attempt++);
  const measured: Measured[] = [];
  let targets = 0;
  let calls = '';
  for (let run = 0; run < runs; run++) {
    const before = front.requests.length;
    const done = await runOnce();
    measured.push(done.measured);
    targets = done.targets;
    calls = countCalls(front.requests.slice(before));
  }
  return { ...medianOf(measured), targets, calls };
}

function countCalls(requests: FleetServer['requests']): string {
  const actions = requests.map(
    ({ headers, body }) =>
      headers['x-amz-target']?.split('.').at(-1) ?? new URLSearchParams(body).get('Action') ?? 'another',
  );
  const counts = Map.groupBy(actions, (action) => action);
  return [...counts].map(([action, all]) => `${all.length} ${action}`).join(', ');
}

function row(what: string, { targets, calls, cpu, wall, memory }: Result): string[] {
  return [what, targets.toLocaleString('en'), calls, cpu.toFixed(1), wall.toFixed(1), memory.toFixed(0)];
}

function print(cells: readonly string[]): void {
  process.stdout.write(`| ${cells.join(' | ')} |\n`);
}

/** Instances with tags in a subnet of their own, and tasks of one service. */
async function makeWorld(endpoint: string): Promise<void> {
  const options = { endpoint, region, credentials: motoCredentials, maxAttempts: 1 };
  const ec2 = new EC2Client(options);
  const ecs = new ECSClient(options);
  const { Images } = await ec2.send(new DescribeImagesCommand({ Owners: ['amazon'] }));
  const { Vpc } = await ec2.send(new CreateVpcCommand({ CidrBlock: '10.8.0.0/16' }));
  const { Subnet } = await ec2.send(
    new CreateSubnetCommand({ VpcId: Vpc?.VpcId, CidrBlock: '10.8.0.0/17', AvailabilityZone: `${region}a` }),
  );
  const batch = 1000;
  for (let made = 0; made < sizes.instances; made += batch)
    await ec2.send(
      new RunInstancesCommand({
        ...{ ImageId: Images?.[0]?.ImageId, InstanceType: 't3.micro', SubnetId: Subnet?.SubnetId },
        ...{ MinCount: batch, MaxCount: batch },
        TagSpecifications: [
          {
            ResourceType: 'instance',
            Tags: ['Name', 'team', 'environment', 'cost-center'].map((Key) => ({
              Key,
              Value: `${Key}-${made}`,
            })),
          },
        ],
      }),
    );
  await ecs.send(new CreateClusterCommand({ clusterName: 'bench' }));
  await ecs.send(
    new RegisterTaskDefinitionCommand({
      ...{ family: 'web', networkMode: 'awsvpc' },
      containerDefinitions: [{ name: 'web', image: 'web', memory: 64, cpu: 64 }],
    }),
  );
  // The emulator's own network: its tasks need the DNS names that a new one does not have.
  const { Subnets } = await ec2.send(
    new DescribeSubnetsCommand({ Filters: [{ Name: 'default-for-az', Values: ['true'] }] }),
  );
  const networkConfiguration = {
    awsvpcConfiguration: { subnets: [Subnets?.[0]?.SubnetId ?? ''], securityGroups: [] },
  };
  const common = {
    cluster: 'bench',
    launchType: 'FARGATE',
    taskDefinition: 'web',
    networkConfiguration,
  } as const;
  await ecs.send(new CreateServiceCommand({ ...common, serviceName: 'web', desiredCount: 0 }));
  const tasks = { ...common, count: 10, group: 'service:web' };
  for (let made = 0; made < sizes.tasks; made += tasks.count) await ecs.send(new RunTaskCommand(tasks));
  ec2.destroy();
  ecs.destroy();
}
