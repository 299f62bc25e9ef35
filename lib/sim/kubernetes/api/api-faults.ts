import type { Fault } from '../../faults.ts';
import { type ApiFailure, failures } from './status.ts';

/** What goes wrong with real API servers, as faults for single requests. */
export const kubernetesFaults = {
  /** 429 of the server's priority and fairness: plain text, no `Status`. */
  throttled: (retryAfterSeconds = 1): Fault => ({
    kind: 'status',
    status: 429,
    headers: { 'content-type': 'text/plain; charset=utf-8', 'retry-after': String(retryAfterSeconds) },
    body: 'Too many requests, please try again later.\n',
  }),
  /** 500 with a `Status`, as while etcd elects a leader. */
  internal: (): Fault => asFault(failures.internal()),
  unauthorized: (): Fault => asFault(failures.unauthorized()),
  /** 410 for a version, without a token to go on with. */
  expired: (): Fault => asFault(failures.expiredVersion()),
} as const;

function asFault({ status, headers, body }: ApiFailure): Fault {
  return {
    kind: 'status',
    status,
    headers: { 'content-type': 'application/json', ...headers },
    body: `${JSON.stringify(body)}\n`,
  };
}
