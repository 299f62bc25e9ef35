import type { FleetAnswer, FleetRequest } from '../../lib/sim/faults.ts';
import { type FleetServer, startFleetServer } from '../../lib/sim/server.ts';

export interface FrontOptions {
  /** Answers what the emulator does not have; without an answer the emulator is asked. */
  readonly answer?: (request: FleetRequest) => FleetAnswer | undefined;
  /** Changes the body of an answer of the emulator. */
  readonly rewrite?: (body: string) => string;
}

const passedOn = ['authorization', 'content-type', 'x-amz-target', 'x-amz-date', 'x-amz-security-token'];

/** A server before an emulator of AWS: it adds what the emulator lacks, and its `requests` are the calls that were made. */
export async function startAwsFront(
  endpoint: string,
  { answer = () => undefined, rewrite = (body) => body }: FrontOptions = {},
): Promise<FleetServer> {
  return await startFleetServer(async (request) => {
    const own = answer(request);
    if (own !== undefined) return own;
    const { method, path, query, headers, body } = request;
    const kept = passedOn.flatMap((name) => {
      const value = headers[name];
      return value === undefined ? [] : [[name, value] as const];
    });
    const found = await fetch(`${endpoint}${path}${query.size === 0 ? '' : `?${query}`}`, {
      method,
      headers: Object.fromEntries(kept),
      body: method === 'GET' ? null : body,
    });
    const type = found.headers.get('content-type') ?? 'text/xml';
    return {
      status: found.status,
      headers: { 'content-type': type },
      body: rewrite(await found.text()),
    };
  });
}
