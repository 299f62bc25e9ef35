import { hostname, userInfo } from 'node:os';
import { isMusterError } from '../base/errors.ts';
import { newRunId } from '../base/version.ts';
import { formatDuration, parseDuration } from '../config/fields.ts';
import { builtInSettings } from '../config/scrape.ts';
import type { Control } from '../cycle/control.ts';
import {
  type Operated,
  type OperatorInput,
  pinProvider,
  rejectHeld,
  rollbackProvider,
  unpinProvider,
} from '../cycle/operate.ts';
import type { StoreView } from '../run/app.ts';
import { countChange } from '../targets/diff.ts';
import type { ProviderId } from '../targets/keys.ts';
import { printChange, summaryText } from './change-text.ts';
import { defineCommand, type ExitCode, exitCodes, type Io, UsageError } from './command.ts';
import { chooseProviders, openView } from './open-view.ts';
import { readCount, shared } from './options.ts';
import { printable } from './output.ts';
import { requireOne, versionOf } from './versions.ts';

/** The options of all decisions. */
const common = {
  config: shared.config,
  store: shared.store,
  provider: shared.provider,
  reason: { value: 'TEXT', help: 'Why; it is recorded.' },
  by: { value: 'NAME', env: 'MUSTER_BY', help: 'Who decides; by default USER@HOST of this machine.' },
  output: shared.output,
} as const;

/** `muster rollback` */
export const rollback = defineCommand({
  name: 'rollback',
  description:
    'Publishes the list that a job had at a version or time again, as a new version. The gate judges it: where it would\n' +
    'remove too many targets it is refused, and says what allows it. Without --pin it lasts until the next cycle, which\n' +
    'publishes what it finds. The same command twice makes one version.',
  examples: [
    'muster rollback api --at 8h --pin 2h --reason "bad deploy"',
    'muster rollback api --to 41 --provider consul-0',
  ],
  argument: 'JOB',
  options: {
    ...common,
    to: { value: 'N', help: 'Back to the list after this version.' },
    at: { value: 'TIME', help: 'Back to the list at this time: ISO 8601, or a duration ago as in 8h.' },
    pin: { value: 'DURATION', help: 'Pin it for so long: cycles go on, and publish nothing.' },
    'max-removed': { value: 'N', help: 'Let up to N targets go, even if the gate would hold them.' },
  },
  async run({ to, at, pin: pinFor, 'max-removed': most, ...values }, io, job) {
    if ((to === undefined) === (at === undefined)) throw new UsageError('give --to or --at');
    const maxRemoved = most === undefined ? 0 : readCount('max-removed', most);
    const pin = pinFor === undefined ? undefined : { until: untilOf('pin', pinFor) };
    const decide: Decide = async (id, input, { view, ids }) => {
      if (to !== undefined) requireOne(ids, 'version');
      const version =
        to === undefined ? await versionOf(input, id, { at: at ?? '' }, io) : readCount('to', to);
      return rollbackProvider(id, { to: version, pin, maxRemoved, guard: guardOf(view, id) }, input);
    };
    return decideAll({ command: 'rollback', decide }, job, values, io);
  },
});

/** `muster pin` */
export const pin = defineCommand({
  name: 'pin',
  description:
    'Keeps the list of a job as it is, for a time or until "muster unpin": cycles go on, publish nothing, and hold what they\n' +
    'find. Status, page and an alert say so.',
  examples: ['muster pin api --for 2h --reason "registry moves"', 'muster pin api --provider consul-0'],
  argument: 'JOB',
  options: { ...common, for: { value: 'DURATION', help: 'How long; by default until "muster unpin".' } },
  async run({ for: duration, ...values }, io, job) {
    const until = duration === undefined ? undefined : untilOf('for', duration);
    const decide: Decide = (id, input) => pinProvider(id, until, input);
    return decideAll({ command: 'pin', decide }, job, values, io);
  },
});

/** `muster unpin` */
export const unpin = defineCommand({
  name: 'unpin',
  description: 'Ends the pin of a job: its next cycle publishes what it finds, through the gate.',
  examples: ['muster unpin api', 'muster unpin api --provider consul-0 --reason "registry is back"'],
  argument: 'JOB',
  options: common,
  run: (values, io, job) => decideAll({ command: 'unpin', decide: unpinProvider }, job, values, io),
});

