import { execFile } from 'node:child_process';
import { access, constants } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import * as z from 'zod';
import type { LabelSet } from '../targets/group.ts';

/** A target before and after the rules; one that they drop, or that cannot be scraped, has no labels after them. */
export interface FoundTarget {
  readonly discovered: LabelSet;
  readonly labels: LabelSet | undefined;
}

/** Prometheus's own command, as far as adopting asks it. */
export interface Promtool {
  /** As in `3.5.3`, where it says so. */
  readonly version: () => Promise<string | undefined>;
  /**
   * What `promtool check service-discovery` finds for the job of a configuration within the time; `undefined` where it
   * does not take the configuration, as one of a mechanism that it was built without.
   */
  readonly discover: (
    config: string,
    job: string,
    options: { readonly timeout: string; readonly signal: AbortSignal },
  ) => Promise<readonly FoundTarget[] | undefined>;
}

const labelSet = z.record(z.string(), z.string());

/** Its answer. Source: sdCheckResult of prometheus/cmd/promtool. */
const results = z
  .array(z.object({ discoveredLabels: labelSet, labels: labelSet, error: z.unknown().optional() }))
  .nullable();

/** Largest answer, in bytes. */
const maxBuffer = 512 * 1024 * 1024;

/** The promtool of the PATH, if there is one. */
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
      const parsed = results.safeParse(parseJson(text), { jitless: true });
      return (
        parsed.data?.map(({ discoveredLabels, labels, error }) => ({
          discovered: discoveredLabels,
          labels: error === undefined && Object.keys(labels).length > 0 ? labels : undefined,
        })) ?? (parsed.success ? [] : undefined)
      );
    },
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

async function isProgram(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
