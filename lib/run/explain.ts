import { mapConcurrent } from '../base/concurrency.ts';
import { fetchTexts } from '../cycle/blocks.ts';
import type { ControlRecord } from '../cycle/control.ts';
import { readHeld } from '../cycle/held.ts';
import { type LifeEvent, lifeOfTarget } from '../cycle/history.ts';
import { decodeJournalEntry, type JournalHead } from '../cycle/journal.ts';
import { type Loaded, loadProvider } from '../cycle/load.ts';
import { type Memory, markOf } from '../cycle/memory.ts';
import { comparedTarget, compareTargets } from '../cycle/missing.ts';
import { readStatus, type Status } from '../cycle/status.ts';
import type { ObjectStore } from '../store/store.ts';
import { countTargets, decodeGroup } from '../targets/canonical.ts';
import type { TargetChange } from '../targets/diff.ts';
import { addressLabel, type LabelSet, targetLabels } from '../targets/group.ts';
import { journalKey, type ProviderId } from '../targets/keys.ts';
import { type RelabelTrace, traceRelabel } from '../targets/relabel.ts';
import {
  type JobRules,
  type Near,
  type NearCollector,
  openMatcher,
  openNear,
  type Question,
} from './question.ts';

/** What an explanation reads from. */
export interface ExplainInput {
  readonly store: ObjectStore;
  readonly signal: AbortSignal;
  /** Where is looked: providers of the store, those that have only a journal among them. */
  readonly providers: readonly ProviderId[];
  /** The rules of a job, where they are known. */
  readonly rulesOf: (job: string) => JobRules | undefined;
}

/** What is known of the targets that a question means. */
export interface Explanation {
  /** Those that are published now, provider by provider. */
  readonly published: readonly PublishedTarget[];
  /** Where none is published: how the last one left each provider that had one, the latest first. */
  readonly departures: readonly Departure[];
  /** Where none is published: what is there and looks alike. */
  readonly nearest: readonly Near[];
  /** The providers that were looked at. */
  readonly looked: readonly Look[];
}

/** When a list became what it is, by the journal. */
interface Since extends Pick<JournalHead, 'version' | 'at' | 'reason' | 'run'> {
  /** The operator's decision that it came of. */
  readonly decision?: Pick<ControlRecord, 'action' | 'by' | 'why'> | undefined;
}

/** A target that is published. */
export interface PublishedTarget extends ProviderId {
  /** Source of its group. */
  readonly source: string;
  /** All labels, as they are published. */
  readonly labels: LabelSet;
  /** Version of the list. */
  readonly version: number;
  /** The version since which its address has been in the list; undefined if the journal does not reach back to it. */
  readonly since: Since | undefined;
  /** The version that last changed its labels, if that is later. */
  readonly changed: Since | undefined;
  /** Set where the listing lacks it, and the gate keeps it. */
  readonly held: { readonly since: string | undefined; readonly message: string } | undefined;
  /** What the rules of Prometheus make of it; undefined if they are not known. */
  readonly trace: RelabelTrace | undefined;
}

/** How the last target that was meant left a provider. */
export interface Departure extends ProviderId, Since {
  /** `changed`: it is there, but its labels are no longer those that were asked for. */
  readonly kind: 'left' | 'changed';
  /** The targets that were meant; labels as they were before. */
  readonly targets: readonly (Pick<TargetChange, 'source' | 'differences'> & { readonly labels: LabelSet })[];
  /** How many others left in the same version, and the first of them. */
  readonly others: number;
  readonly sample: readonly LabelSet[];
  /** What the rules would have made of the first, where they are known. */
  readonly trace: RelabelTrace | undefined;
}

/** A provider that was looked at, and what of it bears on the answer. */
export interface Look extends ProviderId {
  readonly version: number;
  readonly targets: number;
  /** Version at which the journal begins; 0 without one. */
  readonly begins: number;
  readonly status: Status | undefined;
  /** What could not be read. */
  readonly problems: readonly string[];
}

/** Providers that are read at once: each list is in memory as a whole. */
const concurrency = 2;

/** Others that are named of those that left with a target. */
const mostSamples = 5;

