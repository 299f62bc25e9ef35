import { once } from 'node:events';
import { MusterError } from '../errors.ts';
import { createLogger, type LogLevel, logLevels } from '../telemetry/log.ts';
import { version } from '../version.ts';
import { type Command, type ExitCode, exitCodes, type Io, UsageError } from './command.ts';

/** All sub-commands, in the order of the help; each is loaded when it is called. */
const commands: Readonly<
  Record<string, { readonly summary: string; readonly load: () => Promise<Command> }>
> = {
  check: {
    summary: 'Validate the configuration, list jobs and providers',
    load: async () => (await import('./check.ts')).check,
  },
  targets: {
    summary: 'Discover once and print the targets, write nothing',
    load: async () => (await import('./targets.ts')).targets,
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
  history: { summary: 'Show the changes of a job', load: async () => (await import('./history.ts')).history },
  accept: {
    summary: 'Let the guard publish what it holds',
    load: async () => (await import('./accept.ts')).accept,
  },
  dev: {
    summary: 'Scheduler and sidecar in one process, for one machine',
    load: async () => (await import('./dev.ts')).dev,
  },
  demo: {
    summary: 'The same over a simulated registry that changes while you watch',
    load: async () => (await import('./demo.ts')).demo,
  },
};

/**
 * Runs the command line and gives the exit code. What was asked for goes to standard output, all else to standard
 * error. The first SIGINT or SIGTERM ends the command in order, a second one at once.
 */
export async function runMuster(args: readonly string[]): Promise<ExitCode> {
  const stop = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.once(name, () => {
      stop.abort();
      process.once(name, () => process.exit(exitCodes.failed));
    });
  }
  // A reader that leaves early, as `head` does, is no error.
  process.stdout.on('error', (error: NodeJS.ErrnoException) =>
    process.exit(error.code === 'EPIPE' ? exitCodes.good : exitCodes.failed),
  );
  const io: Io = {
    out: async (text) => {
      if (!process.stdout.write(text)) await once(process.stdout, 'drain');
    },
    err: (text) => process.stderr.write(text),
    log: createLogger({
      level: logLevel(process.env.MUSTER_LOG_LEVEL),
      write: (line) => process.stderr.write(line),
    }),
    env: process.env,
    outIsTerminal: process.stdout.isTTY === true,
    errIsTerminal: process.stderr.isTTY === true,
    signal: stop.signal,
  };
  return runCommand(args, io);
}

/** Runs one command line on the given world. */
export async function runCommand([name, ...args]: readonly string[], io: Io): Promise<ExitCode> {
  if (name === undefined || name === 'help' || name === '--help' || name === '-h') {
    await io.out(overview());
    return name === undefined ? exitCodes.usage : exitCodes.good;
  }
  if (name === '--version' || name === 'version') {
    await io.out(`muster ${version}\n`);
    return exitCodes.good;
  }
  const command = Object.hasOwn(commands, name) ? await commands[name]?.load() : undefined;
  if (command === undefined) {
    io.err(`muster: unknown command "${name}"; see "muster --help"\n`);
    return exitCodes.usage;
  }
  if (args.includes('--help') || args.includes('-h')) {
    await io.out(command.help);
    return exitCodes.good;
  }
  try {
    return await command.main(args, io);
  } catch (error) {
    if (error instanceof UsageError) {
      io.err(`muster ${name}: ${error.message}; see "muster ${name} --help"\n`);
      return exitCodes.usage;
    }
    io.err(`muster ${name}: ${describe(error)}\n`);
    return exitCodes.failed;
  }
}

function describe(error: unknown): string {
  if (error instanceof MusterError && error.kind !== 'internal') return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

function logLevel(name: string | undefined): LogLevel {
  return logLevels.find((level) => level === name) ?? 'info';
}

function overview(): string {
  const width = Math.max(...Object.keys(commands).map((name) => name.length));
  const rows = Object.entries(commands).map(([name, { summary }]) => `  ${name.padEnd(width)}  ${summary}\n`);
  return `Muster: serverless service discovery for Prometheus.

Usage: muster COMMAND [options]

Commands:
${rows.join('')}
"muster COMMAND --help" tells more, with an example. Exit codes: 0 good, 1 failed, 2 wrong usage or configuration.
`;
}
