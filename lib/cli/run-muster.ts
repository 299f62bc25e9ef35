import { isMusterError, MusterError, oneLine, toMusterError } from '../base/errors.ts';
import { createLogger, type LogFormat, type LogLevel, readLogLevel } from '../base/logger.ts';
import { version } from '../base/version.ts';
import { ConfigError, formatProblems, nearest } from '../config/problem.ts';
import { type Command, type ExitCode, exitCodes, type Io, UsageError } from './command.ts';
import type { DescribedCommand } from './completion.ts';
import { counted } from './output.ts';

/** All sub-commands, in the order of the help. Each is loaded when it is called. */
const commands: Readonly<
  Record<string, { readonly summary: string; readonly load: () => Promise<Command> }>
> = {
  init: {
    summary: 'Look around and write a muster.yml',
    load: async () => (await import('./init.ts')).init,
  },
  check: {
    summary: 'Validate the configuration, list jobs and providers',
    load: async () => (await import('./check.ts')).check,
  },
  doctor: {
    summary: 'Check what Muster needs from this machine, and say what is wrong',
    load: async () => (await import('./doctor.ts')).doctor,
  },
  adopt: {
    summary: 'Take over the discovery of a prometheus.yml, or give it back',
    load: async () => (await import('./adopt.ts')).adopt,
  },
  targets: {
    summary: 'Discover once and print the targets, write nothing',
    load: async () => (await import('./targets.ts')).targets,
  },
  plan: {
    summary: 'Say what a configuration would change, write nothing',
    load: async () => (await import('./plan.ts')).plan,
  },
  run: {
    summary: 'Run one cycle of each provider into the store',
    load: async () => (await import('./run.ts')).run,
  },
  sync: {
    summary: 'Mirror a store into a folder for Prometheus',
    load: async () => (await import('./sync.ts')).sync,
  },
  status: {
    summary: 'Show what each provider last did',
    load: async () => (await import('./status.ts')).status,
  },
  explain: {
    summary: 'Say where a target is, or when and why it left',
    load: async () => (await import('./explain.ts')).explain,
  },
  history: {
    summary: 'Show the versions of a job, or the life of one target',
    load: async () => (await import('./history.ts')).history,
  },
  show: {
    summary: 'Print the full list of a job as of a version or a time',
    load: async () => (await import('./versions.ts')).show,
  },
  diff: {
    summary: 'Show what changed between two versions of a job',
    load: async () => (await import('./versions.ts')).diff,
  },
  rollback: {
    summary: 'Publish the list of an old version again',
    load: async () => (await import('./operator.ts')).rollback,
  },
  pin: {
    summary: 'Keep the list of a job as it is, until the pin ends',
    load: async () => (await import('./operator.ts')).pin,
  },
  unpin: { summary: 'End a pin', load: async () => (await import('./operator.ts')).unpin },
  reject: {
    summary: 'Reject removals that the gate holds',
    load: async () => (await import('./operator.ts')).reject,
  },
  accept: {
    summary: 'Accept removals that the gate holds',
    load: async () => (await import('./accept.ts')).accept,
  },
  held: { summary: 'Show what the gate holds', load: async () => (await import('./held.ts')).held },
  retire: {
    summary: 'Retire a job that left the configuration, at once',
    load: async () => (await import('./retire.ts')).retire,
  },
  'kube-state': {
    summary: 'Print the kube-state metrics of a cluster, or publish them',
    load: async () => (await import('./kube-state.ts')).kubeState,
  },
  monitors: {
    summary: "Print a cluster's ServiceMonitors, PodMonitors and Probes as scrape_configs",
    load: async () => (await import('./monitors.ts')).monitors,
  },
  'deploy-check': {
    summary: 'Check a deployment on AWS: bucket, schedules, last cycles',
    load: async () => (await import('./deploy-check.ts')).deployCheck,
  },
  cost: {
    summary: 'Estimate what a deployment on AWS costs a month',
    load: async () => (await import('./cost.ts')).cost,
  },
  schema: {
    summary: 'Print the JSON schema of muster.yml, or its reference',
    load: async () => (await import('./schema.ts')).schema,
  },
  completion: {
    summary: 'Print completion for bash, zsh or fish, or the manual page',
    load: async () => (await import('./completion.ts')).completionOf(describeAll),
  },
  dev: {
    summary: 'Scheduler and sidecar in one process, for one machine',
    load: async () => (await import('./dev.ts')).dev,
  },
  demo: {
    summary: 'The same with simulated backends that change while you watch',
    load: async () => (await import('./demo.ts')).demo,
  },
};

/** All commands with their summaries. */
async function describeAll(): Promise<readonly DescribedCommand[]> {
  return Promise.all(
    Object.values(commands).map(async ({ summary, load }) => ({ ...(await load()), summary })),
  );
}

/** Signals that end a command. Source of the numbers: POSIX, the `kill` utility; a shell adds 128 to them. */
const signals = [
  ['SIGHUP', 1],
  ['SIGINT', 2],
  ['SIGTERM', 15],
] as const;

/**
 * Runs the command line and returns the exit code. The result goes to standard output, everything else to standard
 * error. The first SIGINT, SIGTERM or SIGHUP ends the command in order, a second one at once. A command that a signal
 * has interrupted exits with 128 plus the signal's number: 130 after Ctrl-C. Some commands take SIGHUP as "read again".
 */