/** `muster reject` */
export const reject = defineCommand({
  name: 'reject',
  description:
    'Says that what the gate holds of a job now is not wanted: time does not confirm these removals, until the backend has\n' +
    'the targets again or "muster accept" lets them go. Status, page and an alert say so. Exits with 1 when nothing is held.',
  examples: ['muster reject api --reason "the registry lost a rack"'],
  argument: 'JOB',
  options: common,
  run: (values, io, job) => decideAll({ command: 'reject', decide: rejectHeld }, job, values, io),
});

interface CommonValues {
  readonly config: string;
  readonly store: string | undefined;
  readonly provider: string | undefined;
  readonly reason: string | undefined;
  readonly by: string | undefined;
  readonly output: 'table' | 'json';
}

type Decide = (
  id: ProviderId,
  input: OperatorInput,
  place: { readonly view: StoreView; readonly ids: readonly ProviderId[] },
) => Promise<Operated>;

/** Decides for each provider of the job. If one fails, the decisions before it stay. */
async function decideAll(
  { command, decide }: { readonly command: string; readonly decide: Decide },
  job: string | undefined,
  { config, store: url, provider, reason: why, by = defaultName(), output }: CommonValues,
  io: Io,
): Promise<ExitCode> {
  if (job === undefined) throw new UsageError('name the job');
  const view = await openView(command, { location: config, url }, io);
  await using store = view.store;
  const ids = await chooseProviders(view, { job, provider }, io.signal);
  const now = () => new Date();
  const input = { store, signal: io.signal, now, run: newRunId(now()), by, why };
  const done: Operated[] = [];
  for (const id of ids) {
    try {
      const one = await decide(id, input, { view, ids });
      done.push(one);
      if (output === 'table') await printOperated(command, one, io);
    } catch (error) {
      // Only some providers of a job may have something held.
      const isLast = id === ids.at(-1) && done.length === 0;
      if (command !== 'reject' || !isMusterError(error, 'not-found') || isLast) throw error;
    }
  }
  if (output === 'json') await io.out(`${JSON.stringify(done.map(operatedData), undefined, 2)}\n`);
  return exitCodes.good;
}

async function printOperated(command: string, one: Operated, io: Io): Promise<void> {
  const { job, provider, version, isNew, change, control } = one;
  const name = `${job}/${provider}`;
  const what = isNew
    ? `version ${version}, ${summaryText(countChange(change))}`
    : `nothing to do, it is so at version ${version}`;
  await io.out(`${printable(`${name}: ${what}${pinText(control)}`)}\n`);
  await printChange(io, change, { indent: '  ', limit: 20 });
  if (command === 'rollback' && control.pin === undefined)
    io.err(`${printable(name)} is not pinned: the next cycle publishes what it finds\n`);
}

function pinText({ pin: pinned }: Control): string {
  if (pinned === undefined) return '';
  return pinned.until === undefined ? '; pinned until "muster unpin"' : `; pinned until ${pinned.until}`;
}

function operatedData({ job, provider, version, isNew, change, control }: Operated): object {
  const { pin: pinned, rejected } = control;
  return {
    kind: 'decision',
    ...{ job, provider, version, new: isNew, summary: countChange(change) },
    pinned,
    rejected: rejected && { by: rejected.by, why: rejected.why, targets: rejected.ids.length },
  };
}

/** The end of a pin with this duration, from a second to a year. */
function untilOf(option: string, text: string): string {
  const length = parseDuration(text);
  if (length === undefined || length < 1000 || length > longestPin)
    throw new UsageError(
      `--${option} is a duration from 1s to ${formatDuration(longestPin)}, as in 2h, not "${text}"`,
    );
  return new Date(Date.now() + length).toISOString();
}

const longestPin = 365 * 86_400_000;

/** The configured guard of the provider; the default one if that is not known. */
function guardOf({ configured }: StoreView, { job, provider }: ProviderId) {
  const own = configured?.providers.filter((one) => one.job === job) ?? [];
  return (own.find((one) => one.provider === provider) ?? own[0])?.guard ?? builtInSettings.guard;
}

function defaultName(): string {
  try {
    return `${userInfo().username}@${hostname()}`;
  } catch {
    // A container may have a user without a name.
    return hostname();
  }
}