/**
 * Finds out what became of the targets that a question means, from the bucket alone. A provider that cannot be read is
 * named with its problem. Throws what the store throws where it cannot be asked.
 */
export async function explainTargets(question: Question, input: ExplainInput): Promise<Explanation> {
  const near = openNear(question);
  const seen = await mapConcurrent(input.providers, concurrency, input.signal, (id) =>
    lookAt(id, question, near, input),
  );
  const published = seen.flatMap((one) => one.published);
  const departures =
    published.length > 0
      ? []
      : await mapConcurrent(seen, concurrency, input.signal, (one) => departureOf(one, question, input));
  return {
    published,
    departures: departures
      .filter((one) => one !== undefined)
      .sort((a, b) => Date.parse(b.at) - Date.parse(a.at)),
    nearest: published.length > 0 ? [] : near.found(),
    looked: seen.map(({ look }) => look),
  };
}

interface Seen {
  readonly look: Look;
  readonly published: readonly PublishedTarget[];
  /** What the journal says of the targets that were meant, where none is published. Oldest first. */
  readonly events: readonly LifeEvent[];
}

async function lookAt(
  id: ProviderId,
  question: Question,
  near: NearCollector,
  input: ExplainInput,
): Promise<Seen> {
  const { store, signal } = input;
  const { job, provider } = id;
  const { status, damaged } = await readStatus(store, id, signal);
  const loaded = await loadProvider(store, id, { signal });
  await fetchTexts(loaded.groups.values(), { store, id, signal });
  const rules = input.rulesOf(job);
  const isMeant = openMatcher(question, rules);
  const found = findTargets(loaded, (labels) => {
    near.show(id, labels);
    return isMeant(labels);
  });
  const addresses = new Set(found.map(({ labels }) => labels[addressLabel]));
  const life = await lifeOfTarget(
    id,
    { isMeant: found.length === 0 ? isMeant : (labels) => addresses.has(labels[addressLabel]) },
    { store, signal },
  );
  const { held } = found.length === 0 ? { held: undefined } : await readHeld(store, id, signal);
  const byAddress = Map.groupBy(life.events, ({ change }) => change.address);
  const counts = countBy(found.map(({ labels }) => labels[addressLabel]));
  const published = found.map(({ source, labels }): PublishedTarget => {
    const address = labels[addressLabel];
    const events = byAddress.get(address) ?? [];
    const since = sinceOf(events, counts.get(address) ?? 0);
    const changed = events.findLast(
      ({ change, version }) =>
        change.kind === 'changed' && change.source === source && version > (since?.version ?? 0),
    )?.head;
    const kept = held && heldSince({ source, labels }, held);
    return {
      ...{ job, provider, source, labels, version: loaded.version, since },
      changed: changed && sinceHead(changed),
      held: held && kept && { since: kept.since, message: held.message },
      trace: rules && traceRelabel(labels, rules.run === 'muster' ? [] : rules.rules, rules.scrapeLabels),
    };
  });
  const problems = [damaged, loaded.damaged, ...life.problems].filter((one) => one !== undefined);
  const targets = countTargets(loaded.groups);
  const look = { job, provider, version: loaded.version, targets, begins: life.begins, status, problems };
  return { look, published, events: found.length === 0 ? life.events : [] };
}

interface FoundTarget {
  readonly source: string;
  readonly labels: LabelSet;
}

function findTargets({ groups }: Loaded, isMeant: (labels: LabelSet) => boolean): readonly FoundTarget[] {
  const found: FoundTarget[] = [];
  for (const encoded of groups.values()) {
    const group = decodeGroup(encoded);
    for (const target of group.targets) {
      const labels = targetLabels(group, target);
      if (isMeant(labels)) found.push({ source: group.source, labels });
    }
  }
  return found;
}

function heldSince(
  { source, labels }: FoundTarget,
  { memory }: { readonly memory: Memory },
): { readonly since: string | undefined } | undefined {
  // A list of another backend is held as a whole, and no target has a mark.
  const mark = markOf(memory, comparedTarget(source, labels).id, source);
  return mark && { since: mark.since };
}

