import type { Dispatcher } from 'undici';
import { abortError, onAbort } from '../base/deadlines.ts';
import { MusterError } from '../base/errors.ts';
import { type BodyLimit, type BodyReader, type BodySpace, readBody } from './body.ts';
import { toFailure } from './errors.ts';

/** One request on the wire. */
export interface Call {
  readonly method: string;
  /** Path and query, or the whole URL for a proxy. */
  readonly path: string;
  readonly headers: Readonly<Record<string, readonly string[]>>;
  readonly body?: string | undefined;
  /** Any of them ends the exchange. */
  readonly signals: readonly AbortSignal[];
  /** Longest time, in milliseconds, in which nothing happens. */
  readonly idleTimeoutMs: number;
  /** How much of the body to read, once the status is known. */
  readonly limit: (status: number) => BodyLimit;
  /** Memory that the body is read into. Default: new memory. */
  readonly space?: BodySpace | undefined;
}

/** One answer, read to its end or its limit. */
export interface Answer {
  readonly status: number;
  /** Lower-case names; of a repeated header the first value. */
  readonly headers: Readonly<Record<string, string>>;
  /** As it came, content encoding included. */
  readonly body: Uint8Array;
}

/**
 * Sends one request and reads its answer. Throws `timeout`, `too-large`, `unreachable`, `tls`, `malformed`; the
 * messages don't name the request. Whatever the outcome, nothing of the exchange is left when it ends: a body that
 * isn't read to its end takes its connection with it.
 */
export function exchange(dispatcher: Dispatcher, call: Call): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const { method, path, body, signals, idleTimeoutMs } = call;
    let controller: Dispatcher.DispatchController | undefined;
    let answer:
      | { status: number; headers: Record<string, string>; reader: BodyReader; declared: number | undefined }
      | undefined;
    let sent = false;
    let over = false;
    let unlisten = () => {};

    const end = () => {
      over = true;
      clearTimeout(idle);
      unlisten();
    };
    const fail = (error: MusterError) => {
      if (over) return;
      end();
      reject(error);
      controller?.abort(error);
    };
    const succeed = () => {
      if (over || answer === undefined) return;
      end();
      const { status, headers, reader } = answer;
      whenConnectionIsFree(() => resolve({ status, headers, body: reader.take() }));
    };
    const howFar = () => {
      if (answer) return `after ${answer.reader.length}${ofDeclared(answer.declared)} bytes of the answer`;
      return sent ? 'while waiting for the answer' : 'before there was a connection';
    };
    const idle = setTimeout(
      () => fail(new MusterError('timeout', `nothing came for ${idleTimeoutMs} ms, ${howFar()}`)),
      idleTimeoutMs,
    );
    unlisten = onAbort(signals, (signal) => fail(abortError(signal, howFar())));
    if (over) return;

    const handler: Dispatcher.DispatchHandler = {
      onRequestStart(started) {
        controller = started;
        if (over) return started.abort(new Error('given up before it was sent'));
        sent = true;
        idle.refresh();
      },
      onResponseStart(_controller, status, headers) {
        if (over || status < 200) return;
        idle.refresh();
        const declared = lengthOf(headers);
        guarded(() => {
          const reader = readBody(declared, call.limit(status), call.space);
          answer = {
            status,
            headers: firstValues(headers),
            reader,
            declared,
          };
        });
      },
      onResponseData(_controller, chunk) {
        if (over || answer === undefined) return;
        idle.refresh();
        const { reader } = answer;
        guarded(() => {
          if (reader.push(chunk)) return;
          succeed();
          controller?.abort(new Error('the rest is not wanted'));
        });
      },
      onResponseEnd: succeed,
      onResponseError(_controller, error) {
        const failure = toFailure(error);
        if (answer && failure.kind === 'unreachable')
          fail(new MusterError('unreachable', `the answer was cut off ${howFar()}`, { code: 'cut-off' }));
        else fail(failure);
      },
    };
    const guarded = (step: () => void) => {
      try {
        step();
      } catch (error) {
        fail(toFailure(error));
      }
    };
    dispatcher.dispatch({ method, path, headers: mutable(call.headers), body: body ?? null }, handler);
  });
}

/**
 * undici frees a connection one turn of the event loop after the answer's end, in case the server closes it all the
 * same; a request made before that would open another one, with another TLS handshake.
 */
function whenConnectionIsFree(callback: () => void): void {
  setImmediate(() => setImmediate(callback));
}

function ofDeclared(declared: number | undefined): string {
  return declared === undefined ? '' : ` of ${declared}`;
}

type ReceivedHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;

function lengthOf(headers: ReceivedHeaders): number | undefined {
  const length = headers['content-length'];
  return typeof length === 'string' && /^\d{1,15}$/.test(length) ? Number(length) : undefined;
}

function firstValues(headers: ReceivedHeaders): Record<string, string> {
  const entries = Object.entries(headers).map(([name, value]) => [
    name.toLowerCase(),
    // A nested content encoding may come as two headers: all of it counts.
    typeof value === 'string' ? value : name === 'content-encoding' ? value?.join(', ') : value?.[0],
  ]);
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
}

function mutable(headers: Call['headers']): Record<string, string[] | string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, values]) => [
      name,
      values.length === 1 ? values.join() : [...values],
    ]),
  );
}
