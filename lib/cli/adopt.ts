import { existsSync } from 'node:fs';
import { dirname, isAbsolute, join, relative, resolve } from 'node:path';
import { formatDiff, maskSecrets } from '../adopt/diff.ts';
import { allowsNeeded, type Plan, planAdoption } from '../adopt/plan.ts';
import { findPromtool } from '../adopt/promtool.ts';
import { readSources } from '../adopt/sources.ts';
import { type Verdict, verifyAdoption } from '../adopt/verify.ts';
import {
  type AdoptionRecord,
  keptFolder,
  readRecord,
  restore,
  statesOf,
  writeMuster,
  writeSources,
} from '../adopt/write.ts';
import { quoted } from '../cycle/hints.ts';
import { scrapeConfigResource } from '../monitors/print.ts';
import { defineCommand, type ExitCode, exitCodes, type Io, UsageError } from './command.ts';
import { counted, leftAloneText, printable } from './output.ts';

/** `muster adopt` */
export const adopt = defineCommand({
  name: 'adopt',
  description:
    'Takes over the discovery of a prometheus.yml. Writes a muster.yml with the SD configs that Muster reads, and\n' +
    'replaces them with file_sd_configs; everything else stays as written. Without --write it shows what would change.\n' +
    'The originals are kept beside it in .muster/adopted; --undo restores them.',
  examples: [
    'muster adopt prometheus.yml',
    'muster adopt prometheus.yml --to /etc/prometheus/muster --verify --write-muster',
    'muster adopt prometheus.yml --to /etc/prometheus/muster --write',
    'muster adopt prometheus.yml --http http://localhost:9469',
    'muster adopt prometheus.yml --undo',
    'muster adopt prometheus.yml --to /muster/targets --print scrapeconfig',
  ],
  argument: 'FILE',
  options: {
    write: { help: 'Write the files, and keep the originals.' },
    'write-muster': { help: 'Write only muster.yml, so that its lists exist before --write.' },
    config: { value: 'FILE', short: 'c', help: 'The muster.yml to write. Default: beside FILE.' },
    to: { value: 'DIR', default: 'muster', help: 'Folder of muster sync, relative to the folder of FILE.' },
    http: { value: 'URL', help: 'Read targets from this sidecar with http_sd_configs, instead of files.' },
    store: { value: 'STORE', help: 'The store for muster.yml, as in s3://bucket/prefix.' },
    prometheus: {
      value: 'VERSION',
      help: "The version that reads the targets. Default: promtool's, or the newest.",
    },
    print: { value: 'KIND', help: 'scrapeconfig: print manifests for the operator, and write nothing.' },
    needed: { help: 'Write labels: needed for jobs whose rules allow it.' },
    verify: { help: 'Compare the targets before and after; --write only writes if they are the same.' },
    undo: { help: 'Restore the originals.' },
    force: { help: 'With --undo: also restore files that were edited since, and lose the edits.' },
  },
  async run({ write, 'write-muster': musterOnly, verify, undo, force, ...given }, io, file) {
    const { config, to, http, store, needed } = given;
    const location = file ?? 'prometheus.yml';
    if (undo) return undoAdoption(location, force, io);
    if (force) throw new UsageError('--force goes with --undo');
    const record = await readRecord(location);
    if (record !== undefined) {
      io.err(
        `${location} is adopted already, by ${record.muster}; ${undoCommand(location)} restores the original\n`,
      );
      return exitCodes.failed;
    }
    const sources = await readSources(location);
    const muster = config ?? join(dirname(location), 'muster.yml');
    const version = await readVersion(given.prometheus, io);
    const options = { muster: resolve(muster), to, http: readUrl(http), version, store, needed };
    const plan = planAdoption(sources, options);
    if (plan.jobs.length === 0) {
      io.err(`${location} has no SD config that Muster reads: there is nothing to adopt\n`);
      io.err(leftAloneText(plan.leftAlone));
      return exitCodes.good;
    }
    if (given.print !== undefined) return printResources(plan, given.print, io);
    const show = maskSecrets([
      sources.value,
      ...sources.files.flatMap(({ jobs }) => jobs.map(({ value }) => value)),
    ]);
    await io.out(diffText(plan, muster, show));
    io.err(remarks(plan, needed));
    if (verify && !(await printVerdicts(await verifyAdoption(sources, options, io), io))) {
      io.err('Nothing is written: a job differs, or could not be compared\n');
      return exitCodes.failed;
    }
    if (write || musterOnly) await writeMuster(plan, options.muster);
    if (write) await writeSources(plan, location, options.muster);
    const written = write
      ? `${counted(plan.files.length + 1, 'file')} written; the originals are in ${shownFolder(location)}\n`
      : '';
    io.err(
      write
        ? written
        : musterOnly
          ? `${muster} is written, ${location} is unchanged\n`
          : `Nothing is written; --write does it\n`,
    );
    const done = write ? 'both' : musterOnly ? 'muster' : 'nothing';
    io.err(stepsText({ location, config, to, http, version, store, needed, done }));
    return exitCodes.good;
  },
});

