import { execFile } from 'node:child_process';
import { access, constants } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import * as z from 'zod';
import { tryParseJson } from '../base/json.ts';
import type { LabelSet } from '../targets/group.ts';

/** A target before and after the rules. It has no labels after them when they drop it, or when it cannot be scraped. */
export interface FoundTarget {
  readonly discovered: LabelSet;
  readonly labels: LabelSet | undefined;
}

/** The calls of Prometheus's own command. */
export interface Promtool {
  /** Its version, as in `3.5.3`; undefined if it does not print it. */
  readonly version: () => Promise<string | undefined>;
  /**
   * The targets that `promtool check service-discovery` finds for a job within the timeout; `undefined` if it refuses
   * the configuration, for instance because it was built without the mechanism. Throws the signal's reason.
   */
  readonly discover: (
    config: string,
    job: string,
    options: { readonly timeout: string; readonly signal: AbortSignal },
  ) => Promise<readonly FoundTarget[] | undefined>;
}

const labelSet = z.record(z.string(), z.string());

/** The answer of the command. Source: sdCheckResult of prometheus/cmd/promtool. */
const results = z
  .array(z.object({ discoveredLabels: labelSet, labels: labelSet, error: z.unknown().optional() }))
  .nullable();

/** Largest answer, in bytes. */
const maxBuffer = 512 * 1024 * 1024;

/** The promtool on the PATH; undefined if there is none. */
export async function findPromtool(path: string | undefined): Promise<Promtool | undefined> {
  for (const folder of (path ?? '').split(delimiter)) {
    const command = join(folder, 'promtool');
    if (folder !== '' && (await isProgram(command))) return openPromtool(command);
  }
  return undefined;
}

function openPromtool(command: string): Promtool {
  return {
    async version() {
      const text = await new Promise<string>((resolve) =>
        execFile(command, ['--version'], (_, stdout, stderr) => resolve(stdout + stderr)),
      );
      return /version (\d+\.\d+\.\d+)/.exec(text)?.[1];
    },
    async discover(config, job, { timeout, signal }) {
      const args = ['check', 'service-discovery', `--timeout=${timeout}`, config, job];
      const text = await new Promise<string | undefined>((resolve, reject) => {
        execFile(command, args, { maxBuffer, signal }, (error, stdout) => {
          if (signal.aborted) reject(signal.reason);
          else resolve(error === null ? stdout : undefined);
        });
      });
      if (text === undefined) return undefined;
      const parsed = results.safeParse(tryParseJson(text), { jitless: true });
      return (
        parsed.data?.map(({ discoveredLabels, labels, error }) => ({
          discovered: discoveredLabels,
          labels: error === undefined && Object.keys(labels).length > 0 ? labels : undefined,
        })) ?? (parsed.success ? [] : undefined)
      );
    },
  };
}

async function isProgram(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
