import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { PutBucketNotificationConfigurationCommand, S3Client } from '@aws-sdk/client-s3';
import { CreateQueueCommand, SQSClient } from '@aws-sdk/client-sqs';
import { nodeOptions } from '../../infra/stack/stack.ts';
import { createS3Store } from '../../lib/store/s3/store.ts';
import { motoCredentials, startMoto } from '../support/moto.ts';
import { freePorts } from '../support/process.ts';
import { readUsage } from './measure.ts';
import type { Figures } from './report.ts';
import { type Usage, usageBetween } from './usage.ts';

const muster = join(import.meta.dirname, '../../dist/muster.mjs');
const usageModule = join(import.meta.dirname, 'usage.ts');

/** Seconds between two listings of the processes here. */
export const listingInterval = 5;

/** How often something is measured in one process. */
const times = 3;

/** Milliseconds until a cycle or a change counts as lost. */
const patience = 300_000;

/** A store in a folder, the configuration of the job `bench` that writes to it, and a change in its backend. */
export interface DevInput {
  readonly folder: string;
  readonly config: string;
  readonly store: string;
  readonly change: () => Promise<void>;
  readonly wanted: { readonly quiet: boolean; readonly delay: boolean };
}

/**
 * `muster dev`: the mean CPU of quiet cycles, which it takes up warm, with its mirror and its server; then the seconds that
 * changes take to the bucket and to the disk.
 */
export async function benchDev({ folder, config, store, change, wanted }: DevInput): Promise<{
  readonly quiet: Figures | undefined;
  readonly delays: readonly Figures[];
}> {
  const [port = 0] = await freePorts(1);
  const [to, usageFile] = [join(folder, 'to'), join(folder, 'dev-usage.json')];
  const args = ['dev', '-c', config, '--to', to, '--listen', `127.0.0.1:${port}`];
  const child = startMuster(args, { MUSTER_BENCH_USAGE: usageFile });
  try {
    await until(async () => (await filesBelow(to)) !== '', child);
    // The first cycle of the process is cold.
    await nextCycle(store, child);
    const quiet = wanted.quiet ? await quietCycles(store, usageFile, child) : undefined;
    const bucket = () => filesBelow(join(store, 'targets'));
    const delays = wanted.delay ? await delaysOf({ change, bucket, to, children: [child] }) : [];
    return { quiet, delays };
  } finally {
    await stop(child);
  }
}

async function quietCycles(store: string, usageFile: string, child: ChildProcess): Promise<Figures> {
  const look = async () => {
    const usage = await readUsage(child.pid ?? 0);
    if (usage === undefined) throw new Error('muster dev has ended');
    return { ...usage, split: await askUsage(usageFile, child), at: performance.now() / 1000 };
  };
  const before = await look();
  for (let cycle = 0; cycle < times; cycle += 1) await nextCycle(store, child);
  const after = await look();
  // What was counted are cycles, and not writes of one.
  if ((after.at - before.at) / times < 0.7 * listingInterval)
    throw new Error(`${times} cycles ended within ${(after.at - before.at).toFixed(1)} s`);
  const { main, collection, v8, pool } = usageBetween(before.split, after.split);
  const sums = { cpu: after.cpu - before.cpu, main, collection, v8, pool };
  const means = Object.entries(sums).map(([name, value]) => [name, value / times]);
  return { ...Object.fromEntries(means), peak: after.memory };
}

async function askUsage(file: string, child: ChildProcess): Promise<Usage> {
  const timeOf = async () => (await stat(file).catch(() => undefined))?.mtimeMs;
  const before = await timeOf();
  child.kill('SIGUSR2');
  await until(async () => (await timeOf()) !== before, child);
  // It is written in one go, but not in no time.
  await sleep(50);
  return JSON.parse(await readFile(file, 'utf8'));
}

/** Waits for the end of the next cycle: its status is the last thing that it writes. */
async function nextCycle(store: string, child: ChildProcess): Promise<void> {
  const folder = join(store, 'status');
  const before = await filesBelow(folder);
  await until(async () => (await filesBelow(folder)) !== before, child);
}

/**
 * The same delays with S3 (an emulator), `muster run --loop`, and a sidecar that polls once an hour and is told of changes
 * by SQS. `configOf` makes the configuration for a store.
 */
