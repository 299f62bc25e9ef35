import type { MechanismInput } from '../backends/mechanism.ts';
import { userAgent } from '../base/version.ts';
import type { HttpClient, HttpClientOptions } from '../http/client.ts';

/** The HTTP clients of one listing, which end together. */
export interface HttpClients extends AsyncDisposable {
  readonly openHttp: MechanismInput['openHttp'];
}

/** None yet; `signal`, `deadline` and `warn` as for a single client. */
export function openHttpClients({
  readCredential,
  signal,
  deadline,
  warn,
}: Pick<HttpClientOptions, 'readCredential' | 'signal' | 'deadline' | 'warn'>): HttpClients {
  const clients: HttpClient[] = [];
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
      return client;
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(clients.map((client) => client[Symbol.asyncDispose]()));
    },
  };
}
