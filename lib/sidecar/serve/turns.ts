import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** The order of answers: no peer can take so much that others, or the probes, get nothing. */
export interface Turns {
  /**
   * Waits until an answer may be made, and gives what ends the turn; `undefined` if none came in time, or the peer
   * went away.
   */
  take(response: ServerResponse): Promise<(() => void) | undefined>;
}

/** How many answers may run at once, and how long others wait. */
export interface TurnsOptions {
  /** Answers under way at once, and of them those to one address. */
  readonly most: number;
  readonly mostOfPeer: number;
  /** Milliseconds that a request waits for its turn. */
  readonly patience: number;
  /** Milliseconds after which an answer that the peer does not read yields to those who wait. */
  readonly stalled: number;
}

const defaultTurns: TurnsOptions = { most: 32, mostOfPeer: 16, patience: 10_000, stalled: 3_000 };

/** An answer under way. */
interface Turn {
  readonly peer: string;
  readonly response: ServerResponse;
  /** Bytes given to the socket at the last look, and when they last became more (milliseconds). */
  written: number;
  movedAt: number;
}

/**
 * A bounded number of turns, fair between addresses: first come, first served, except for those who have their share.
 */
export function createTurns({ most, mostOfPeer, patience, stalled }: TurnsOptions = defaultTurns): Turns {
  const running = new Set<Turn>();
  const waiting: { readonly peer: string; readonly start: () => void }[] = [];
  let watch: NodeJS.Timeout | undefined;

  const mayStart = (peer: string) =>
    running.size < most && [...running].filter((one) => one.peer === peer).length < mostOfPeer;
  const next = () => {
    const index = waiting.findIndex(({ peer }) => mayStart(peer));
    if (index !== -1) waiting.splice(index, 1)[0]?.start();
  };
  const look = () => {
    const now = performance.now();
    for (const turn of running) {
      const written = turn.response.socket?.bytesWritten ?? 0;
      if (written !== turn.written || !turn.response.writableNeedDrain) turn.movedAt = now;
      turn.written = written;
    }
    if (waiting.length > 0)
      for (const { response, movedAt } of running) if (now - movedAt >= stalled) response.destroy();
    if (running.size > 0) return;
    clearInterval(watch);
    watch = undefined;
  };
  const begin = (peer: string, response: ServerResponse) => {
    const turn = { peer, response, written: 0, movedAt: performance.now() };
    running.add(turn);
    watch ??= setInterval(look, Math.min(500, stalled)).unref();
    return () => {
      if (running.delete(turn)) next();
    };
  };

  return {
    take(response) {
      const peer = response.socket?.remoteAddress ?? '';
      if (response.destroyed) return Promise.resolve(undefined);
      if (mayStart(peer)) return Promise.resolve(begin(peer, response));
      return new Promise((resolve) => {
        const entry = {
          peer,
          start() {
            stop();
            resolve(begin(peer, response));
          },
        };
        const giveUp = () => {
          stop();
          const index = waiting.indexOf(entry);
          if (index !== -1) waiting.splice(index, 1);
          resolve(undefined);
        };
        const timer = setTimeout(giveUp, patience);
        const stop = () => {
          clearTimeout(timer);
          response.off('close', giveUp);
        };
        response.once('close', giveUp);
        waiting.push(entry);
      });
    },
  };
}

/** Requests that a peer may send ahead on one connection; one that sends more is no reader of answers. */
const mostAhead = 16;

/**
 * One request at a time for each connection, in their order: what a peer sends ahead waits, and opens nothing. The
 * connection of one that sends too much ahead is ended.
 */
export function oneAtATime(
  serve: (request: IncomingMessage, response: ServerResponse) => void,
): (request: IncomingMessage, response: ServerResponse) => void {
  const lines = new WeakMap<Socket, { busy: boolean; readonly ahead: (() => void)[] }>();
  return (request, response) => {
    const { socket } = request;
    const line = lines.get(socket) ?? { busy: false, ahead: [] };
    lines.set(socket, line);
    const start = () => {
      line.busy = true;
      response.once('close', () => {
        line.busy = false;
        if (socket.destroyed) line.ahead.length = 0;
        else line.ahead.shift()?.();
      });
      serve(request, response);
    };
    if (!line.busy) start();
    else if (line.ahead.length < mostAhead) line.ahead.push(start);
    else socket.destroy();
  };
}

/**
 * Allows at most `most` open connections. A new connection is never refused, because it may be a probe: the address
 * with most connections loses its oldest one.
 */
export function boundConnections(server: Server, most: number): void {
  const open = new Map<string, Set<Socket>>();
  let count = 0;
  const forget = (peer: string, socket: Socket) => {
    const own = open.get(peer);
    if (own?.delete(socket) !== true) return;
    count -= 1;
    if (own.size === 0) open.delete(peer);
  };
  server.on('connection', (socket) => {
    const peer = socket.remoteAddress ?? '';
    open.set(peer, (open.get(peer) ?? new Set()).add(socket));
    count += 1;
    socket.once('close', () => forget(peer, socket));
    if (count <= most) return;
    const [largest] = [...open].sort(([, a], [, b]) => b.size - a.size);
    if (largest === undefined) return;
    const [crowd, [oldest]] = largest;
    if (oldest === undefined) return;
    // At once: its end is only reported a moment later, when others may have come.
    forget(crowd, oldest);
    oldest.destroy();
  });
}