/** Prints a ScrapeConfig manifest for each job, for a Prometheus that the operator runs. */
async function printResources({ jobs }: Plan, kind: string, io: Io): Promise<ExitCode> {
  if (kind !== 'scrapeconfig') throw new UsageError(`--print takes scrapeconfig, not ${printable(kind)}`);
  const resources = jobs.map(({ job, value, replacement: { entry } }) => ({
    job: job.name,
    ...scrapeConfigResource({ job: job.name, ...entry, scrape: value }),
  }));
  await io.out(resources.map(({ text }) => text).join('---\n'));
  for (const { job, left } of resources)
    if (left.length > 0)
      io.err(`${printable(job)}: a ScrapeConfig has no key for ${left.map(printable).join(', ')}\n`);
  return exitCodes.good;
}

/** Prints a line for each job, and returns whether all are the same. */
async function printVerdicts(verdicts: readonly Verdict[], io: Io): Promise<boolean> {
  for (const { job, verdict, by, targets, details, bytes } of verdicts) {
    const who = by[0] === by[1] ? by[0] : `${by[0]} and ${by[1]}`;
    const what =
      verdict === 'unknown' ? `unknown: ${details[0]}` : `${verdict}, ${counted(targets, 'target')} (${who})`;
    await io.out(`${printable(`${job}: ${what}`)}\n`);
    if (verdict === 'differs') for (const line of details) await io.out(`  ${printable(line)}\n`);
    if (bytes !== undefined) await io.out(`  ${gainText(bytes)}\n`);
  }
  return verdicts.every(({ verdict }) => verdict === 'same');
}

async function undoAdoption(location: string, force: boolean, io: Io): Promise<ExitCode> {
  const record = await readRecord(location);
  if (record === undefined) {
    io.err(`muster adopt: ${location} was not adopted: there is no original in ${shownFolder(location)}\n`);
    return exitCodes.failed;
  }
  const touched = (await statesOf(record)).filter(({ state }) => state === 'edited' || state === 'gone');
  if (touched.length > 0 && !force) {
    for (const { path, state } of touched)
      io.err(
        state === 'gone'
          ? `${path} was removed since it was adopted: --undo --force restores the original\n`
          : `${path} was edited since it was adopted: --undo --force restores the original and loses the edits\n`,
      );
    return exitCodes.failed;
  }
  await restore(location, record);
  for (const { path } of record.files) await io.out(`${path}: the original is restored\n`);
  io.err(undoSteps(record));
  return exitCodes.good;
}

function undoSteps({ muster }: AdoptionRecord): string {
  return (
    'Now reload Prometheus, and stop Muster only then: until the reload Prometheus reads its lists.\n' +
    `${muster} still exists, with the credentials beside it, if it has any.\n`
  );
}

function diffText({ files, muster }: Plan, musterPath: string, show: (line: string) => string): string {
  const diffs = files.map(({ source, after }) =>
    formatDiff([source.name, source.name], [source.text, after], (line) =>
      printable(show(line.replace(/\r$/, ''))),
    ),
  );
  return `${diffs.join('')}${formatDiff(['/dev/null', musterPath], ['', muster], (line) => printable(show(line)))}`;
}

function remarks({ notes, leftAlone, jobs }: Plan, needed: boolean): string {
  const could = jobs.filter(allowsNeeded).map(({ job }) => job.name);
  const hint =
    needed || could.length === 0
      ? ''
      : `Hint: the rules of ${printable(could.join(', '))} allow labels: needed, which makes smaller files; --needed writes it, --verify measures it\n`;
  return `${notes.map((note) => `Note: ${printable(note)}\n`).join('')}${leftAloneText(leftAlone)}${hint}`;
}

/** Prometheus 3.5.3 on two busy cores reads files of 2, 19 and 97 MB at 14, 26 and 18 MB a second. */
const bytesPerMillisecond = 20_000;

