import { MusterError } from '../errors.ts';
import { type EncodedGroup, encodeGroup, type Groups, sortGroups } from '../target/canonical.ts';
import type { Cursor, Listed } from '../target/discover.ts';
import { addressLabel, type TargetGroup } from '../target/group.ts';
import { createPacker, type Packer } from '../target/pack.ts';
import type { CycleInput, Provider } from './provider.ts';
import { type ListFindings, openFindings } from './warnings.ts';

/** A whole listing and what it says of itself. */
export interface Listing {
  readonly groups: Groups;
  readonly listed: Listed;
  readonly findings: ListFindings;
}

/**
 * Lists a provider's targets within its deadline, each batch reduced to canonical text as it comes. A group that
 * is the same as before shares the text of `before`, the others are packed, so that memory stays small. Groups without targets
 * are left out. Throws what the backend throws, or kind `timeout`.
 */
export async function collectTargets(
  provider: Provider,
  { signal, onProgress, listUntil }: Pick<CycleInput, 'signal' | 'onProgress' | 'listUntil'>,
  before: Groups,
  cursor: Cursor | undefined,
): Promise<Listing> {
  const left = listUntil === undefined ? provider.deadline : listUntil.getTime() - Date.now();
  const allowed = Math.max(0, Math.min(provider.deadline, left));
  const deadline = AbortSignal.timeout(allowed);
  const both = signal === undefined ? deadline : AbortSignal.any([signal, deadline]);
  const input = {
    signal: both,
    deadline: Date.now() + allowed,
    ...(cursor !== undefined && { cursor }),
    ...(onProgress && { onProgress }),
  };
  const groups = new Map<string, EncodedGroup>();
  const packer = createPacker();
  const findings = openFindings();
  const listing = provider.discover(input);
  try {
    for (;;) {
      both.throwIfAborted();
      const next = await unlessAborted(listing.next(), both);
      if (next.done === true) {
        packer.finish();
        return { groups: sortGroups(groups), listed: next.value ?? {}, findings };
      }
      for (const found of next.value) {
        const group = provider.transform === undefined ? found : provider.transform(found, findings.note);
        if (group === undefined || group.targets.length === 0) groups.delete(found.source.toWellFormed());
        else {
          const source = group.source.toWellFormed();
          groups.set(source, shared(encodeGroup(group), before.get(source), packer));
          findings.withoutAddress += countUnaddressed(group);
        }
      }
    }
  } catch (error) {
    // The listing is told to stop, but not waited for: it may be what hangs.
    listing.return(undefined).catch(() => undefined);
    throw both.aborted ? deadlineError(allowed, deadline.aborted) : error;
  }
}

/**
 * The promise's value, or a rejection as soon as the signal fires. A race with one long-lived promise would keep every
 * batch alive until the listing ends, so that each batch has a promise of its own.
 */
function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise: first, resolve, reject } = Promise.withResolvers<T>();
  const onAbort = () => reject(signal.reason);
  // What made the promise may have fired the signal already.
  if (signal.aborted) onAbort();
  else signal.addEventListener('abort', onAbort, { once: true });
  promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  return first;
}

function shared(group: EncodedGroup, old: EncodedGroup | undefined, packer: Packer): EncodedGroup {
  return old?.digest === group.digest ? old : packer.pack(group);
}

/** Targets whose address is for the rules of Prometheus to set. */
function countUnaddressed({ labels, targets }: TargetGroup): number {
  const inherited = labels[addressLabel] ?? '';
  return targets.filter((target) => (target[addressLabel] ?? inherited) === '').length;
}

function deadlineError(allowed: number, own: boolean): MusterError {
  const why = own ? `no full listing within ${allowed / 1000}s` : 'stopped before the listing was full';
  return new MusterError('timeout', `${why}; the last good list stays`);
}
