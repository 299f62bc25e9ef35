import { type Historied, lifeOf } from './feed.ts';
import type { ChangeSummary } from './journal.ts';

/** The number of targets from a time on. */
export interface Point {
  /** Milliseconds of Unix time. */
  readonly at: number;
  readonly targets: number;
}

/** Entries that are read for one chart, of all providers together. */
const mostEntries = 200;
const mostProviders = 50;

/**
 * Target counts over time, from the newest counts backwards through the journals, oldest first. It begins where the
 * count of each provider is known.
 */
export async function historyOf(providers: readonly Historied[]): Promise<readonly Point[]> {
  const shown = providers.slice(0, mostProviders);
  const each = Math.max(4, Math.floor(mostEntries / Math.max(1, shown.length)));
  const tracks = await Promise.all(shown.map((provider) => trackOf(provider, each)));
  const start = Math.max(0, ...tracks.map((track) => track.knownFrom));
  const steps = tracks
    .flatMap(({ deltas }) => deltas)
    .filter(({ at }) => at > start)
    .sort((a, b) => b.at - a.at);
  let targets = shown.reduce((sum, { status }) => sum + status.targets, 0);
  const points: Point[] = [];
  for (const { at, delta } of steps) {
    // What happened at one time is one step.
    if (points.at(-1)?.at !== at) points.push({ at, targets });
    targets -= delta;
  }
  if (start > 0) points.push({ at: start, targets });
  return points.reverse();
}

interface Track {
  /** 0 when the whole journal was read. */
  readonly knownFrom: number;
  readonly deltas: readonly { readonly at: number; readonly delta: number }[];
}

async function trackOf({ job, provider, status, journal }: Historied, entries: number): Promise<Track> {
  const oldest = Math.max(1, status.version - entries + 1);
  const versions = Array.from({ length: status.version - oldest + 1 }, (_, index) => status.version - index);
  const read = await Promise.all(
    versions.map((version) =>
      journal.summary({ job, provider }, version, lifeOf(status)).catch(() => undefined),
    ),
  );
  const gap = read.findIndex((summary) => timeOf(summary) === undefined);
  const known = gap === -1 ? read : read.slice(0, gap);
  const deltas = known.flatMap((summary) => {
    const at = timeOf(summary);
    return at === undefined || summary === undefined
      ? []
      : [{ at, delta: summary.counts.added - summary.counts.removed }];
  });
  const whole = gap === -1 && oldest === 1;
  return { knownFrom: whole ? 0 : (deltas.at(-1)?.at ?? Date.parse(status.last_attempt)), deltas };
}

function timeOf(summary: ChangeSummary | undefined): number | undefined {
  return summary?.head === undefined ? undefined : Date.parse(summary.head.at);
}
