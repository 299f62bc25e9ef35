import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { mapConcurrent } from '../base/concurrency.ts';
import { toMusterError } from '../base/errors.ts';
import type { Logger } from '../base/logger.ts';
import { isMapping, scalarText } from '../config/fields.ts';
import { sdKeys } from '../config/prometheus-keys.ts';
import { collectTargets } from '../cycle/collect.ts';
import { readApp } from '../run/app.ts';
import type { AppProvider } from '../run/providers.ts';
import { decodeGroup, encodeLabels, type Groups, toGroups } from '../targets/canonical.ts';
import { encodeFileSd } from '../targets/file-sd.ts';
import { decodeFileSd } from '../targets/file-sd-reader.ts';
import { addressLabel, type LabelSet, metaPrefix, type TargetGroup, targetLabels } from '../targets/group.ts';
import { encodeJob } from '../targets/keys.ts';
import { relabel } from '../targets/relabel.ts';
import { isBadAddress } from '../targets/scrapable.ts';
import type { Adopted } from './muster-text.ts';
import { type AdoptOptions, allowsNeeded, planAdoption } from './plan.ts';
import { type FoundTarget, findPromtool, type Promtool } from './promtool.ts';
import { meaningOf, type Sources, valuesOfJobs } from './sources.ts';
import { printFlow } from './spans.ts';
import { writeMuster } from './write.ts';

/** The options of the verification. */
export interface VerifyInput {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly log: Logger;
  readonly signal: AbortSignal;
  /** Lists a provider, also for the original. Default: asks the backend; promtool then lists for the original. */
  readonly list?: (provider: AppProvider) => Promise<Groups>;
}

/** Whether a job has the same targets after the adoption. */
export interface Verdict {
  readonly job: string;
  readonly verdict: 'same' | 'differs' | 'unknown';
  /** The program that found the targets of the original, and the one that read those of Muster. */
  readonly by: readonly ['promtool' | 'muster', 'promtool' | 'muster'];
  /** Targets that the original scrapes. */
  readonly targets: number;
  /** The first differences, or the reason why the verdict is `unknown`. */
  readonly details: readonly string[];
  /** Bytes of its files with all labels, and with `labels: needed`; only if the rules allow that. */
  readonly bytes?: { readonly all: number; readonly needed: number } | undefined;
}

/** The most jobs that are compared at once. Each takes a process or two, and a listing. */
const concurrency = 4;

/**
 * Timeouts of promtool in milliseconds. promtool always waits for the whole time: a short timeout first, a long one for
 * a slow backend.
 */
const backendTimeouts = ['3s', '10s', '30s'] as const;
const fileTimeout = '1s';

/**
 * Compares the targets of each job before and after the adoption: the labels after its rules, and before them where
 * all labels are published. Muster lists once and writes the files that it would publish. promtool lists for the
 * original and reads these files, where it exists and knows the mechanism; otherwise Muster's own relabelling takes its
 * place. Other targets of a job, such as static ones, are left out. Equal SD configs are listed once. Writes only to a
 * temporary folder. A job that cannot be compared is `unknown`.
 */
