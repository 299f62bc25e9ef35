import { MusterError } from '../base/errors.ts';
import { readApp } from '../run/app.ts';
import { type AppProvider, selectProviders } from '../run/providers.ts';
import { fitsLabels, narrowQuery, parseQuery, type Query } from '../sidecar/search/query.ts';
import { compare, groupText } from '../targets/canonical.ts';
import { addressLabel, type TargetGroup, targetLabels } from '../targets/group.ts';
import { identifyingLabels } from '../targets/identifying.ts';
import { defineCommand, exitCodes, type Io } from './command.ts';
import { readCount, shared } from './options.ts';
import { counted, openProgress, printTable } from './output.ts';

/** `muster targets` */
export const targets = defineCommand({
  name: 'targets',
  description:
    'Lists the backends of a job once and prints what they have, as it arrives. Nothing is written. JSON is a list of groups,\n' +
    '{"kind": "group", "job", "provider", "source", "labels", "targets"}. A listing that fails half way leaves the list\n' +
    'unclosed and exits with 1.\n' +
    'Where a server lost its state half way, the listing starts again: of groups with one source the last counts, and\n' +
    'one without targets takes it back. The table has a line for each target, with what identifies it first, which a\n' +
    'terminal shows as far as it is wide.',
  examples: [
    'muster targets -c muster.yml --job api',
    'muster targets --job pods -q "namespace=shop app~web" --limit 20',
    'muster targets --job api --provider consul-0 --output json | jq length',
  ],
  options: {
    config: shared.config,
    job: { ...shared.job, required: true, help: 'The job.' },
    provider: shared.provider,
    query: {
      value: 'QUERY',
      short: 'q',
      help: "Only targets that match, as in the page's search: web-1 zone=eu node!=n1.",
    },
    limit: { value: 'N', help: 'Print at most this many targets.' },
    output: shared.output,
  },
  async run({ config, job, provider, query = '', limit, output }, io) {
    const wanted = {
      query: parseQuery(query),
      limit: limit === undefined ? Number.POSITIVE_INFINITY : readCount('limit', limit),
    };
    const { providers } = await readApp(config, io);
    const selected = selectProviders(providers, { job, provider });
    await (output === 'json' ? printJson(selected, wanted, io) : printTargets(selected, wanted, io));
    return exitCodes.good;
  },
});

/** The targets to print. */
interface Wanted {
  readonly query: Query;
  /** The most targets to print. */
  readonly limit: number;
}

async function printJson(providers: readonly AppProvider[], { query, limit }: Wanted, io: Io): Promise<void> {
  const page = openTextPage(io.out);
  let separator = '[\n';
  let left = limit;
  for (const provider of providers) {
    const rest = narrowQuery(query, provider);
    if (rest === undefined || left <= 0) continue;
    const printed = new Set<string>();
    const head = headOf(provider);
    for await (const groups of discoverOne(provider, io)) {
      for (const group of groups) {
        const targets = fittingOf(group, rest).slice(0, left);
        // A group without targets matters only when it removes one that was printed.
        if (targets.length === 0 && !printed.has(group.source) && group.targets.length > 0) continue;
        printed.add(group.source);
        left -= targets.length;
        page.add(separator + head);
        separator = ',\n';
        // In two parts: joining them would copy all text once more.
        if (page.add(groupText({ ...group, targets }).slice(1))) await page.flush();
      }
      await page.flush();
      if (left <= 0) break;
    }
  }
  await io.out(separator === '[\n' ? '[]\n' : '\n]\n');
}

/** The first keys of a group's JSON: its kind, job and provider. The keys of the journal follow. */
function headOf({ job, provider }: AppProvider): string {
  return `${JSON.stringify({ kind: 'group', job, provider }).slice(0, -1)},`;
}

