import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import * as z from 'zod';
import { encodeLabels } from '../../lib/targets/canonical.ts';
import { type LabelSet, type TargetGroup, targetLabels, withoutEmpty } from '../../lib/targets/group.ts';
import { requireProgram } from './programs.ts';

/** What Prometheus adds to every target by itself. */
const added = ['__scheme__', '__metrics_path__', '__scrape_interval__', '__scrape_timeout__', 'job'];

/** promtool always waits for the whole timeout: a short one first, and a long one for a machine that is busy. */
const timeouts = ['2s', '10s', '30s'];

export interface PromtoolOptions {
  /** A command that runs promtool where it sees another world, e.g. `unshare …`; its arguments follow. */
  readonly inside?: readonly string[];
}

/**
 * What Prometheus itself discovers with one SD config, e.g. `{ marathon_sd_configs: [{ servers: [url] }] }`: the labels
 * of each target before relabelling as sorted texts, to be compared with `targetTexts`. `atLeast` is how many there
 * should be; with fewer it is given more time.
 */
export async function discoverWithPromtool(
  sdConfigs: object,
  atLeast = 1,
  { inside = [] }: PromtoolOptions = {},
): Promise<readonly string[]> {
  const folder = await mkdtemp(join(tmpdir(), 'promtool-'));
  try {
    const file = join(folder, 'prometheus.yml');
    await writeFile(file, JSON.stringify({ scrape_configs: [{ job_name: 'all', ...sdConfigs }] }));
    let found: readonly string[] = [];
    for (const timeout of timeouts) {
      found = await check([...inside, requireProgram('promtool')], file, timeout);
      if (found.length >= atLeast) break;
    }
    return found;
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Our own targets in the same form. */
export function targetTexts(groups: readonly TargetGroup[]): readonly string[] {
  return texts(groups.flatMap((group) => group.targets.map((target) => targetLabels(group, target))));
}

const results = z.array(z.object({ discoveredLabels: z.record(z.string(), z.string()) })).nullable();

async function check(
  [command = '', ...before]: readonly string[],
  file: string,
  timeout: string,
): Promise<readonly string[]> {
  const { stdout } = await promisify(execFile)(
    command,
    [...before, 'check', 'service-discovery', `--timeout=${timeout}`, file, 'all'],
    { maxBuffer: 512 * 1024 * 1024 },
  );
  return texts((results.parse(JSON.parse(stdout)) ?? []).map(({ discoveredLabels }) => discoveredLabels));
}

/** promtool shows equal targets once. */
function texts(targets: readonly LabelSet[]): readonly string[] {
  return [...new Set(targets.map((labels) => encodeLabels(withoutEmpty(ownLabels(labels)))))].sort();
}

function ownLabels(labels: LabelSet): LabelSet {
  return Object.fromEntries(Object.entries(labels).filter(([name]) => !added.includes(name)));
}
