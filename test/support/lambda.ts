import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import * as z from 'zod';

const answerSchema = z.object({
  loaded: z.literal(true).optional(),
  /** What the handler returned. */
  result: z.unknown().optional(),
  error: z.object({ name: z.string(), message: z.string() }).optional(),
  /** The time was over before the handler was done. */
  killed: z.literal(true).optional(),
});

/** How an invocation ended. */
type Answer = Omit<z.output<typeof answerSchema>, 'loaded'>;

/** A warm process of a packaged function. */
export interface LambdaProcess {
  /**
   * Invokes it and waits for its end; default 30 s of time. It is killed when the time is over, or `grace` milliseconds
   * later: a busy machine may stop a process that would have been in time.
   */
  invoke(event: unknown, milliseconds?: number, grace?: number): Promise<Answer>;
  /** What it has written so far, line by line; of both streams, as Lambda keeps them in one log. */
  log(): readonly string[];
  stop(): Promise<void>;
}

/** Unpacks a function's package into a folder of its own. */
export async function unpack(zip: string): Promise<{ readonly folder: string; remove(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'muster-function-'));
  await promisify(execFile)('/usr/bin/python3', ['-m', 'zipfile', '-e', zip, folder]);
  return { folder, remove: () => rm(folder, { recursive: true, force: true }) };
}

/** Starts a process on the unpacked package, with this environment and no other; a cold start. */
export async function startLambda(
  folder: string,
  mechanism: string,
  env: Readonly<Record<string, string>>,
): Promise<LambdaProcess> {
  const args = [
    join(import.meta.dirname, 'lambda-process.ts'),
    join(folder, `dist/functions/${mechanism}/index.mjs`),
    `muster-test-${mechanism}`,
  ];
  // Both streams in one pipe: an answer is read after all that was written before it.
  const merged = ['-c', 'exec "$@" 2>&1', 'sh', process.execPath, ...args];
  const child = spawn('/bin/sh', merged, { cwd: folder, env, stdio: ['pipe', 'pipe', 'inherit'] });
  const log: string[] = [];
  const waiting: ((answer: z.output<typeof answerSchema>) => void)[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => {
    if (line.startsWith('\u0001')) waiting.shift()?.(answerSchema.parse(JSON.parse(line.slice(1))));
    else log.push(line);
  });
  const closed = once(child, 'close');
  const next = async () => {
    const { promise, resolve } = Promise.withResolvers<z.output<typeof answerSchema>>();
    waiting.push(resolve);
    const died = closed.then(() => {
      throw new Error(`the process of ${mechanism} died:\n${log.join('\n')}`);
    });
    return await Promise.race([promise, died]);
  };
  await next();
  return {
    async invoke(event, milliseconds = 30_000, grace = 0) {
      const answer = next();
      child.stdin.write(`${JSON.stringify({ event, milliseconds, grace })}\n`);
      return await answer;
    },
    log: () => log,
    async stop() {
      child.kill('SIGKILL');
      await closed;
    },
  };
}
