import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

/** What a whole process took. */
export interface Measured {
  /** User and system time, seconds. */
  readonly cpu: number;
  /** From start to end, seconds. */
  readonly wall: number;
  /** Peak of the resident memory, MB (10^6 bytes). */
  readonly memory: number;
  readonly code: number | null;
  readonly errors: string;
}

export interface MeasureOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string | undefined;
  /** Takes the standard output as it comes; without it the output is read and dropped. */
  readonly onOutput?: (chunk: Buffer) => void;
}

/**
 * Runs a program and measures it from outside, by its entries in /proc, read every 10 ms until it ends: what it does
 * after the last look, 10 ms at most, is lost. Linux only.
 */
export async function measure(
  command: string,
  args: readonly string[],
  { env, cwd, onOutput }: MeasureOptions = {},
): Promise<Measured> {
  const start = performance.now();
  const child = spawn(command, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
    cwd,
  });
  let errors = '';
  child.stdout.on('data', (chunk: Buffer) => onOutput?.(chunk));
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors = (errors + text).slice(-4000);
  });
  const closed = once(child, 'close');
  let usage = { cpu: 0, memory: 0 };
  while (child.exitCode === null && child.signalCode === null) {
    usage = (await readUsage(child.pid ?? 0)) ?? usage;
    await sleep(10);
  }
  await closed;
  return { ...usage, wall: (performance.now() - start) / 1000, code: child.exitCode, errors };
}

/**
 * Several runs of a program as one; each number is the middle one of its own. Of a process that lives a second one run
 * alone says more of the machine than of the program. Throws when a run failed.
 */
export function medianOf(runs: readonly Measured[]): Measured {
  for (const { code, errors } of runs) if (code !== 0) throw new Error(errors);
  const middle = (of: (measured: Measured) => number) =>
    runs.map(of).sort((a, b) => a - b)[Math.floor(runs.length / 2)] ?? 0;
  return {
    cpu: middle(({ cpu }) => cpu),
    wall: middle(({ wall }) => wall),
    memory: middle(({ memory }) => memory),
    code: 0,
    errors: '',
  };
}

/** Clock ticks a second in /proc; 100 on every Linux that Node runs on. */
const ticks = 100;

/** CPU seconds so far and peak memory (MB) of a process that runs; `undefined` when it has ended. */
export async function readUsage(pid: number): Promise<{ cpu: number; memory: number } | undefined> {
  try {
    const [stat, status] = await Promise.all([
      readFile(`/proc/${pid}/stat`, 'utf8'),
      readFile(`/proc/${pid}/status`, 'utf8'),
    ]);
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const peak = /^VmHWM:\s+(\d+) kB/m.exec(status)?.[1];
    if (peak === undefined) return undefined;
    return { cpu: (Number(fields[11]) + Number(fields[12])) / ticks, memory: (Number(peak) * 1024) / 1e6 };
  } catch {
    return undefined;
  }
}
