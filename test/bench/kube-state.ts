import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nodeOptions } from '../../infra/stack/stack.ts';
import { measure } from './measure.ts';

const project = join(import.meta.dirname, '../..');
const sizes = [10_000, 50_000];

/**
 * `npm run bench -- kube-state [PODS…]`: a whole `muster kube-state --publish` of all default resources, compression and
 * the put into a store included, on a simulated API server, with the flags that the functions run with.
 */
export async function benchKubeState(args: readonly string[]): Promise<void> {
  process.stdout.write(
    '| pods | samples | MB gzipped | CPU s | wall s | peak MB |\n|---|---|---|---|---|---|\n',
  );
  for (const pods of args.length > 0 ? args.map(Number) : sizes) {
    await using server = await startServer(pods);
    const folder = await mkdtemp(join(tmpdir(), 'muster-bench-'));
    try {
      const config = `store: ${folder}/store\nkube_state_metrics: [{name: big, deadline: 4m, kubernetes: {api_server: '${server.url}'}}]\n`;
      await writeFile(join(folder, 'muster.yml'), config);
      const command = [
        ...nodeOptions.split(' '),
        join(project, 'dist/muster.mjs'),
        'kube-state',
        '--publish',
        '-c',
        join(folder, 'muster.yml'),
      ];
      const { cpu, wall, memory, code, errors } = await measure(process.execPath, command);
      if (code !== 0) throw new Error(errors);
      const samples = /(\d+) samples/.exec(errors)?.[1] ?? '?';
      const { size } = await stat(join(folder, 'store/metrics/big.prom.gz'));
      const row = [
        pods,
        samples,
        (size / 1e6).toFixed(1),
        cpu.toFixed(1),
        wall.toFixed(1),
        memory.toFixed(0),
      ];
      process.stdout.write(`| ${row.join(' | ')} |\n`);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }
}

async function startServer(pods: number): Promise<{ readonly url: string } & AsyncDisposable> {
  const script = join(project, 'test/sim/kubernetes-main.ts');
  const child = spawn(process.execPath, [script, '--pods', String(pods), '--other-lists'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line]: Buffer[] = await once(child.stdout, 'data');
  const stop = async () => {
    child.kill();
    await once(child, 'exit');
  };
  return { url: `${line}`.trim(), [Symbol.asyncDispose]: stop };
}