async function printTargets(
  providers: readonly AppProvider[],
  { query, limit }: Wanted,
  io: Io,
): Promise<void> {
  let rows: readonly string[][] = [];
  let all = 0;
  for (const provider of providers) {
    const rest = narrowQuery(query, provider);
    if (rest === undefined) continue;
    const bySource = new Map<string, { readonly rows: string[][]; readonly all: number }>();
    for await (const groups of discoverOne(provider, io)) {
      for (const group of groups) {
        const fitting = fittingOf(group, rest);
        bySource.set(group.source, {
          rows: fitting.map((target) => rowOf(group, target)),
          all: group.targets.length,
        });
      }
    }
    rows = [...rows, ...[...bySource.values()].flatMap((group) => group.rows)];
    all += [...bySource.values()].reduce((sum, group) => sum + group.all, 0);
  }
  const shown = rows.slice(0, limit);
  await printTable(io, ['SOURCE', 'ADDRESS', 'TARGET', 'LABELS'], shown, { last: 'tail' });
  const most =
    query.length > 0 ? `${counted(rows.length, 'target')} of ${all}` : counted(rows.length, 'target');
  io.err(shown.length < rows.length ? `${most}, the first ${shown.length} are shown\n` : `${most}\n`);
}

function fittingOf(group: TargetGroup, query: Query): TargetGroup['targets'] {
  if (query.length === 0) return group.targets;
  return group.targets.filter((target) => fitsLabels(query, Object.entries(targetLabels(group, target))));
}

function rowOf(group: TargetGroup, target: TargetGroup['labels']): string[] {
  const { [addressLabel]: address = '', ...labels } = targetLabels(group, target);
  const pairs = Object.entries(labels).sort(([a], [b]) => compare(a, b));
  const text = pairs.map(([name, value]) => `${name}=${JSON.stringify(value)}`).join(', ');
  const identity = identifyingLabels(labels).map(({ name, value }) => `${name}=${value}`);
  return [group.source, address, identity.join(' '), `{${text}}`];
}

/** The groups of a provider as they come, within its deadline. */
async function* discoverOne(provider: AppProvider, io: Io): AsyncGenerator<readonly TargetGroup[]> {
  const { discover, transform, job, provider: name } = provider;
  const progress = openProgress(io, `${job}/${name}`);
  const deadline = AbortSignal.timeout(provider.deadline);
  const given = new Set<string>();
  // A group without targets matters only when it removes an earlier one.
  const matters = ({ source, targets: found }: TargetGroup) => {
    if (found.length === 0) return given.delete(source);
    given.add(source);
    return true;
  };
  try {
    const signal = AbortSignal.any([io.signal, deadline]);
    for await (const found of discover({ signal, onProgress: progress.show })) {
      const groups = transform === undefined ? found : found.map((group) => transform(group, ignoreNotes));
      yield groups.filter((group) => group !== undefined).filter(matters);
    }
  } catch (error) {
    throw withProvider(error, provider, deadline);
  } finally {
    progress.end();
  }
}

function withProvider(error: unknown, { job, provider, deadline }: AppProvider, over: AbortSignal): unknown {
  if (over.aborted)
    return new MusterError('timeout', `${job}/${provider}: no complete listing within ${deadline / 1000}s`);
  if (!(error instanceof MusterError) || error.kind === 'internal') return error;
  return new MusterError(error.kind, `${job}/${provider}: ${error.message}`, { cause: error });
}

/** Ignores targets that are left out: the cycle that publishes reports them. */
function ignoreNotes(): void {}

/** Bytes of a full page: a few times the size of a pipe's buffer. */
const pageBytes = 1 << 18;

/**
 * Collects text as UTF-8 before it is written, always in the same memory. A `GrowingBuffer`, which gives its memory
 * away, takes 7 % more CPU for `muster targets`.
 */
export interface TextPage {
  /** Adds text; returns whether the page is full and should be written. */
  add(text: string): boolean;
  /** Writes the page and empties it; `write` may use its memory until it resolves. */
  flush(): Promise<void>;
}

/** An empty page; it grows for text that is larger than a page. */
export function openTextPage(write: (bytes: Uint8Array) => Promise<void>): TextPage {
  let bytes = Buffer.allocUnsafeSlow(2 * pageBytes);
  let length = 0;
  return {
    add(text) {
      // A UTF-16 code unit takes at most three bytes; few take more than one.
      if (text.length * 3 > bytes.length - length) {
        const needed = length + Buffer.byteLength(text);
        if (needed > bytes.length) bytes = Buffer.concat([bytes.subarray(0, length)], 2 * needed);
      }
      length += bytes.write(text, length);
      return length >= pageBytes;
    },
    async flush() {
      const page = bytes.subarray(0, length);
      length = 0;
      if (page.length > 0) await write(page);
    },
  };
}
