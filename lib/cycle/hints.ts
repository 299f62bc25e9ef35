import type { ProviderId } from '../targets/keys.ts';
import { decidedBy } from './control.ts';
import type { HeldDocument } from './held.ts';
import type { Status } from './status.ts';

/** The command that lets go what is held of a provider, to be pasted. */
export function acceptCommand({ job, provider }: ProviderId): string {
  return `muster accept ${jobOption(job)} --provider ${provider}`;
}

/** The command that publishes what is held: it accepts it or, for a pinned list, ends the pin. */
export function releaseCommand(id: ProviderId, { pinned }: Pick<HeldDocument, 'pinned'>): string {
  return pinned === true ? unpinCommand(id) : acceptCommand(id);
}

/** The command that prints what is held of a provider. */
export function heldCommand({ job, provider }: ProviderId): string {
  return `muster held ${jobOption(job)} --provider ${provider}`;
}

/** The command that lets all providers go which left the configuration and are held. */
export const acceptRetiredCommand = 'muster accept --retired';

/** The command that publishes what is held of a kube-state output. `output` names it, or its object of one shard. */
export function acceptOutputCommand(output: string): string {
  return `muster accept --kube-state ${quoted(output)}`;
}

/** The command that retires a provider which left the configuration, at once. */
export function retireCommand(id: ProviderId): string {
  return operatorCommand('retire', id);
}

/** The command that ends a pin. */
export function unpinCommand(id: ProviderId): string {
  return operatorCommand('unpin', id);
}

/** The command of an operator that takes a job and a provider, to be pasted. */
export function operatorCommand(
  command: 'unpin' | 'reject' | 'retire',
  { job, provider }: ProviderId,
): string {
  // What begins with a dash is an option wherever it stands, but after two of them.
  return job.startsWith('-')
    ? `muster ${command} --provider ${provider} -- ${quoted(job)}`
    : `muster ${command} ${quoted(job)} --provider ${provider}`;
}

/** The command that settles what the status says of a provider, or undefined if none does. */
export function settlingCommand(
  id: ProviderId,
  { held, pinned, retiring }: Pick<Status, 'held' | 'pinned' | 'retiring'>,
): string | undefined {
  // A pin holds against all else.
  if (pinned !== undefined) return unpinCommand(id);
  if (retiring !== undefined) return retiring.held === undefined ? retireCommand(id) : acceptRetiredCommand;
  return held && acceptCommand(id);
}

/**
 * Notes about a provider that is otherwise well: targets that left without an operator, and damage. `now` is in
 * milliseconds of Unix time.
 */
export function noticesOf(status: Status, now: number): readonly Notice[] {
  const { confirmed, damaged, pinned, rejected, ...id } = status;
  const isLate = confirmed !== undefined && now - Date.parse(confirmed.at) >= confirmedFor;
  return [
    ...(pinned === undefined ? [] : [{ kind: 'pinned', text: pinnedText(pinned) } as const]),
    ...(rejected === undefined ? [] : [{ kind: 'pinned', text: rejectedText(rejected) } as const]),
    ...(damaged === undefined ? [] : [{ kind: 'damaged', text: damagedText(id, damaged.message) } as const]),
    ...(confirmed === undefined || isLate
      ? []
      : [{ kind: 'confirmed', text: confirmedText(id, confirmed.targets) } as const]),
  ];
}

/** One thing that a person should know of a provider. */
export interface Notice {
  /** `pinned`: also where removals were rejected. */
  readonly kind: 'confirmed' | 'damaged' | 'pinned';
  /** One line. */
  readonly text: string;
}

/** Milliseconds for which a notice says that targets left without an operator. */
const confirmedFor = 60 * 60_000;

/** That a list is pinned, by whom, why, and until when. */
export function pinnedText({ until, by, why }: Omit<NonNullable<Status['pinned']>, 'since'>): string {
  const end = until === undefined ? 'until it is unpinned' : `until ${until}`;
  return `the list is pinned${decidedBy({ by, why })} ${end}`;
}

function rejectedText({ targets, by, why }: NonNullable<Status['rejected']>): string {
  const what = targets === 1 ? 'the removal of 1 target' : `the removal of ${targets} targets`;
  return `${what} was rejected${decidedBy({ by, why })}`;
}

function damagedText(id: ProviderId, message: string): string {
  return `the store was damaged, and mended as far as it could be: ${message}; ${historyCommand(id)} shows what it has`;
}

function confirmedText(id: ProviderId, targets: number): string {
  const what = targets === 1 ? '1 target' : `${targets} targets`;
  return `${what} left after a hold that nobody accepted; ${historyCommand(id)} shows which`;
}

function historyCommand({ job, provider }: ProviderId): string {
  return `muster history ${jobOption(job)} --provider ${provider}`;
}

/** The option `--job`. A value that begins with a dash is taken for an option unless an equals sign stands before it. */
export function jobOption(job: string): string {
  return `--job${job.startsWith('-') ? '=' : ' '}${quoted(job)}`;
}

/** A word of a command line, quoted where a shell would take it apart. */
export function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/** What is held, as plain data for JSON. */
export function heldData({ memory, ...held }: HeldDocument): object {
  const { labels, backend, accepted } = memory;
  return {
    kind: held.pinned === true ? 'pinned' : memory.kind,
    ...held,
    labels: labels?.names,
    backend,
    accepted_until: accepted?.until,
  };
}
