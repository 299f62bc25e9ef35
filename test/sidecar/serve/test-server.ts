import { Registry } from 'prom-client';
import { silentLogger } from '../../../lib/base/logger.ts';
import { createSidecarApp, type SidecarAppOptions } from '../../../lib/sidecar/app.ts';
import { incompleteness } from '../../../lib/sidecar/mirror/folder.ts';
import { createHealth } from '../../../lib/sidecar/mirror/health.ts';
import { openHttpServer } from '../../../lib/sidecar/serve/http.ts';
import type { WebGate } from '../../../lib/sidecar/serve/web-gate.ts';
import type { ObjectStore } from '../../../lib/store/store.ts';
import { afterThisTest, makeFolder, openTestFolder, round } from '../world.ts';

export interface TestServerOptions
  extends Partial<Pick<SidecarAppOptions, 'now' | 'log' | 'prefix' | 'configProblem' | 'configLoadedAt'>> {
  /** Whether the mirror does its first round. Default yes. */
  readonly mirrored?: boolean;
  /** What the server reads from. Default: the store that was mirrored. */
  readonly read?: ObjectStore;
  readonly gate?: WebGate | undefined;
  /** Name of the source. Default: none, as for the only one. */
  readonly name?: string | undefined;
}

export interface TestServer {
  readonly url: string;
  /** Where the files lie. */
  readonly folder: string;
  /** Mirrors what the store has now. */
  mirror(): Promise<void>;
  /** Status, headers and body of a GET. */
  get(path: string, headers?: Readonly<Record<string, string>>): Promise<Answer>;
  close(): Promise<void>;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/** The whole HTTP server over a store, on a free port, until the test ends. */
export async function startTestServer(
  store: ObjectStore,
  options: TestServerOptions = {},
): Promise<TestServer> {
  const { mirrored = true, read = store, gate, name = '', log = silentLogger, ...rest } = options;
  const path = await makeFolder();
  const folder = await openTestFolder(path);
  const health = createHealth({ staleAfter: 300_000 });
  const mirror = async () => {
    const { errors } = await round(store, folder);
    health.record(errors[0], incompleteness(folder));
  };
  if (mirrored) await mirror();
  const sources = [{ name, store: read, folder, ready: () => health.hasSucceeded() }];
  const ended = new AbortController();
  const registry = new Registry();
  const answer = createSidecarApp({ sources, health, registry, log, ended: ended.signal, ...rest });
  const server = await openHttpServer({ listen: '127.0.0.1:0', answer, log, gate });
  afterThisTest(async () => {
    await server[Symbol.asyncDispose]();
    ended.abort();
  });
  const url = `${server.address.scheme}://127.0.0.1:${server.address.port}`;
  return {
    url,
    folder: path,
    mirror,
    async get(path, headers = {}) {
      const response = await fetch(url + path, { headers, redirect: 'manual' });
      return { status: response.status, headers: response.headers, text: await response.text() };
    },
    async close() {
      await server[Symbol.asyncDispose]();
    },
  };
}
