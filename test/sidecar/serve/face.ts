import { Registry } from 'prom-client';
import { silentLogger } from '../../../lib/base/logger.ts';
import { incompleteness } from '../../../lib/sidecar/mirror/folder.ts';
import { createHealth } from '../../../lib/sidecar/serve/health.ts';
import { openFace } from '../../../lib/sidecar/serve/http.ts';
import { createFaceApp, type FaceAppOptions } from '../../../lib/sidecar/serve/serve.ts';
import type { WebGate } from '../../../lib/sidecar/serve/web-gate.ts';
import type { ObjectStore } from '../../../lib/store/store.ts';
import { afterThisTest, makeFolder, openTestFolder, round } from '../world.ts';

export interface TestFaceOptions
  extends Partial<Pick<FaceAppOptions, 'now' | 'log' | 'prefix' | 'configProblem' | 'configLoadedAt'>> {
  /** Whether the mirror does its first round. Default yes. */
  readonly mirrored?: boolean;
  /** What the face reads from. Default: the store that was mirrored. */
  readonly read?: ObjectStore;
  readonly gate?: WebGate | undefined;
  /** Name of the source. Default: none, as for the only one. */
  readonly name?: string | undefined;
}

export interface TestFace {
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

/** The whole HTTP face over a store, on a free port, until the test ends. */
export async function startFace(store: ObjectStore, options: TestFaceOptions = {}): Promise<TestFace> {
  const { mirrored = true, read = store, gate, name = '', log = silentLogger, ...rest } = options;
  const path = await makeFolder();
  const folder = await openTestFolder(path);
  const health = createHealth({ staleAfter: 300_000 });
  const mirror = async () => {
    const { errors } = await round(store, folder);
    health.record(errors[0], incompleteness(folder));
  };
  if (mirrored) await mirror();
  const sources = [{ name, store: read, folder, ready: () => health.mirrored() }];
  const ended = new AbortController();
  const registry = new Registry();
  const answer = createFaceApp({ sources, health, registry, log, ended: ended.signal, ...rest });
  const face = await openFace({ listen: '127.0.0.1:0', answer, log, gate });
  afterThisTest(async () => {
    await face.close();
    ended.abort();
  });
  const url = `${face.address.scheme}://127.0.0.1:${face.address.port}`;
  return {
    url,
    folder: path,
    mirror,
    async get(path, headers = {}) {
      const response = await fetch(url + path, { headers, redirect: 'manual' });
      return { status: response.status, headers: response.headers, text: await response.text() };
    },
    close: () => face.close(),
  };
}