export async function verifyAdoption(
  sources: Sources,
  options: AdoptOptions,
  input: VerifyInput,
): Promise<readonly Verdict[]> {
  const folder = await mkdtemp(join(tmpdir(), 'muster-adopt-'));
  try {
    const temporary = {
      ...options,
      muster: join(folder, 'muster.yml'),
      to: join(folder, 'targets'),
      http: undefined,
    };
    const plan = planAdoption(sources, temporary);
    await writeMuster(plan, temporary.muster);
    const { providers } = await readApp(temporary.muster, input);
    const needed = await neededProviders(sources, temporary, input);
    const promtool = await findPromtool(input.env.PATH);
    const after = new Map(
      plan.files.map(({ source, after: text }) => [source, valuesOfJobs(meaningOf(text))]),
    );
    const list = input.list ?? openListings(input);
    return await mapConcurrent(plan.jobs, concurrency, input.signal, async (job) => {
      const jobsProviders = providers.filter((one) => one.job === job.job.name);
      const published = join(temporary.to, encodeJob(job.job.name));
      try {
        const listed = await listJob(jobsProviders, list);
        const files = await publish(published, listed, (one) => one.transform);
        const rewritten = after.get(job.source)?.[job.index] ?? job.value;
        const compared = await compareJob(
          { job, rewritten, listed, files, folder, promtool, global: globalOf(sources) },
          input,
        );
        const bytes = allowsNeeded(job) ? { all: sizeOf(listed), needed: sizeOf(listed, needed) } : undefined;
        return { job: job.job.name, ...compared, bytes };
      } catch (error) {
        const details = [toMusterError(error).message];
        return {
          job: job.job.name,
          verdict: 'unknown' as const,
          by: ['muster', 'muster'] as const,
          targets: 0,
          details,
        };
      }
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

interface Listed {
  readonly provider: AppProvider;
  readonly groups: Groups;
}

async function listJob(
  providers: readonly AppProvider[],
  list: (provider: AppProvider) => Promise<Groups>,
): Promise<readonly Listed[]> {
  const listed: Listed[] = [];
  for (const provider of providers) listed.push({ provider, groups: await list(provider) });
  return listed;
}

/** Milliseconds that a listing serves other jobs. After that it would be older than what promtool lists for them. */
const sharedFor = 15_000;

/** Lists a provider. Equal SD configs of several jobs share a listing. */
function openListings({ signal }: VerifyInput): (provider: AppProvider) => Promise<Groups> {
  const known = new Map<string, { readonly at: number; readonly groups: Promise<Groups> }>();
  return (provider) => {
    const { listing = `${provider.job}/${provider.provider}` } = provider.sharing ?? {};
    const found = known.get(listing);
    if (found !== undefined && performance.now() - found.at < sharedFor) return found.groups;
    const groups = collectTargets(untransformed(provider), { signal }, new Map(), undefined).then(
      (all) => all.groups,
    );
    known.set(listing, { at: performance.now(), groups });
    return groups;
  };
}

function untransformed({ transform: _, ...provider }: AppProvider): AppProvider {
  return provider;
}

/** The providers as they would be with `labels: needed`; only their transformation is used. */
async function neededProviders(
  sources: Sources,
  options: AdoptOptions,
  input: VerifyInput,
): Promise<readonly AppProvider[]> {
  const folder = join(dirname(options.muster), 'needed');
  const muster = join(folder, 'muster.yml');
  await mkdir(folder);
  await writeMuster(planAdoption(sources, { ...options, muster, needed: true }), muster);
  return (await readApp(muster, input)).providers;
}

function sizeOf(listed: readonly Listed[], others: readonly AppProvider[] = []): number {
  return listed.reduce((sum, { provider, groups }) => {
    const other = others.find((one) => one.job === provider.job && one.provider === provider.provider);
    return sum + encodeFileSd(transformed(groups, other?.transform)).length;
  }, 0);
}

/** Writes the files that Muster would publish for the job, as the sidecar does, and returns them. */
async function publish(
  folder: string,
  listed: readonly Listed[],
  transformOf: (provider: AppProvider) => AppProvider['transform'],
): Promise<readonly Uint8Array[]> {
  await mkdir(folder, { recursive: true });
  return Promise.all(
    listed.map(async ({ provider, groups }) => {
      const file = encodeFileSd(transformed(groups, transformOf(provider)));
      await writeFile(join(folder, `${provider.provider}.json`), file);
      return file;
    }),
  );
}

function transformed(groups: Groups, transform: AppProvider['transform']): Groups {
  if (transform === undefined) return groups;
  const all = [...groups.values()].map((group) => transform(decodeGroup(group), () => undefined));
  return toGroups(all.filter((group) => group !== undefined).filter(({ targets }) => targets.length > 0));
}

interface Comparison {
  readonly job: Adopted;
  /** The job as it is in the new file. */
  readonly rewritten: object;
  readonly listed: readonly Listed[];
  readonly files: readonly Uint8Array[];
  readonly folder: string;
  readonly promtool: Promtool | undefined;
  readonly global: unknown;
}

type Compared = Omit<Verdict, 'job' | 'bytes'>;

async function compareJob(input: Comparison, { signal, list }: VerifyInput): Promise<Compared> {
  const { job, rewritten, promtool } = input;
  const keys = ['file_sd_configs'];
  const paths = {
    original: `${input.folder}/${encodeJob(job.job.name)}.original.yml`,
    adopted: `${input.folder}/${encodeJob(job.job.name)}.adopted.yml`,
  };
  await writeFile(paths.original, configText(job, job.value, { keys: job.keys, global: input.global }), {
    mode: 0o600,
  });
  await writeFile(
    paths.adopted,
    configText(job, onlyOurs(rewritten, input.folder), { keys, global: input.global }),
    { mode: 0o600 },
  );
  const read = await promtool?.discover(paths.adopted, job.job.name, { timeout: fileTimeout, signal });
  const adopted = read ?? ownTargets(job, groupsOf(input.files), '__meta_filepath');
  for (const timeout of read === undefined || list !== undefined ? [] : backendTimeouts) {
    const original = await promtool?.discover(paths.original, job.job.name, { timeout, signal });
    if (original === undefined) break;
    const compared = compareTargets(original, adopted, !job.needed, ['promtool', 'promtool']);
    const isSlow = original.length < adopted.length && timeout !== backendTimeouts.at(-1);
    if (compared.verdict === 'same' || !isSlow) return compared;
  }
  const raw = input.listed.flatMap(({ groups }) => [...groups.values()].map(decodeGroup));
  const by = ['muster', read === undefined ? 'muster' : 'promtool'] as const;
  return compareTargets(ownTargets(job, raw), adopted, !job.needed, by);
}

/** The targets by Muster's own relabelling. `added` is a label that Prometheus adds. */
function ownTargets(
  { job }: Adopted,
  groups: readonly TargetGroup[],
  added?: string,
): readonly FoundTarget[] {
  return groups.flatMap((group) =>
    group.targets.map((target) => {
      const found = targetLabels(group, target);
      const discovered = { ...job.scrapeLabels, ...found, ...(added !== undefined && { [added]: 'file' }) };
      const labels = relabel(discovered, job.relabel_configs);
      const address = labels?.[addressLabel];
      const isScraped = labels !== undefined && address !== undefined && !isBadAddress(labels);
      return { discovered, labels: isScraped ? { instance: address, ...labels } : undefined };
    }),
  );
}

function groupsOf(files: readonly Uint8Array[]): readonly TargetGroup[] {
  return files.flatMap((file) =>
    decodeFileSd(file).map(({ targets, labels }) => ({
      source: '',
      labels,
      targets: targets.map((address) => ({ [addressLabel]: address })),
    })),
  );
}

/** The most differences of a job that are printed. */
const shownDifferences = 6;

function compareTargets(
  original: readonly FoundTarget[],
  adopted: readonly FoundTarget[],
  withDiscovered: boolean,
  by: Verdict['by'],
): Compared {
  const scraped = finals(original);
  const differences = [
    ...differing(scraped, finals(adopted), 'is scraped'),
    ...(withDiscovered ? differing(discovered(original), discovered(adopted), 'is found') : []),
  ];
  return {
    verdict: differences.length === 0 ? 'same' : 'differs',
    by,
    targets: scraped.size,
    details: [
      ...differences.slice(0, shownDifferences),
      ...(differences.length > shownDifferences ? [`and ${differences.length - shownDifferences} more`] : []),
    ],
  };
}

function differing(before: ReadonlySet<string>, after: ReadonlySet<string>, verb: string): readonly string[] {
  return [
    ...[...before].filter((one) => !after.has(one)).map((one) => `- ${verb} only by the original: ${one}`),
    ...[...after].filter((one) => !before.has(one)).map((one) => `+ ${verb} only with Muster: ${one}`),
  ].sort();
}

/** Labels that Prometheus sets from its own configuration. Muster's relabelling does not know them. */
const timing = ['__scrape_interval__', '__scrape_timeout__'];

function finals(targets: readonly FoundTarget[]): ReadonlySet<string> {
  const isKept = (name: string) => !name.startsWith(metaPrefix) && !timing.includes(name);
  return new Set(targets.flatMap(({ labels }) => (labels === undefined ? [] : [textOf(labels, isKept)])));
}

function discovered(targets: readonly FoundTarget[]): ReadonlySet<string> {
  const isKept = (name: string) => name !== '__meta_filepath' && !timing.includes(name);
  // Muster leaves out targets that Prometheus refuses to scrape.
  const some = targets.filter(
    ({ labels, discovered: found }) => labels !== undefined || !isBadAddress(found),
  );
  return new Set(some.map((target) => textOf(target.discovered, isKept)));
}

function textOf(labels: LabelSet, isKept: (name: string) => boolean): string {
  return encodeLabels(
    Object.fromEntries(Object.entries(labels).filter(([name, value]) => value !== '' && isKept(name))),
  );
}

/** The text of a configuration with only this job and these SD configs; every path in it is absolute. */
function configText(
  { source }: Adopted,
  job: object,
  { keys, global }: { readonly keys: readonly string[]; readonly global: unknown },
): string {
  const kept = Object.fromEntries(
    Object.entries(job).filter(([key]) => !sdKeys.includes(key) || keys.includes(key)),
  );
  return printFlow({ ...(isMapping(global) && { global }), scrape_configs: [absolute(kept, source.folder)] });
}

/** The job with only those of its files that Muster published. */
function onlyOurs(job: object, folder: string): object {
  const { file_sd_configs: lists }: { readonly file_sd_configs?: unknown } = job;
  const isOurs = (entry: unknown) => printFlow(entry).includes(folder);
  return { ...job, file_sd_configs: Array.isArray(lists) ? lists.filter(isOurs) : [] };
}

function absolute(value: unknown, folder: string): unknown {
  if (Array.isArray(value)) return value.map((item) => absolute(item, folder));
  if (!isMapping(value)) return value;
  const entries = Object.entries(value).map(([key, part]) => {
    const path = key.endsWith('_file') ? scalarText(part) : undefined;
    if (path !== undefined && path !== '') return [key, isAbsolute(path) ? path : resolve(folder, path)];
    return [key, absolute(part, folder)];
  });
  return Object.fromEntries(entries);
}

function globalOf({ value }: Sources): unknown {
  const { global }: { readonly global?: unknown } = isMapping(value) ? value : {};
  return global;
}
