import { isMusterError, MusterError, toMusterError } from '../base/errors.ts';
import { addressLabel, type LabelSet, targetLabels } from '../targets/group.ts';
import type { ProviderId } from '../targets/keys.ts';
import { type RelabelTrace, traceRelabel } from '../targets/relabel.ts';
import type { AppProvider } from './providers.ts';
import { type JobRules, type NearCollector, openMatcher, type Question } from './question.ts';

/** What a backend has of the targets that a question means, by one listing. */
export interface LiveLook extends ProviderId {
  /** How many targets the backend lists, before any rule. */
  readonly listed: number;
  readonly found: readonly LiveTarget[];
  /** Why the backend could not be listed. */
  readonly error: MusterError | undefined;
}

/** A target as its backend has it. */
interface LiveTarget {
  readonly source: string;
  /** All labels, before any rule. */
  readonly labels: LabelSet;
  /** What the job's rules make of it, wherever they run; undefined if they are not known. */
  readonly trace: RelabelTrace | undefined;
}

/**
 * Lists a provider once, within its deadline, and keeps what is meant. Writes nothing. A backend that cannot be listed
 * is an error in the result; throws (kind `timeout`) only for the signal.
 */
export async function lookLive(
  provider: AppProvider,
  question: Question,
  { rules, near, signal }: { rules: JobRules | undefined; near: NearCollector; signal: AbortSignal },
): Promise<LiveLook> {
  const { job, provider: name, deadline, discover } = provider;
  const id = { job, provider: name };
  // Wherever they run, the backend's list is from before.
  const all = rules && { ...rules, run: 'prometheus' as const };
  const isMeant = openMatcher(question, all);
  const limit = AbortSignal.timeout(deadline);
  const bySource = new Map<string, { readonly listed: number; readonly found: readonly LiveTarget[] }>();
  try {
    const listing = discover({ signal: AbortSignal.any([signal, limit]), deadline: Date.now() + deadline });
    for await (const groups of listing) {
      for (const group of groups) {
        const found = group.targets.flatMap((target) => {
          const labels = targetLabels(group, target);
          near.show(id, labels);
          if (!isMeant(labels)) return [];
          const trace = rules && traceRelabel(labels, rules.rules, rules.scrapeLabels);
          return [{ source: group.source, labels, trace }];
        });
        const listed = group.targets.filter(
          (target) => (targetLabels(group, target)[addressLabel] ?? '') !== '',
        );
        bySource.set(group.source, { listed: listed.length, found });
      }
    }
  } catch (error) {
    if (signal.aborted) throw error;
    const text = `no full listing within ${deadline / 1000}s`;
    const why = limit.aborted ? new MusterError('timeout', text) : toMusterError(error);
    if (isMusterError(why, 'internal')) throw error;
    return { ...id, listed: 0, found: [], error: why };
  }
  const groups = [...bySource.values()];
  return {
    ...id,
    listed: groups.reduce((sum, { listed }) => sum + listed, 0),
    found: groups.flatMap(({ found }) => found),
    error: undefined,
  };
}