/** The bytes that `labels: needed` saves, and the time that Prometheus saves for each version of the file. */
function gainText({ all, needed }: NonNullable<Verdict['bytes']>): string {
  const share = all === 0 ? 0 : Math.round((1 - needed / all) * 100);
  const time = (bytes: number) => `${Math.ceil(bytes / bytesPerMillisecond).toLocaleString('en-US')} ms`;
  const sizes = `${needed.toLocaleString('en-US')} bytes instead of ${all.toLocaleString('en-US')}`;
  const times = `; Prometheus reads them in about ${time(needed)} instead of ${time(all)}`;
  return `labels: needed publishes ${sizes} (${share} % less)${all < 10 * bytesPerMillisecond ? '' : times}`;
}

interface Steps {
  readonly location: string;
  readonly config: string | undefined;
  readonly to: string;
  readonly http: string | undefined;
  readonly version: string | undefined;
  readonly store: string | undefined;
  readonly needed: boolean;
  /** The files that are written so far. */
  readonly done: 'nothing' | 'muster' | 'both';
}

/** The next steps, in an order in which no target is ever missing, even if Prometheus reads its file at any time. */
function stepsText({ done, ...given }: Steps): string {
  const { location, config, to, http, store } = given;
  const muster = config ?? join(dirname(location), 'muster.yml');
  const from = store ?? join(dirname(muster), '.muster/store');
  const folder = isAbsolute(to) ? to : join(dirname(location), to);
  const sync = `muster sync --from ${quoted(from)} --to ${quoted(folder)}`;
  const steps = [
    ...(done === 'nothing' ? [`${adoptCommand(given)} --write-muster`] : []),
    `muster run -c ${quoted(muster)}    publishes the lists; schedule it, or deploy the functions`,
    http === undefined
      ? `${sync} --once    Prometheus must find the files; then let it run on, without --once`
      : `${sync} --listen ${quoted(new URL(http).host)}    the sidecar must answer, and run on`,
    ...(done === 'both' ? [] : [`${adoptCommand(given)} --write`]),
    `promtool check config ${quoted(location)}, then reload Prometheus`,
  ];
  const hurry =
    done === 'both'
      ? 'Until the second step is done, Prometheus has no targets for these jobs if it restarts.\n'
      : '';
  return (
    `In this order:\n${steps.map((step, index) => `  ${index + 1}. ${step}\n`).join('')}${hurry}` +
    'Leave relabel_configs in Prometheus. With "relabel: publish" Muster runs them, and Prometheus must not: rules that read\n' +
    '__meta_ labels that are gone overwrite good labels with nothing. "muster check" has the order for that.\n' +
    `To go back: ${undoCommand(location)}, then reload Prometheus.\n`
  );
}

/** The command with the options that decide what is written. */
function adoptCommand({ location, config, to, http, version, store, needed }: Omit<Steps, 'done'>): string {
  const options = [
    ...(config === undefined ? [] : ['-c', quoted(config)]),
    ...(to === 'muster' ? [] : ['--to', quoted(to)]),
    ...(http === undefined ? [] : ['--http', quoted(http)]),
    ...(version === undefined ? [] : ['--prometheus', version]),
    ...(store === undefined ? [] : ['--store', quoted(store)]),
    ...(needed ? ['--needed'] : []),
  ];
  return ['muster adopt', quoted(location), ...options].join(' ');
}

function undoCommand(location: string): string {
  return `muster adopt ${quoted(location)} --undo`;
}

function shownFolder(location: string): string {
  const folder = keptFolder(location);
  const below = relative('.', folder);
  return below.startsWith('..') || !existsSync(folder) ? folder : below;
}

/** The given version, or else that of promtool. */
async function readVersion(given: string | undefined, io: Io): Promise<string | undefined> {
  if (given === undefined) return (await findPromtool(io.env.PATH))?.version();
  if (/^\d+\.\d+(?:\.\d+)?$/.test(given)) return given;
  throw new UsageError(`--prometheus is the version of a Prometheus, as in 3.5.3, not "${given}"`);
}

function readUrl(url: string | undefined): string | undefined {
  if (url === undefined) return undefined;
  const parsed = URL.parse(url);
  if (parsed === null || !/^https?:$/.test(parsed.protocol) || parsed.search !== '' || parsed.hash !== '')
    throw new UsageError(`--http is the URL of a sidecar, as in http://localhost:9469, not "${url}"`);
  return url.replace(/\/+$/, '');
}
