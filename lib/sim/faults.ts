import { setTimeout as sleep } from 'node:timers/promises';

/** A request that the server received. */
export interface FleetRequest {
  readonly method: string;
  /** The path as it was sent, still escaped, without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** Lower-case names; the values of a repeated header are joined by `, `. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** An answer of a simulated backend. */
export interface FleetAnswer {
  /** Default 200. */
  readonly status?: number | undefined;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array;
  /** Written after the body, part by part. The answer then has no Content-Length. */
  readonly more?: Iterable<Uint8Array> | AsyncIterable<Uint8Array>;
  /** The answer never ends, like that of a watch. The connection stays open until the client closes it. */
  readonly open?: boolean;
}

/** A fault of an answer. */
export type Fault =
  /** The answer is late. */
  | { readonly kind: 'latency'; readonly ms: number }
  /** Another status; the default body is a short text. */
  | {
      readonly kind: 'status';
      readonly status: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly body?: string | undefined;
    }
  | { readonly kind: 'redirect'; readonly location: string }
  /** A login page with status 200, as proxies send it. */
  | { readonly kind: 'html' }
  /** Well-formed JSON of another shape. */
  | { readonly kind: 'json'; readonly value: unknown }
  /** Half of the body as a whole HTTP answer. */
  | { readonly kind: 'truncated' }
  /** Half of the body, then the connection dies. */
  | { readonly kind: 'cut' }
  /** Half of the body, then silence. */
  | { readonly kind: 'stall' }
  /** Not even headers. */
  | { readonly kind: 'hang' }
  /** This many bytes of JSON white space; `announced` puts the length into the headers. */
  | { readonly kind: 'huge'; readonly bytes: number; readonly announced?: boolean };

/** The reply to a request: a whole answer, half of it, a stream of bytes, or silence. */
export type Reply =
  | { readonly kind: 'whole'; readonly answer: FleetAnswer }
  | { readonly kind: 'half'; readonly answer: FleetAnswer; readonly ending: 'cut' | 'stall' }
  | { readonly kind: 'stream'; readonly bytes: number; readonly announced: boolean }
  | { readonly kind: 'silence' };

/** The requests that a fault applies to. */
interface FaultScope {
  /** Default: all. */
  readonly when?: (request: FleetRequest) => boolean;
  /** Number of requests after which the fault ends. Default: never. */
  readonly times?: number;
}

/** The faults of one server; they are added and removed while it runs. */
export interface Faults {
  /** Adds a fault and returns its removal. When several match, delays add up, and the first other fault wins. */
  add(fault: Fault, scope?: FaultScope): () => void;
  clear(): void;
}

interface ActiveFault {
  readonly fault: Fault;
  readonly when: (request: FleetRequest) => boolean;
  left: number;
}

/** The faults of a server. They turn the answer of `respond` into the reply. The signal ends delays. */
export function createFaults(
  respond: (request: FleetRequest) => FleetAnswer | Promise<FleetAnswer>,
  signal: AbortSignal,
): { readonly faults: Faults; readonly reply: (request: FleetRequest) => Promise<Reply> } {
  const active = new Set<ActiveFault>();

  const strike = (request: FleetRequest): Fault[] => {
    const struck: Fault[] = [];
    for (const entry of active) {
      if (!entry.when(request)) continue;
      if (entry.fault.kind !== 'latency' && struck.some(({ kind }) => kind !== 'latency')) continue;
      entry.left -= 1;
      if (entry.left <= 0) active.delete(entry);
      struck.push(entry.fault);
    }
    return struck;
  };

  return {
    faults: {
      add(fault, { when = () => true, times = Number.POSITIVE_INFINITY } = {}) {
        const entry = { fault, when, left: times };
        active.add(entry);
        return () => active.delete(entry);
      },
      clear: () => active.clear(),
    },
    async reply(request) {
      let reply: Reply | undefined;
      for (const fault of strike(request)) {
        if (fault.kind === 'latency') await sleep(fault.ms, undefined, { signal });
        else reply = await spoil(fault, () => respond(request));
      }
      return reply ?? { kind: 'whole', answer: await respond(request) };
    },
  };
}

type Spoiler = Exclude<Fault, { readonly kind: 'latency' }>;

async function spoil(fault: Spoiler, answer: () => FleetAnswer | Promise<FleetAnswer>): Promise<Reply> {
  switch (fault.kind) {
    case 'status': {
      const { status, headers = {}, body = `simulated fault ${status}\n` } = fault;
      return { kind: 'whole', answer: { status, headers, body } };
    }
    case 'redirect':
      return { kind: 'whole', answer: { status: 302, headers: { location: fault.location }, body: '' } };
    case 'html':
      return {
        kind: 'whole',
        answer: { headers: { 'content-type': 'text/html' }, body: '<!doctype html><title>Sign in</title>\n' },
      };
    case 'json':
      return { kind: 'whole', answer: jsonAnswer(fault.value) };
    case 'truncated': {
      const whole = await answer();
      const body = Buffer.from(whole.body);
      return {
        kind: 'whole',
        answer: {
          ...whole,
          body: body.subarray(0, Math.floor(body.byteLength / 2)),
          ...(whole.more && { more: firstPart(whole.more) }),
        },
      };
    }
    case 'cut':
    case 'stall':
      return { kind: 'half', answer: await answer(), ending: fault.kind };
    case 'hang':
      return { kind: 'silence' };
    case 'huge':
      return { kind: 'stream', bytes: fault.bytes, announced: fault.announced ?? false };
  }
}

/** Only the first of several parts. */
export async function* firstPart(
  parts: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
): AsyncIterable<Uint8Array> {
  for await (const part of parts) {
    yield part;
    return;
  }
}

/** The value as a JSON answer. */
export function jsonAnswer(value: unknown, headers: Readonly<Record<string, string>> = {}): FleetAnswer {
  return { headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(value) };
}
