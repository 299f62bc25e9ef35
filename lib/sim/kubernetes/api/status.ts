import type { JsonObject } from '../wire/json.ts';
import type { Resource } from './resources.ts';

/** A failed call as an API server answers it: the HTTP status, and a `Status` object as the body. */
export interface ApiFailure {
  readonly status: number;
  readonly body: JsonObject;
  readonly headers?: Readonly<Record<string, string>>;
  /** Whether the body has several lines, as when a server answers before it knows the encoding. */
  readonly pretty?: boolean;
}

/** The error that the simulation throws for a failed call. */
export class ApiError extends Error {
  readonly failure: ApiFailure;

  constructor(failure: ApiFailure) {
    super(String(failure.body.message));
    this.failure = failure;
  }
}

interface Rest {
  readonly metadata?: JsonObject;
  readonly details?: JsonObject;
  readonly headers?: Readonly<Record<string, string>>;
  readonly pretty?: boolean;
}

function failure(status: number, reason: string, message: string, rest: Rest = {}): ApiFailure {
  const { metadata = {}, details, headers, pretty } = rest;
  return {
    status,
    ...(headers && { headers }),
    ...(pretty && { pretty }),
    body: {
      kind: 'Status',
      apiVersion: 'v1',
      metadata,
      status: 'Failure',
      message,
      ...(reason !== '' && { reason }),
      ...(details && { details }),
      code: status,
    },
  };
}

/** The answers of a real API server. The words are its own where they were recorded. */
export const failures = {
  unauthorized: () => failure(401, 'Unauthorized', 'Unauthorized'),
  notFound: () =>
    failure(404, 'NotFound', 'the server could not find the requested resource', { details: {} }),
  methodNotAllowed: () =>
    failure(405, 'MethodNotAllowed', 'the server does not allow this method on the requested resource', {
      details: {},
    }),
  badRequest: (message: string) => failure(400, 'BadRequest', message),
  notAcceptable: (types: readonly string[]) =>
    failure(406, 'NotAcceptable', `406: Not Acceptable\n\nAvailable representations: ${types.join(', ')}`, {
      details: {},
      pretty: true,
    }),
  tooLargeVersion: (requested: number, current: number) =>
    failure(504, 'Timeout', `Timeout: Too large resource version: ${requested}, current: ${current}`, {
      details: {
        causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
        retryAfterSeconds: 1,
      },
      headers: { 'retry-after': '1' },
    }),
  expiredVersion: () => failure(410, 'Expired', 'The resourceVersion for the provided list is too old.'),
  /** The token leads to the inconsistent rest of the list. A careful client does not use it. */
  expiredContinue: (token: string) =>
    failure(
      410,
      'Expired',
      'The provided continue parameter is too old to display a consistent list result. You can start a new list ' +
        'without the continue parameter, or use the continue token in this response to retrieve the remainder of ' +
        'the results. Continuing with the provided token results in an inconsistent list - objects that were ' +
        'created, modified, or deleted between the time the first chunk was returned and now may show up in the list.',
      { metadata: { continue: token } },
    ),
  invalidOption: (field: string, problem: string) =>
    failure(422, 'Invalid', `ListOptions.meta.k8s.io "" is invalid: ${field}: Forbidden: ${problem}`, {
      details: {
        group: 'meta.k8s.io',
        kind: 'ListOptions',
        causes: [{ reason: 'FieldValueForbidden', message: `Forbidden: ${problem}`, field }],
      },
    }),
  /** A role that lacks a verb on a resource. */
  forbidden: (user: string, verb: string, { group, name }: Resource, namespace: string | undefined) =>
    failure(
      403,
      'Forbidden',
      `${group === '' ? name : `${name}.${group}`} is forbidden: User "${user}" cannot ${verb} resource "${name}" in ` +
        `API group "${group}" ${namespace === undefined ? 'at the cluster scope' : `in the namespace "${namespace}"`}`,
      { details: group === '' ? { kind: name } : { group, kind: name } },
    ),
  internal: () =>
    failure(500, 'InternalError', 'Internal error occurred: etcdserver: leader changed', {
      details: { causes: [{ message: 'etcdserver: leader changed' }] },
    }),
};
