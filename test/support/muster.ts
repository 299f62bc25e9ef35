import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { compileCache, spawnWatched } from './process.ts';

const root = join(import.meta.dirname, '../..');

export interface MusterOptions {
  /** Beside PATH and HOME there is nothing else in its environment. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string | undefined;
  /** The command and what stands before the arguments. Default: Node on the source, so that nothing need be built. */
  readonly command?: readonly [string, ...string[]] | undefined;
}

/** How a command ended. */
export interface MusterResult {
  /** Exit code, or the signal that killed it. */
  readonly code: number | NodeJS.Signals;
  readonly stdout: string;
  readonly stderr: string;
}

/** A command at work. */
export interface RunningMuster extends AsyncDisposable {
  /** What it has printed so far. */
  stdout(): string;
  stderr(): string;
  /** Waits until its output holds the text and returns the match; throws with the output when it ends before that. */
  waitFor(pattern: RegExp): Promise<RegExpExecArray>;
  /** Sends the signal and waits for the end. Default SIGTERM. */
  stop(signal?: NodeJS.Signals): Promise<MusterResult>;
  /** Sends a signal that does not end it. */
  signal(name: NodeJS.Signals): void;
  /** Its end, whatever brings it about. */
  readonly ended: Promise<MusterResult>;
  /** Stops reading its standard output, as `head` does when it has seen enough. */
  closeStdout(): void;
}

/** Runs the `muster` command as a user does, to its end. */
export async function runMuster(args: readonly string[], options: MusterOptions = {}): Promise<MusterResult> {
  await using running = startMuster(args, options);
  return await running.ended;
}

/** Starts the `muster` command; it is killed when the test's block ends (`await using`) or the test process dies. */
export function startMuster(args: readonly string[], options: MusterOptions = {}): RunningMuster {
  const [command, ...before] = options.command ?? [process.execPath, join(root, 'lib/cli/main.ts')];
  const child = spawnWatched(command, [...before, ...args], {
    env: { ...baseEnvironment, ...options.env },
    cwd: options.cwd,
  });
  const printed = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]?.setEncoding('utf8').on('data', (text: string) => {
      printed[name] += text;
    });
  }
  // The watcher shares the output, so that only its own end closes it.
  child.once('exit', () => child.stdio[3]?.destroy());
  const ended = once(child, 'close').then((): MusterResult => {
    return { code: child.exitCode ?? child.signalCode ?? 'SIGKILL', ...printed };
  });
  let over = false;
  ended.finally(() => {
    over = true;
  });
  return {
    stdout: () => printed.stdout,
    stderr: () => printed.stderr,
    ended,
    async waitFor(pattern) {
      for (;;) {
        const match = pattern.exec(printed.stdout) ?? pattern.exec(printed.stderr);
        if (match !== null) return match;
        if (over) throw new Error(`ended without ${pattern}:\n${printed.stdout}\n${printed.stderr}`);
        await sleep(20);
      }
    },
    stop(signal = 'SIGTERM') {
      child.kill(signal);
      return ended;
    },
    signal: (name) => child.kill(name),
    closeStdout: () => child.stdout?.destroy(),
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

const baseEnvironment: Readonly<Record<string, string>> = {
  PATH: process.env.PATH ?? '',
  HOME: process.env.HOME ?? '',
  ...compileCache,
};
