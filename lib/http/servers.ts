import { MusterError, toMusterError } from '../base/errors.ts';

/** The input of a call to one of several servers. */
export interface Attempt {
  /** Fires when this server's share of the time is over. Every call must stop then. */
  readonly signal: AbortSignal;
  /** Whether a call may be repeated: only with the last server. For the others, the next server is the better retry. */
  readonly retry: boolean;
}

/** What all servers together have, and who hears of those that failed although another one answered. */
export interface Turns {
  readonly signal: AbortSignal;
  /** When `signal` will fire, in milliseconds since 1970, if that is known. */
  readonly deadline?: number | undefined;
  readonly warn: (message: string) => void;
}

/**
 * Asks equivalent servers in the given order until one answers. Returns the answer and its server. A server that hangs
 * takes only its share of the time: the rest of the time, divided by the remaining servers. When no server answers,
 * throws an error that names each failure; its kind is the first kind that is not `unreachable`.
 */
export async function askInTurn<Server, Answer>(
  servers: readonly Server[],
  { signal, deadline, warn }: Turns,
  ask: (server: Server, attempt: Attempt) => Promise<Answer>,
): Promise<{ readonly server: Server; readonly answer: Answer }> {
  const failures: MusterError[] = [];
  for (const [index, server] of servers.entries()) {
    const left = servers.length - index;
    const share =
      left === 1 || deadline === undefined ? undefined : Math.max(0, (deadline - Date.now()) / left);
    try {
      const answer = await within(share, signal, (own) => ask(server, { signal: own, retry: left === 1 }));
      for (const { message } of failures) warn(`${message}; another server answered`);
      return { server, answer };
    } catch (error) {
      failures.push(toMusterError(error));
      if (signal.aborted) break;
    }
  }
  throw allFailed(failures);
}

/** The items in random order. `random` returns a number from 0 to below 1, like Math.random. */
export function shuffled<Item>(items: readonly Item[], random: () => number = Math.random): Item[] {
  return items
    .map((item) => [random(), item] as const)
    .sort(([a], [b]) => a - b)
    .map(([, item]) => item);
}

/** Runs the call with a signal that also fires after `share` milliseconds, if there is such a limit. */
async function within<T>(
  share: number | undefined,
  signal: AbortSignal,
  call: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  if (share === undefined) return await call(signal);
  const stop = new AbortController();
  const late = new MusterError(
    'timeout',
    `no whole answer within ${Math.round(share)} ms, its share of the time`,
  );
  const timer = setTimeout(() => stop.abort(late), share);
  try {
    return await call(AbortSignal.any([signal, stop.signal]));
  } finally {
    clearTimeout(timer);
  }
}

function allFailed(failures: readonly MusterError[]): MusterError {
  const [first] = failures;
  if (first === undefined) return new MusterError('internal', 'there is no server to ask');
  if (failures.length === 1) return first;
  const { kind } = failures.find((failure) => failure.kind !== 'unreachable') ?? first;
  const messages = failures.map(({ message }) => message).join('; ');
  return new MusterError(kind, `none of ${failures.length} servers answered: ${messages}`, { cause: first });
}
