import { type Context, Hono } from 'hono';
import type { Registry } from 'prom-client';
import type { MusterError } from '../../base/errors.ts';
import { answerWith, textAnswer } from './answer.ts';
import type { FaceEnv } from './http.ts';

/** An answer to a probe: whether all is well, and one line that says why or why not. */
export interface Verdict {
  readonly ok: boolean;
  readonly reason: string;
}

/** What the probes answer. */
export interface Probes {
  /** Red when no round has succeeded for `staleAfter`; a single failure is not worth a restart. */
  live(): Verdict;
  /** Green after the first complete round while no job is incomplete: stale targets are better than none, a part is not. */
  ready(): Verdict;
}

/** Knows how fresh the folder is. */
export interface Health extends Probes {
  /** Tells of a round that ended: its first error, or none, and which job is incomplete, if one is. */
  record(error: MusterError | undefined, incomplete?: string): void;
  /** Whether a round without error has ended, so that nothing is missing that was not told of. */
  mirrored(): boolean;
}

export interface HealthOptions {
  /** Milliseconds. */
  readonly staleAfter: number;
  /** Milliseconds of a clock which never jumps. */
  readonly now?: (() => number) | undefined;
}

export function createHealth({ staleAfter, now = () => performance.now() }: HealthOptions): Health {
  let since = now();
  let succeeded = false;
  let lastError: MusterError | undefined;
  let lacking: string | undefined;
  const because = () => lastError?.message ?? (succeeded ? 'none has ended since' : 'none has ended yet');
  return {
    mirrored: () => succeeded,
    record(error, incomplete) {
      lastError = error;
      lacking = incomplete;
      if (error !== undefined) return;
      since = now();
      succeeded = true;
    },
    live() {
      const age = now() - since;
      if (age >= staleAfter) {
        return { ok: false, reason: `no round has succeeded for ${seconds(age)} s: ${because()}` };
      }
      return { ok: true, reason: lastError === undefined ? 'ok' : `ok for now, but: ${because()}` };
    },
    ready() {
      if (!succeeded) return { ok: false, reason: `no round has succeeded yet: ${because()}` };
      return lacking === undefined ? { ok: true, reason: 'ok' } : { ok: false, reason: lacking };
    },
  };
}

function seconds(milliseconds: number): number {
  return Math.round(milliseconds / 1000);
}

/** The paths that answer everybody, for a probe has no password; why it is red is told to those who have one. */
export const openPaths: readonly string[] = ['/healthz', '/readyz'];

/** `/metrics`, `/healthz` and `/readyz`. */
export function probeRoutes(health: Probes, registry: Registry): Hono<{ Bindings: FaceEnv }> {
  return new Hono<{ Bindings: FaceEnv }>()
    .get('/healthz', (context) => verdictAnswer(context, health.live()))
    .get('/readyz', (context) => verdictAnswer(context, health.ready()))
    .get('/metrics', async () => answerWith(200, registry.contentType, await registry.metrics()));
}

function verdictAnswer(context: Context<{ Bindings: FaceEnv }>, { ok, reason }: Verdict): Response {
  const text = context.env.admitted ? reason : ok ? 'ok' : 'not ok';
  return textAnswer(ok ? 200 : 503, text);
}
