import type { Registry } from 'prom-client';
import type { Logger } from '../telemetry/log.ts';
import { createFaceApp, type FaceAppOptions } from './face/app.ts';
import { prefixOf } from './face/prefix.ts';
import { type Face, openFace } from './http.ts';
import { healthOf, type MirroredSource } from './mirrored.ts';
import { openGate } from './web/gate.ts';

export interface ServeOptions
  extends Pick<FaceAppOptions, 'providerStaleAfter' | 'configProblem' | 'configLoadedAt' | 'configNote'> {
  readonly sources: readonly MirroredSource[];
  readonly registry: Registry;
  readonly listen: string;
  /** File in the format of Prometheus's `--web.config.file`. */
  readonly webConfig?: string;
  /** URL under which readers see the sidecar, where a proxy shows it below a path. */
  readonly externalUrl?: string;
  readonly log: Logger;
}

/** The HTTP face of a sidecar; loaded only where it serves. Throws (kind `config`) when it cannot listen. */
export async function serve(options: ServeOptions): Promise<Pick<Face, 'address'> & AsyncDisposable> {
  const { listen, webConfig, log, sources, externalUrl, ...rest } = options;
  const ended = new AbortController();
  const answer = createFaceApp({
    ...rest,
    ended: ended.signal,
    ...(externalUrl !== undefined && { prefix: prefixOf(externalUrl) }),
    log,
    health: healthOf(sources),
    sources: sources.map(({ health, ...source }) => ({ ...source, ready: () => health.mirrored() })),
  });
  const gate = webConfig === undefined ? undefined : await openGate({ path: webConfig, log });
  const close = async (face?: Face) => {
    gate?.close();
    await face?.close();
    ended.abort();
  };
  try {
    const face = await openFace({ listen, answer, log, ...(gate && { gate }) });
    return { address: face.address, [Symbol.asyncDispose]: () => close(face) };
  } catch (error) {
    await close();
    throw error;
  }
}
