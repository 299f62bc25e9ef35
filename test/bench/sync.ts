import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createS3Store } from '../../lib/store/s3/store.ts';
import type { ObjectStore } from '../../lib/store/store.ts';
import { requireProgram } from '../support/find-program.ts';
import { type Moto, motoCredentials, startMoto } from '../support/moto.ts';
import { freePorts } from '../support/process.ts';
import { type Measured, measure, readUsage } from './measure.ts';

const muster = join(import.meta.dirname, '../../dist/muster.mjs');

/** Files, and targets in each. */
const size = { files: 1000, targets: 100 };

/** Quiet rounds of the sidecar over which is averaged. */
const quietRounds = 10;

/** The bars: CPU as a share of rclone's, memory in MB. */
const bars = { ratio: 1, memory: 150 };

/**
 * `npm run bench -- sync [FILES]`: a first mirror, a quiet poll and the change of one file, by `muster sync` and by
 * `rclone sync`, from one bucket. Once as whole processes, then as a poll of the sidecar at work, beside the process
 * that rclone needs for each of its polls.
 */
export async function benchSync([files = `${size.files}`]: readonly string[]): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'muster-bench-'));
  const moto = await startMoto();
  try {
    const bucket = await moto.createBucket();
    const { endpoint } = moto;
    const store = createS3Store({ bucket, endpoint, region: 'us-east-1', credentials: motoCredentials });
    for (let file = 0; file < Number(files); file += 1) await publish(store, file, 0);
    const ours = await benchProcesses(store, 1, (once) =>
      runMuster(once, moto, bucket, join(folder, 'muster')),
    );
    const theirs = await benchProcesses(store, 2, () => runRclone([], moto, bucket, join(folder, 'rclone')));
    const lean = await benchProcesses(store, 3, () =>
      runRclone(['--size-only'], moto, bucket, join(folder, 'lean')),
    );
    const sidecar = await benchSidecar(store, moto, bucket, join(folder, 'sidecar'));
    await store[Symbol.asyncDispose]();
    print([
      ...rows('muster sync --once', ours, theirs),
      ...rows('muster sync, the sidecar at work', sidecar, theirs),
      ...rows('rclone sync', theirs, theirs),
      ...rows('rclone sync --size-only', lean, theirs),
    ]);
    const over = [
      ...(['quiet', 'change'] as const).filter((step) => sidecar[step].cpu > bars.ratio * theirs[step].cpu),
      ...(['first', 'quiet', 'change'] as const).filter(
        (step) => Math.max(ours[step].memory, sidecar[step].memory) > bars.memory,
      ),
    ];
    process.stdout.write(over.length === 0 ? '\nwithin the bars\n' : `\nover a bar: ${over.join(', ')}\n`);
  } finally {
    await moto.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

type Usage = Pick<Measured, 'cpu' | 'wall' | 'memory'>;
interface Steps {
  readonly first: Usage;
  readonly quiet: Usage;
  readonly change: Usage;
}

async function benchProcesses(
  store: ObjectStore,
  version: number,
  run: (once: string) => Promise<Measured>,
): Promise<Steps> {
  const good = async () => {
    const measured = await run('--once');
    if (measured.code !== 0) throw new Error(measured.errors);
    return measured;
  };
  const first = await good();
  const quiet = await good();
  await publish(store, 7, version);
  return { first, quiet, change: await good() };
}

function runMuster(once: string, { env }: Moto, bucket: string, to: string): Promise<Measured> {
  return measure(process.execPath, [muster, 'sync', '--from', `s3://${bucket}`, '--to', to, once], { env });
}

function runRclone(flags: readonly string[], moto: Moto, bucket: string, to: string): Promise<Measured> {
  const env = {
    RCLONE_CONFIG: '',
    AWS_CA_BUNDLE: '',
    RCLONE_S3_PROVIDER: 'Other',
    RCLONE_S3_ENDPOINT: moto.endpoint,
    RCLONE_S3_ACCESS_KEY_ID: motoCredentials.accessKeyId,
    RCLONE_S3_SECRET_ACCESS_KEY: motoCredentials.secretAccessKey,
  };
  const args = ['sync', `:s3:${bucket}/targets`, to, ...flags];
  return measure(requireProgram('rclone'), args, { env });
}

/** The sidecar, from its start to the end of its first round, over quiet rounds, and over the round of a change. */
async function benchSidecar(store: ObjectStore, { env }: Moto, bucket: string, to: string): Promise<Steps> {
  const [port = 0] = await freePorts(1);
  const listen = `127.0.0.1:${port}`;
  const args = ['sync', '--from', `s3://${bucket}`, '--to', to, '--interval', '1s', '--listen', listen];
  const child = spawn(process.execPath, [muster, ...args], {
    stdio: 'ignore',
    env: { ...process.env, ...env, MUSTER_LOG_LEVEL: 'error' },
  });
  try {
    const look = async () => {
      const usage = await readUsage(child.pid ?? 0);
      if (usage === undefined) throw new Error('the sidecar has ended');
      return { ...usage, at: performance.now() / 1000 };
    };
    const start = performance.now() / 1000;
    await sampleAtLeast(listen, rounds, 1);
    const mirrored = await look();
    const quietFrom = await sampleAtLeast(listen, rounds, 25);
    const before = await look();
    const quietTo = await sampleAtLeast(listen, rounds, quietFrom + quietRounds);
    const after = await look();
    await publish(store, 7, 4);
    await sampleAtLeast(listen, changes, 2);
    const changed = await look();
    const wall = after.at - before.at;
    return {
      first: { cpu: mirrored.cpu, memory: mirrored.memory, wall: mirrored.at - start },
      quiet: {
        cpu: (after.cpu - before.cpu) / (quietTo - quietFrom),
        memory: after.memory,
        wall: wall / quietRounds,
      },
      change: { cpu: changed.cpu - after.cpu, memory: changed.memory, wall: changed.at - after.at },
    };
  } finally {
    const ended = once(child, 'close');
    child.kill('SIGTERM');
    await ended;
  }
}

const rounds = /^muster_sync_rounds_total\{result="success"\} (\d+)/m;
const changes = /^muster_sync_file_changes_total\{job="job-7",provider="consul-0"\} (\d+)/m;

/** Waits, with few looks as they cost the sidecar CPU too, until a sample has this value, and returns it. */
async function sampleAtLeast(listen: string, pattern: RegExp, least: number): Promise<number> {
  for (;;) {
    const text = await fetch(`http://${listen}/metrics`).then(
      (answer) => answer.text(),
      () => '',
    );
    const value = Number(pattern.exec(text)?.[1] ?? 0);
    if (value >= least) return value;
    await sleep(500);
  }
}

async function publish(store: ObjectStore, file: number, version: number): Promise<void> {
  const groups = Array.from({ length: size.targets }, (_, index) => {
    const address = `10.${version}.${file % 250}.${index}`;
    const meta = (name: string, value: string) => [`__meta_consul_${name}`, value] as const;
    const labels = Object.fromEntries([
      ...[meta('address', address), meta('dc', 'eu-west-1'), meta('node', `node-${file}-${index}`)],
      ...[meta('service', `service-${file}`), meta('service_id', `service-${file}-${index}-${version}`)],
      ...[meta('service_port', '9100'), meta('tags', ',production,metrics,v2,'), meta('health', 'passing')],
    ]);
    return JSON.stringify({ targets: [`${address}:9100`], labels });
  });
  const body = Buffer.from(`[\n${groups.join(',\n')}\n]\n`);
  await store.put(`targets/job-${file}/consul-0.json`, body, { condition: 'any' });
}

function rows(what: string, steps: Steps, beside: Steps): readonly (readonly string[])[] {
  return (['first', 'quiet', 'change'] as const).map((step) => {
    const { wall, cpu, memory } = steps[step];
    const ratio = (cpu / beside[step].cpu).toFixed(2);
    return [what, names[step], wall.toFixed(2), cpu.toFixed(2), memory.toFixed(0), ratio];
  });
}

const names = { first: 'first mirror', quiet: 'quiet poll', change: 'one file changed' } as const;

function print(table: readonly (readonly string[])[]): void {
  const heading = ['what', 'step', 'wall s', 'CPU s', 'peak MB', 'CPU ÷ rclone'];
  process.stdout.write(`| ${heading.join(' | ')} |\n|${heading.map(() => '---').join('|')}|\n`);
  for (const row of table) process.stdout.write(`| ${row.join(' | ')} |\n`);
}
