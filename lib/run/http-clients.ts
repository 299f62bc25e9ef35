import type { MechanismInput } from '../backends/mechanism.ts';
import { userAgent } from '../base/version.ts';
import type { HttpClient, HttpClientOptions } from '../http/client.ts';

/** The HTTP clients of one listing, which end together. */
export interface HttpClients extends AsyncDisposable {
  readonly openHttp: MechanismInput['openHttp'];
  /** Requests since it was asked the last time, each with its retries; undefined if no client was opened. */
  readonly takeRequests: () => number | undefined;
}

/** None yet; `signal`, `deadline` and `warn` as for a single client. */
export function openHttpClients({
  readCredential,
  signal,
  deadline,
  warn,
}: Pick<HttpClientOptions, 'readCredential' | 'signal' | 'deadline' | 'warn'>): HttpClients {
  const clients: HttpClient[] = [];
  let requests = 0;
  const count = (client: HttpClient): HttpClient => ({
    ...client,
    request(request) {
      requests += 1;
      return client.request(request);
    },
    read(request, decode) {
      requests += 1;
      return client.read(request, decode);
    },
    getJson(request, schema) {
      requests += 1;
      return client.getJson(request, schema);
    },
  });
  return {
    async openHttp(config, options) {
      // Loaded when it is needed: a function that starts has enough to load.
      const { openHttpClient } = await import('../http/client.ts');
      const client = await openHttpClient(config, {
        readCredential,
        userAgent,
        signal,
        deadline,
        warn,
        ...options,
      });
      clients.push(client);
      return count(client);
    },
    takeRequests() {
      const taken = requests;
      requests = 0;
      return clients.length === 0 ? undefined : taken;
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(clients.map((client) => client[Symbol.asyncDispose]()));
    },
  };
}
