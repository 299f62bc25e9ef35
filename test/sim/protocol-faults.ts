/** Which requests a fault befalls. */
interface ProtocolFaultScope<Request> {
  /** Default: all. */
  readonly when?: (request: Request) => boolean;
  /** After so many hits the fault is over. Default: never. */
  readonly times?: number;
}

/** Faults of a simulated server whose protocol is not HTTP. */
export interface ProtocolFaults<Request, Fault> {
  /** Adds a fault and returns what removes it; the first that matches wins. */
  add(fault: Fault, scope?: ProtocolFaultScope<Request>): () => void;
  clear(): void;
}

/** Faults, and which of them befalls a request. */
export function createProtocolFaults<Request, Fault>(): {
  readonly faults: ProtocolFaults<Request, Fault>;
  readonly strike: (request: Request) => Fault | undefined;
} {
  const active = new Set<{ fault: Fault; when: (request: Request) => boolean; left: number }>();
  return {
    faults: {
      add(fault, { when = () => true, times = Number.POSITIVE_INFINITY } = {}) {
        const entry = { fault, when, left: times };
        active.add(entry);
        return () => active.delete(entry);
      },
      clear: () => active.clear(),
    },
    strike(request) {
      const entry = [...active].find(({ when }) => when(request));
      if (entry === undefined) return undefined;
      entry.left -= 1;
      if (entry.left <= 0) active.delete(entry);
      return entry.fault;
    },
  };
}
