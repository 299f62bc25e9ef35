import type { Connection } from '../../../lib/backends/kubernetes/connection/connection.ts';
import type { ObjectMeta } from '../../../lib/backends/kubernetes/kinds/kind.ts';
import {
  type Lister,
  type ListerOptions,
  openLister,
} from '../../../lib/backends/kubernetes/listing/lister.ts';
import type { ListQuery } from '../../../lib/backends/kubernetes/listing/page.ts';
import { service } from '../../../lib/backends/kubernetes/roles/service.ts';
import type { HttpClientOptions } from '../../../lib/http/client.ts';
import { type FleetAnswer, type FleetRequest, jsonAnswer } from '../../../lib/sim/faults.ts';
import { type FleetServer, type FleetServerOptions, startFleetServer } from '../../../lib/sim/server.ts';
import { openTestClient } from '../../support/http-client.ts';

/** A query of all services, the shortest of the lists that labels need. */
export const services: ListQuery<ObjectMeta> = { kind: service, namespace: '' };

export interface ApiServer extends AsyncDisposable, FleetServer {
  /** Path and query of the requests so far, without the API's root. */
  readonly asked: () => readonly string[];
}

/** A server on loopback that answers as the test says: `call` counts the requests from 1. */
export async function startApiServer(
  respond: (request: FleetRequest, call: number) => FleetAnswer | Promise<FleetAnswer>,
  options: FleetServerOptions = {},
): Promise<ApiServer> {
  let calls = 0;
  const server = await startFleetServer((request) => respond(request, ++calls), options);
  return {
    ...server,
    asked: () =>
      server.requests.map(
        ({ path, query }) => `${path.replace('/api/v1', '')}?${decodeURIComponent(query.toString())}`,
      ),
    [Symbol.asyncDispose]: () => server.stop(),
  };
}

/** A connection without credentials, and a lister on it; both end with the test's block. */
export async function openTestLister(
  server: ApiServer,
  options: Partial<ListerOptions> = {},
  client: Partial<HttpClientOptions> = {},
): Promise<Lister & AsyncDisposable> {
  const http = await openTestClient({}, client);
  const connection: Connection = {
    server: new URL(server.url),
    http,
    headers: async () => ({}),
    whenUnknown: 'check the test',
  };
  const lister = openLister(connection, { pageSize: 2, compression: false, ...options });
  return { ...lister, [Symbol.asyncDispose]: () => http[Symbol.asyncDispose]() };
}

/** Names of the objects of each part; a part that begins the list has a `^` in front. */
export async function namesOf<T extends ObjectMeta>(
  lister: Lister,
  query: ListQuery<T>,
): Promise<readonly string[]> {
  const parts: string[] = [];
  for await (const { items, first } of lister.parts(query, new AbortController().signal))
    parts.push(`${first ? '^' : ''}${[...items].map(({ name }) => name).join(' ')}`);
  return parts;
}

export interface PageOptions {
  readonly version?: string;
  readonly token?: string;
  readonly remaining?: number;
  readonly kind?: string;
  readonly apiVersion?: string;
}

/** A page of services with these names. */
export function page(names: string, options: PageOptions = {}): FleetAnswer {
  const { version = '100', token, remaining, kind = 'ServiceList', apiVersion = 'v1' } = options;
  return jsonAnswer({
    kind,
    apiVersion,
    metadata: {
      resourceVersion: version,
      continue: token,
      remainingItemCount: remaining,
    },
    items: names
      .split(' ')
      .filter((name) => name !== '')
      .map((name) => ({ metadata: { name, namespace: 'default' } })),
  });
}

/** An error as an API server answers it. */
export function status(code: number, message = '', more: object = {}): FleetAnswer {
  return {
    ...jsonAnswer({ kind: 'Status', apiVersion: 'v1', status: 'Failure', code, message, ...more }),
    status: code,
  };
}