/** The version since which there was always one of an address; `count` of them are there now. */
function sinceOf(events: readonly LifeEvent[], count: number): Since | undefined {
  let left = count;
  for (const { head, came, went } of byVersion(events, ({ change }) => [
    change.kind === 'removed' ? 1 : 0,
    change.kind === 'added' ? 1 : 0,
  ])) {
    left -= came - went;
    if (left <= 0 && came > 0) return sinceHead(head);
  }
  return undefined;
}

interface VersionSum {
  readonly head: JournalHead;
  readonly events: readonly LifeEvent[];
  /** How many of the targets in question there were before that are concerned, and how many after. */
  readonly went: number;
  readonly came: number;
}

/** The events of each version with their sums, the newest first. */
function byVersion(
  events: readonly LifeEvent[],
  sidesOf: (event: LifeEvent) => readonly [before: number, after: number],
): readonly VersionSum[] {
  const groups = [...Map.groupBy(events, ({ version }) => version).values()];
  return groups
    .flatMap((all) => {
      const [first] = all;
      if (first === undefined) return [];
      const sides = all.map(sidesOf);
      const went = sides.reduce((sum, [before]) => sum + before, 0);
      const came = sides.reduce((sum, [, after]) => sum + after, 0);
      return [{ head: first.head, events: all, went, came }];
    })
    .sort((a, b) => b.head.version - a.head.version);
}

async function departureOf(
  { look, events }: Seen,
  question: Question,
  input: ExplainInput,
): Promise<Departure | undefined> {
  const { job, provider } = look;
  const rules = input.rulesOf(job);
  const isMeant = openMatcher(question, rules);
  const wasMeant = ({ change }: LifeEvent) => change.kind !== 'added' && isMeant(labelsBefore(change));
  const isStill = ({ change }: LifeEvent) => change.kind !== 'removed' && isMeant(change.labels);
  const last = byVersion(events, (one) => [wasMeant(one) ? 1 : 0, isStill(one) ? 1 : 0]).find(
    ({ went, came }) => went > came,
  );
  if (last === undefined) return undefined;
  const gone = last.events.filter((one) => wasMeant(one) && !isStill(one)).map(({ change }) => change);
  const changed = gone.every(({ kind }) => kind === 'changed');
  const left = changed ? gone : gone.filter(({ kind }) => kind === 'removed');
  const targets = left.map((change) => ({
    ...{ source: change.source, differences: change.differences, labels: labelsBefore(change) },
  }));
  const others = changed ? [] : await othersOf({ job, provider }, last.head.version, isMeant, input);
  const labels = targets[0]?.labels ?? {};
  return {
    ...{ job, provider, ...sinceHead(last.head), kind: changed ? 'changed' : 'left', targets },
    others: others.length,
    sample: others.slice(0, mostSamples),
    trace: rules && traceRelabel(labels, rules.run === 'muster' ? [] : rules.rules, rules.scrapeLabels),
  };
}

/** The other targets that left in a version: not under another source or with other labels. */
async function othersOf(
  id: ProviderId,
  version: number,
  isMeant: (labels: LabelSet) => boolean,
  { store, signal }: ExplainInput,
): Promise<readonly LabelSet[]> {
  const found = await store.get(journalKey(id, version), { signal });
  if (found === undefined) return [];
  const { change } = await decodeJournalEntry(found.body, signal);
  return compareTargets(change)
    .missing.map(({ labels }) => labels)
    .filter((labels) => labels[addressLabel] !== undefined && !isMeant(labels));
}

/** The labels of a target before a change. */
function labelsBefore({ labels, differences }: TargetChange): LabelSet {
  const before = new Map(Object.entries(labels));
  for (const one of differences) {
    if (one.before === undefined) before.delete(one.name);
    else before.set(one.name, one.before);
  }
  return Object.fromEntries(before);
}

function sinceHead({ version, at, reason, run, control }: JournalHead): Since {
  const { action, by, why } = control ?? {};
  return { version, at, reason, run, ...(action && by !== undefined && { decision: { action, by, why } }) };
}

function countBy<Key>(keys: readonly Key[]): ReadonlyMap<Key, number> {
  return new Map([...Map.groupBy(keys, (key) => key)].map(([key, all]) => [key, all.length]));
}
