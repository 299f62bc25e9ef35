import { silentLogger } from '../../lib/base/logger.ts';
import type { ExitCode, Io } from '../../lib/cli/command.ts';
import { runCommand } from '../../lib/cli/run-muster.ts';

/** What a command printed and how it ended. */
export interface CommandResult {
  readonly code: ExitCode;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command line in this very process, on a world of the test's making. */
export async function runHere(args: readonly string[], world: Partial<Io> = {}): Promise<CommandResult> {
  let stdout = '';
  let stderr = '';
  const code = await runCommand(args, {
    out: async (text) => {
      stdout += Buffer.from(text);
    },
    err: (text) => {
      stderr += text;
    },
    log: silentLogger,
    env: {},
    outIsTerminal: false,
    errIsTerminal: false,
    signal: new AbortController().signal,
    ...world,
  });
  return { code, stdout, stderr };
}