export async function benchSqs(
  folder: string,
  configOf: (store: string) => string,
  change: () => Promise<void>,
): Promise<readonly Figures[]> {
  const moto = await startMoto({ threaded: true });
  const options = { endpoint: moto.endpoint, region: 'us-east-1', credentials: motoCredentials };
  const bucket = await moto.createBucket();
  const store = createS3Store({ bucket, ...options });
  const children: ChildProcess[] = [];
  try {
    const queue = await subscribe(bucket, options);
    const [config, to] = [join(folder, 'sqs.yml'), join(folder, 'to-sqs')];
    await writeFile(config, configOf(`s3://${bucket}`));
    children.push(
      startMuster(['run', '-c', config, '--loop', '--interval', `${listingInterval}s`], moto.env),
    );
    const sync = ['sync', '--from', `s3://${bucket}`, '--to', to, '--interval', '1h', '--sqs', queue];
    children.push(startMuster(sync, moto.env));
    await until(async () => (await filesBelow(to)) !== '', ...children);
    const published = async () =>
      (await store.list('targets/')).map(({ key, etag }) => `${key} ${etag}`).join('\n');
    return await delaysOf({ change, bucket: published, to, children });
  } finally {
    for (const child of children) await stop(child);
    await store[Symbol.asyncDispose]();
    await moto.stop();
  }
}

/** A queue that is told of all that is written to the bucket. */
async function subscribe(
  bucket: string,
  options: {
    readonly endpoint: string;
    readonly region: string;
    readonly credentials: typeof motoCredentials;
  },
): Promise<string> {
  const [s3, sqs] = [new S3Client({ ...options, forcePathStyle: true }), new SQSClient(options)];
  try {
    const { QueueUrl = '' } = await sqs.send(new CreateQueueCommand({ QueueName: bucket }));
    const QueueArn = `arn:aws:sqs:us-east-1:123456789012:${bucket}`;
    const QueueConfigurations = [{ QueueArn, Events: ['s3:ObjectCreated:*' as const] }];
    const NotificationConfiguration = { QueueConfigurations };
    await s3.send(
      new PutBucketNotificationConfigurationCommand({ Bucket: bucket, NotificationConfiguration }),
    );
    return QueueUrl;
  } finally {
    s3.destroy();
    sqs.destroy();
  }
}

interface DelayInput {
  readonly change: () => Promise<void>;
  /** What is published, as a text that differs after a change. */
  readonly bucket: () => Promise<string>;
  /** Folder of the mirror. */
  readonly to: string;
  readonly children: readonly ChildProcess[];
}

/** Seconds from changes in the backend to the bucket and to the disk. */
async function delaysOf({ change, bucket, to, children }: DelayInput): Promise<readonly Figures[]> {
  const delays: Figures[] = [];
  for (let time = 0; time < times; time += 1) {
    // Not always at the same moment between two cycles.
    await sleep(((time + 0.5) * listingInterval * 1000) / times);
    const [published, mirrored] = [await bucket(), await filesBelow(to)];
    await change();
    const start = performance.now();
    const since = () => (performance.now() - start) / 1000;
    let seen = 0;
    await until(
      async () => {
        if (seen === 0 && (await bucket()) !== published) seen = since();
        return (await filesBelow(to)) !== mirrored;
      },
      ...children,
    );
    const delay = since();
    delays.push({ published: seen === 0 ? delay : seen, delay });
  }
  return delays;
}

/** Names, times and sizes of the files below a folder, but for those whose name begins with a dot; empty for none. */
async function filesBelow(folder: string): Promise<string> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  const plain = entries.filter((one) => one.isFile() && !`${one.parentPath}/${one.name}`.includes('/.'));
  const lines = plain.map(async ({ parentPath, name }) => {
    const path = join(parentPath, name);
    const found = await stat(path).catch(() => undefined);
    return found === undefined ? '' : `${path} ${found.ino} ${found.mtimeMs} ${found.size}`;
  });
  return (await Promise.all(lines)).sort().join('\n');
}

function startMuster(args: readonly string[], env: Readonly<Record<string, string>>): ChildProcess {
  return spawn(process.execPath, [...nodeOptions.split(' '), '--import', usageModule, muster, ...args], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, MUSTER_LOG_LEVEL: 'error', ...env },
  });
}

/** Looks twenty times a second until it is so. Throws where a process ends before, or after `patience`. */
async function until(isSo: () => Promise<boolean>, ...children: readonly ChildProcess[]): Promise<void> {
  const end = performance.now() + patience;
  while (!(await isSo())) {
    const ended = children.find(({ exitCode, signalCode }) => exitCode !== null || signalCode !== null);
    if (ended !== undefined) throw new Error(`a process ended: ${ended.spawnargs.join(' ')}`);
    if (performance.now() > end) throw new Error(`nothing happened within ${patience / 1000} s`);
    await sleep(50);
  }
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'close');
  child.kill('SIGKILL');
  await ended;
}
