import { runCycle } from '../../lib/cycle/cycle.ts';
import { acceptHeld } from '../../lib/cycle/held.ts';
import type { CycleInput, CycleResult, Provider } from '../../lib/cycle/provider.ts';
import { readStatus, type Status } from '../../lib/cycle/status.ts';
import { createMemoryStore } from '../../lib/store/memory.ts';
import type { ObjectStore } from '../../lib/store/store.ts';
import type { Listed } from '../../lib/targets/discover.ts';
import { decodeFileSd } from '../../lib/targets/file-sd-reader.ts';
import type { TargetGroup } from '../../lib/targets/group.ts';
import { targetsKey } from '../../lib/targets/keys.ts';
import { id, providerOf } from '../support/provider.ts';

/** What a backend answers: its groups, and what it says of them; an error is a listing that fails. */
type Answer =
  | readonly TargetGroup[]
  | Error
  | { readonly groups: readonly TargetGroup[]; readonly listed: Listed };

/** Cycles of one provider on one store, minute by minute, on a clock that the test sets. */
export interface Scenario {
  readonly store: ObjectStore;
  /** Minutes since the beginning. */
  minutes: number;
  /** A cycle with this answer. */
  cycle(answer: Answer, input?: Partial<CycleInput>): Promise<CycleResult>;
  /** A cycle a minute with this answer, so many times. */
  cycles(count: number, answer: Answer): Promise<readonly CycleResult[]>;
  accept(): Promise<number | undefined>;
  status(): Promise<Status | undefined>;
  /** Addresses in the target file, in order. */
  published(): Promise<readonly string[]>;
}

let runs = 0;

export function openScenario(
  options: Partial<Omit<Provider, 'discover'>> = {},
  store: ObjectStore = createMemoryStore(),
): Scenario {
  const scenario: Scenario = {
    store,
    minutes: 0,
    async cycle(answer, input = {}) {
      const now = () => new Date(Date.UTC(2026, 0, 1) + scenario.minutes * 60_000);
      const provider: Provider = {
        ...providerOf(() => [], options),
        async *discover() {
          if (answer instanceof Error) throw answer;
          const { groups, listed = undefined } = 'groups' in answer ? answer : { groups: answer };
          yield groups;
          return listed;
        },
      };
      const result = await runCycle(provider, { store, run: `run-${++runs}`, now, ...input });
      scenario.minutes += 1;
      return result;
    },
    async cycles(count, answer) {
      const results: CycleResult[] = [];
      for (let index = 0; index < count; index++) results.push(await scenario.cycle(answer));
      return results;
    },
    async accept() {
      const now = new Date(Date.UTC(2026, 0, 1) + scenario.minutes * 60_000);
      return (await acceptHeld(store, { ...id, ...options }, now))?.targets;
    },
    status: async () => (await readStatus(store, { ...id, ...options })).status,
    async published() {
      const file = await store.get(targetsKey({ ...id, ...options }));
      if (file === undefined) return [];
      return decodeFileSd(file.body)
        .flatMap(({ targets }) => targets)
        .sort();
    },
  };
  return scenario;
}

/** Targets `from` up to and without `to`, one group each. */
export function targets(
  from: number,
  to: number,
  labels: Readonly<Record<string, string>> = {},
): TargetGroup[] {
  return Array.from({ length: to - from }, (_, index) => ({
    source: `s${from + index}`,
    labels,
    targets: [{ __address__: addressOf(from + index) }],
  }));
}

export function addressOf(index: number): string {
  return `10.0.${index >> 8}.${index & 255}:80`;
}
