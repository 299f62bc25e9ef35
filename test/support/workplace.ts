import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Io } from '../../lib/cli/command.ts';
import { type CommandResult, runHere } from './io.ts';
import {
  type MusterOptions,
  type MusterResult,
  type RunningMuster,
  runMuster,
  startMuster,
} from './muster.ts';

/** A folder of a test's own, in which it runs the command; removed when the test's block ends. */
export interface Workplace extends AsyncDisposable {
  readonly folder: string;
  /** Writes a file below the folder: a text as it is, anything else as JSON (which is YAML too). */
  write(path: string, content: unknown): Promise<void>;
  read(path: string): Promise<string>;
  /** All plain files below, sorted, but for those whose path has a segment that begins with a dot; none where there is no such folder. */
  files(below?: string): Promise<readonly string[]>;
  run(args: readonly string[], options?: MusterOptions): Promise<MusterResult>;
  /** Runs a command on the folder's `muster.yml` in the test's own process, which takes a tenth of the time. */
  here(args: readonly string[], world?: Partial<Io>): Promise<CommandResult>;
  start(args: readonly string[], options?: MusterOptions): RunningMuster;
}

/** Makes the folder, with this `muster.yml` if one is given. */
export async function makeWorkplace(config?: unknown): Promise<Workplace> {
  const folder = await mkdtemp(join(tmpdir(), 'muster-place-'));
  const at = (path: string) => join(folder, path);
  const place: Workplace = {
    folder,
    async write(path, content) {
      await mkdir(dirname(at(path)), { recursive: true });
      await writeFile(at(path), typeof content === 'string' ? content : JSON.stringify(content));
    },
    read: (path) => readFile(at(path), 'utf8'),
    async files(below = '.') {
      if (!existsSync(at(below))) return [];
      const entries = await readdir(at(below), { recursive: true, withFileTypes: true });
      return entries
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name).slice(at(below).length + 1))
        .filter((path) => !path.split('/').some((segment) => segment.startsWith('.')))
        .sort();
    },
    run: (args, options) => runMuster(args, { cwd: folder, ...options }),
    here: (args, world) => runHere([...args, '-c', at('muster.yml')], world),
    start: (args, options) => startMuster(args, { cwd: folder, ...options }),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
  if (config !== undefined) await place.write('muster.yml', config);
  return place;
}

/** A `muster.yml` with one job `api` that asks this Consul. */
export function consulConfig(server: string, more: Readonly<Record<string, unknown>> = {}): object {
  return { scrape_configs: [{ job_name: 'api', consul_sd_configs: [{ server }], ...more }] };
}
