import { createLimit } from '../../base/concurrency.ts';
import { toMusterError } from '../../base/errors.ts';
import { type HeldBounds, type HeldDocument, readHeld } from '../../cycle/held.ts';
import { heldData, releaseCommand } from '../../cycle/hints.ts';
import type { ObjectStore } from '../../store/store.ts';
import type { TargetChange } from '../../targets/diff.ts';
import { addressLabel } from '../../targets/group.ts';
import { heldKey, type ProviderId } from '../../targets/keys.ts';
import type { ProviderView } from './providers.ts';

/** What the gate holds of a provider: the change that it would be. */
export interface HeldView extends ProviderId {
  readonly source: string;
  /** Why, in one line. */
  readonly message: string;
  /** Since when, ISO 8601. */
  readonly since: string;
  /** When it leaves by itself if the listings stay as they are, ISO 8601; absent: not before it is accepted. */
  readonly until?: string | undefined;
  /** How many targets are held, and how many the listing has. */
  readonly targets: number;
  readonly listed: number;
  /** Lets it go now, to be pasted. */
  readonly command: string;
  /** The held targets as what would be removed, as many as are stored and wanted. */
  readonly rows: readonly TargetChange[];
  /** What is stored of it; undefined if that cannot be read. */
  readonly document: HeldDocument | undefined;
  /** Why it cannot be read. */
  readonly problem?: string | undefined;
}

/** The first providers with something held. */
export interface HeldPage {
  readonly items: readonly HeldView[];
  /** Providers with something held that are not among them. */
  readonly more: number;
}

/** Which held targets of each provider to read. */
export interface HeldRows {
  readonly offset: number;
  /** The most rows to show. */
  readonly limit: number;
  readonly signal: AbortSignal;
}

/** Providers that are shown at once: what is held of each is read whole. */
const mostProviders = 20;
/** A legitimate one of 20,000 marks and a thousand targets has a few megabytes. */
const bounds: HeldBounds = { maxBytes: 4 << 20, maxUnpacked: 32 << 20 };
const timeout = 10_000;

/** Reads what is held of those whose status says that something is, a few at a time. */
export function createHeldReader() {
  const limit = createLimit(2);
  return async (
    providers: readonly (ProviderView & { readonly store: ObjectStore })[],
    { signal, ...rows }: HeldRows,
  ): Promise<HeldPage> => {
    const holding = providers.filter(({ status }) => status?.held !== undefined);
    const shown = holding.slice(0, mostProviders);
    const read = (one: ProviderView & { readonly store: ObjectStore }) =>
      limit(() => readOne(one, rows, AbortSignal.any([signal, AbortSignal.timeout(timeout)])));
    const items = await Promise.all(shown.map(read));
    return { items: items.flat(), more: holding.length - shown.length };
  };
}

async function readOne(
  { source, job, provider, status, store }: ProviderView & { readonly store: ObjectStore },
  { offset, limit }: Omit<HeldRows, 'signal'>,
  signal: AbortSignal,
): Promise<readonly HeldView[]> {
  const summary = status?.held;
  if (summary === undefined) return [];
  const id = { job, provider };
  const { message, since, until, targets, listed } = summary;
  const facts = { source, ...id, message, since, until, targets, listed };
  const command = releaseCommand(id, { pinned: summary.kind === 'pinned' });
  const unread = (problem: string) => [{ ...facts, command, rows: [], document: undefined, problem }];
  try {
    const { held, damaged } = await readHeld(store, id, signal, bounds);
    if (held === undefined) return unread(damaged ?? `${heldKey(id)} is not there; the next cycle writes it`);
    const rows = held.sample.slice(offset, offset + limit).map(removal);
    return [{ ...facts, targets: held.targets, listed: held.listed, command, rows, document: held }];
  } catch (error) {
    return unread(toMusterError(error).message);
  }
}

function removal({ source, labels }: HeldDocument['sample'][number]): TargetChange {
  return { kind: 'removed', source, address: labels[addressLabel], count: 1, labels, differences: [] };
}

/** The same for JSON. */
export function heldViewData({ document, rows, ...facts }: HeldView): object {
  return {
    ...facts,
    ...(document && { ...heldData(document), sample: undefined }),
    rows: rows.map(({ source, labels }) => ({ source, labels })),
  };
}
