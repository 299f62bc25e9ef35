import type { ClusterState, Versions } from './list.ts';

/** The cluster's states: the newest, and some before it, so that a paged listing stays on the one it began with. */
export interface History extends Versions {
  /** Makes this the newest state. */
  push(state: ClusterState): void;
  /** Forgets all but the newest state, as etcd does when it is compacted: tokens of older ones have expired. */
  compact(): void;
}

/** States that are kept. Each holds little but what differs from the next. */
const kept = 16;

export function openHistory(first: ClusterState): History {
  let states: readonly [ClusterState, ...ClusterState[]] = [first];
  return {
    current: () => states[0],
    at: (version) => states.find((state) => state.version === version),
    push(state) {
      states = [state, ...states.slice(0, kept - 1)];
    },
    compact() {
      states = [states[0]];
    },
  };
}
