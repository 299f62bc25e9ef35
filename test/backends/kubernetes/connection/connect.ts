import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ConnectInput, Connection } from '../../../../lib/backends/kubernetes/connection/connection.ts';
import { createCredentialReader } from '../../../../lib/config/credentials.ts';
import type { HttpClientConfig } from '../../../../lib/config/http-client.ts';
import type { HttpClient } from '../../../../lib/http/client.ts';
import { openTestClient } from '../../../support/http-client.ts';

/** What a connection is opened with; the clients it opens end with the test's block. */
export interface TestInput extends AsyncDisposable {
  readonly input: ConnectInput;
  /** The options of each client that was opened. */
  readonly opened: readonly HttpClientConfig[];
}

export function testInput(directory = ''): TestInput {
  const clients: HttpClient[] = [];
  const opened: HttpClientConfig[] = [];
  return {
    opened,
    input: {
      directory,
      signal: new AbortController().signal,
      async openHttp(config) {
        opened.push(config);
        const readCredential = createCredentialReader({ directory, env: {} });
        const client = await openTestClient(config, { readCredential });
        clients.push(client);
        return client;
      },
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(clients.map((client) => client[Symbol.asyncDispose]()));
    },
  };
}

export interface TestFolder extends AsyncDisposable {
  readonly path: string;
  /** Writes a file and returns its path. */
  readonly write: (name: string, text: string, mode?: number) => Promise<string>;
}

/** A folder that is gone when the test's block ends. */
export async function testFolder(): Promise<TestFolder> {
  const path = await mkdtemp(join(tmpdir(), 'muster-kubernetes-'));
  return {
    path,
    async write(name, text, mode = 0o600) {
      const file = join(path, name);
      await writeFile(file, text, { mode });
      return file;
    },
    [Symbol.asyncDispose]: () => rm(path, { recursive: true }),
  };
}

/** Asks for the API server's version as a listing asks for its pages. */
export async function ask({ http, server, headers }: Connection): Promise<string> {
  const { signal } = new AbortController();
  const { body } = await http.request({
    url: new URL('/version', server),
    headers: await headers(signal),
    signal,
  });
  return Buffer.from(body).toString();
}

/** A kubeconfig with one cluster, one user and a context of both. */
export function kubeconfig(cluster: object, user: object = {}): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'blue', cluster }],
    users: [{ name: 'ann', user }],
    contexts: [{ name: 'here', context: { cluster: 'blue', user: 'ann' } }],
    'current-context': 'here',
  });
}
