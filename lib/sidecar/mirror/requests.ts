import type { Round } from './round.ts';

/** Lets others ask the loop for a round before its time. */
export interface RoundRequests {
  /** The next round that begins from now on; `undefined` when the signal fires before its end. */
  ask(signal: AbortSignal): Promise<Round | undefined>;
  /** For the loop: a signal that fires as soon as a round is asked for, or has fired where one is already. */
  pending(): AbortSignal;
  /** For the loop: says that a round begins; what it returns takes that round to all who asked before. */
  begin(): (round: Round) => void;
}

export function createRoundRequests(): RoundRequests {
  let waiting: ((round: Round) => void)[] = [];
  let asked = new AbortController();
  return {
    ask(signal) {
      if (signal.aborted) return Promise.resolve(undefined);
      return new Promise((resolve) => {
        const end = () => resolve(undefined);
        signal.addEventListener('abort', end, { once: true });
        waiting.push((round) => {
          signal.removeEventListener('abort', end);
          resolve(round);
        });
        asked.abort();
      });
    },
    pending: () => asked.signal,
    begin() {
      const served = waiting;
      waiting = [];
      asked = new AbortController();
      return (round) => {
        for (const serve of served) serve(round);
      };
    },
  };
}
