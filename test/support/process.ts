import { type ChildProcess, spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** A program to start, with what depends on its ports. */
export interface ProgramStart {
  readonly command: string;
  /** How many free ports it needs. Default 1. */
  readonly ports?: number;
  readonly args: (ports: readonly number[]) => readonly string[];
  /** URL that answers with 2xx once the program is ready, or for programs without HTTP a look whether it is. */
  readonly ready: (ports: readonly number[]) => string | Promise<boolean>;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string | undefined;
  /** Milliseconds until it must be ready. Default 60 s: machines that test are busy. */
  readonly patience?: number;
}

export interface RunningProgram {
  readonly pid: number;
  readonly ports: readonly number[];
  /** What it has printed so far, for the message of a failing test. */
  output(): string;
  /** Kills it and all that it started (SIGKILL), and waits for its end. */
  stop(): Promise<void>;
}

/** Starts a program on free loopback ports and waits until it is ready; throws with its output when it is not. */
export async function startProcess(start: ProgramStart): Promise<RunningProgram> {
  for (let attempt = 1; ; attempt++) {
    const ports = await freePorts(start.ports ?? 1);
    const running = run(start, ports);
    if (await isReady(() => start.ready(ports), running, start.patience ?? 60_000)) return running;
    await running.stop();
    // Somebody else may take a free port before the program does.
    if (attempt < 3 && /address already in use/i.test(running.output())) continue;
    throw new Error(`${start.command} did not become ready; it printed:\n${running.output()}`);
  }
}

/**
 * Ports on loopback that were free just now. None of those which the system itself gives to connections and to servers
 * that take any: such a one could be gone before the program has it. Workers of Jest never choose the same.
 */
export async function freePorts(count: number): Promise<readonly number[]> {
  const ports: number[] = [];
  while (ports.length < count) {
    turn = (turn + 1) % turns;
    const port = lowest + turn * workers + worker;
    if (await isFree(port)) ports.push(port);
  }
  return ports;
}

/** Below 32768, where Linux begins to choose by itself, and above the ports that browsers refuse. */
const [lowest, highest] = [11_000, 31_992];
const workers = 16;
const worker = Number(process.env.JEST_WORKER_ID ?? 1) % workers;
const turns = (highest - lowest) / workers;
let turn = randomInt(turns);

async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port, '127.0.0.1');
  try {
    await once(server, 'listening');
  } catch {
    return false;
  }
  await once(server.close(), 'close');
  return true;
}

/** The flags of Node that the image and the unit file start Muster with. */
export const imageFlags = ['--expose-gc', '--max-semi-space-size=4'];

/** For processes of Node: it keeps what it made of the source, which halves the time of a start. */
export const compileCache = { NODE_COMPILE_CACHE: join(tmpdir(), `muster-tests-${userInfo().uid}`) };

interface Spawned extends RunningProgram {
  hasEnded(): boolean;
}

const wrapper = '{ read -r _ <&3; kill -KILL 0; } & exec "$@" 3<&-';

/**
 * Runs the program in a process group of its own, beside a watcher which kills the group once its pipe (the child's
 * fourth) ends: also when this process is killed and can no longer clean up.
 */
export function spawnWatched(
  command: string,
  args: readonly string[],
  options: { readonly env: NodeJS.ProcessEnv; readonly cwd?: string | undefined },
): ChildProcess {
  return spawn('/bin/sh', ['-c', wrapper, 'sh', command, ...args], {
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    ...options,
  });
}

function run({ command, args, env, cwd }: ProgramStart, ports: readonly number[]): Spawned {
  const child = spawnWatched(command, args(ports), { env: { ...environment(), ...env }, cwd });
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const printed = collectOutput(child);
  return {
    pid: child.pid ?? 0,
    ports,
    output: printed,
    hasEnded: () => child.exitCode !== null || child.signalCode !== null,
    async stop() {
      child.stdio[3]?.destroy();
      await ended;
    },
  };
}

/** This process's own, without what leads a program to somebody's account or proxy. */
function environment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^AWS_|_proxy$/i.test(name)));
}

const longestOutput = 200_000;

function collectOutput(child: ChildProcess): () => string {
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (chunk: string) => {
      text = (text + chunk).slice(-longestOutput);
    });
  }
  return () => text;
}

async function isReady(
  look: () => string | Promise<boolean>,
  running: Spawned,
  patience: number,
): Promise<boolean> {
  const deadline = Date.now() + patience;
  while (Date.now() < deadline && !running.hasEnded()) {
    const seen = look();
    const isThere = typeof seen === 'string' ? answers(seen) : seen;
    // A program that is just starting can take a question and never answer it.
    if (await Promise.race([isThere, sleep(longestLook, false, { ref: false })])) return true;
    await sleep(50);
  }
  return false;
}

const longestLook = 5_000;

async function answers(url: string): Promise<boolean> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(2_000) });
    await response.arrayBuffer();
    return response.ok;
  } catch {
    return false;
  }
}