export async function runMuster(args: readonly string[]): Promise<number> {
  const stop = new AbortController();
  let interrupted: number | undefined;
  let reload: (() => void) | undefined;
  for (const [name, number] of signals) {
    process.on(name, () => {
      if (name === 'SIGHUP' && reload !== undefined) return reload();
      if (interrupted !== undefined) return endBySignal(name);
      interrupted = 128 + number;
      stop.abort();
    });
  }
  // A reader that leaves early, as `head` does, is not an error.
  process.stdout.on('error', (error: NodeJS.ErrnoException) =>
    process.exit(error.code === 'EPIPE' ? exitCodes.good : exitCodes.failed),
  );
  // A sidecar must not end because nobody reads its log.
  process.stderr.on('error', () => undefined);
  let level: LogLevel;
  try {
    level = readLogLevel(process.env);
  } catch (error) {
    process.stderr.write(`muster: ${toMusterError(error).message}\n`);
    return exitCodes.usage;
  }
  const logAs = (format: LogFormat) =>
    createLogger({ level, format, write: (line) => process.stderr.write(line) });
  const io: Io = {
    out: (text) => new Promise((resolve) => process.stdout.write(text, () => resolve())),
    err: (text) => process.stderr.write(text),
    log: logAs('text'),
    logAs,
    onHangup(callback) {
      reload = callback;
    },
    env: process.env,
    outIsTerminal: process.stdout.isTTY === true,
    // A terminal may change its size while a command runs.
    get outColumns() {
      return process.stdout.isTTY ? process.stdout.columns : undefined;
    },
    errIsTerminal: process.stderr.isTTY === true,
    signal: stop.signal,
  };
  const code = await runCommand(args, io);
  if (stop.signal.aborted) setTimeout(() => endBySignal('SIGTERM'), exitTimeout).unref();
  return code === exitCodes.failed && interrupted !== undefined ? interrupted : code;
}

/**
 * Milliseconds until the process is ended after an interrupted command: what still runs then hangs on a disk or a pipe.
 */
const exitTimeout = 2000;

/**
 * Ends the process at once: `process.exit` waits for threads, and one that opens a pipe without a writer never ends.
 */
function endBySignal(name: NodeJS.Signals): void {
  process.removeAllListeners(name);
  process.kill(process.pid, name);
}

/** Runs one command line in the given world. */
export async function runCommand([name, ...args]: readonly string[], io: Io): Promise<ExitCode> {
  if (name === undefined) {
    io.err(overview());
    return exitCodes.usage;
  }
  if (name === 'help' || name === '--help' || name === '-h') return help(args, io);
  if (name === '--version' || name === '-V' || name === 'version') {
    await io.out(`muster ${version}\n`);
    return exitCodes.good;
  }
  const command = await findCommand(name);
  if (command === undefined) return unknown(name, io);
  if (args.includes('--help') || args.includes('-h')) {
    await io.out(command.help);
    return exitCodes.good;
  }
  try {
    return await command.main(args, io);
  } catch (error) {
    io.err(`${explain(error, name, io.signal)}\n`);
    const isWrong = error instanceof UsageError || isMusterError(error, 'config');
    return isWrong ? (command.wrongUsage ?? exitCodes.usage) : exitCodes.failed;
  }
}

async function findCommand(name: string): Promise<Command | undefined> {
  return Object.hasOwn(commands, name) ? await commands[name]?.load() : undefined;
}

/** `muster help`, `muster help COMMAND` */
async function help([name]: readonly string[], io: Io): Promise<ExitCode> {
  const command = name === undefined ? undefined : await findCommand(name);
  if (name !== undefined && command === undefined) return unknown(name, io);
  await io.out(command?.help ?? overview());
  return exitCodes.good;
}

function unknown(name: string, io: Io): ExitCode {
  const meant = nearest(name, [...Object.keys(commands), 'help', 'version']);
  const hint = meant === undefined ? 'see "muster --help"' : `did you mean "${meant}"?`;
  io.err(`muster: unknown command "${oneLine(name)}"; ${hint}\n`);
  return exitCodes.usage;
}

function explain(error: unknown, name: string, signal: AbortSignal): string {
  if (error instanceof UsageError)
    return `muster ${name}: ${oneLine(error.message)}; see "muster ${name} --help"`;
  if (error instanceof ConfigError) {
    const { origin, problems } = error;
    return `${formatProblems(origin, problems)}\nmuster ${name}: ${counted(problems.length, 'problem')} in ${origin}`;
  }
  if (isMusterError(error, 'timeout') && signal.aborted) return `muster ${name}: stopped before the end`;
  if (error instanceof MusterError && error.kind !== 'internal') return `muster ${name}: ${error.message}`;
  return `muster ${name}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
}

function overview(): string {
  const width = Math.max(...Object.keys(commands).map((name) => name.length));
  const rows = Object.entries(commands).map(([name, { summary }]) => `  ${name.padEnd(width)}  ${summary}\n`);
  return `Muster: serverless service discovery for Prometheus.

Usage: muster COMMAND [options]

Commands:
${rows.join('')}
"muster help COMMAND" shows more, with examples. Exit codes: 0 good, 1 failed, 2 wrong usage or configuration, 130
after an interrupt. "muster plan" exits with 2 when something would change, and with 1 for every error.
`;
}
