import type { FleetAnswer, FleetRequest } from '../../lib/sim/faults.ts';
import { type FleetServer, startFleetServer } from '../../lib/sim/server.ts';

interface FrontOptions {
  /** Answers what the emulator does not have; without an answer the emulator is asked. */
  readonly answer?: (request: FleetRequest) => FleetAnswer | undefined;
  /** Changes the body of a question to the emulator, which checks no signature. */
  readonly ask?: (body: string) => string;
  /** Changes the body of an answer of the emulator. */
  readonly rewrite?: (body: string) => string;
  /** Asks the emulator each question once, and gives the same answer again. Default: no. */
  readonly remembers?: boolean;
}

const passedOn = ['authorization', 'content-type', 'x-amz-target', 'x-amz-date', 'x-amz-security-token'];

/** A server before an emulator of AWS: it adds what the emulator lacks, and its `requests` are the calls that were made. */
export async function startAwsFront(
  endpoint: string,
  {
    answer = () => undefined,
    ask = (body) => body,
    rewrite = (body) => body,
    remembers = false,
  }: FrontOptions = {},
): Promise<FleetServer> {
  const known = new Map<string, Promise<FleetAnswer>>();
  const pass = async (request: FleetRequest): Promise<FleetAnswer> => {
    const { method, path, query, headers } = request;
    const body = ask(request.body);
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
  };
  return await startFleetServer(async (request) => {
    const own = answer(request);
    if (own !== undefined) return own;
    const { method, path, query, headers, body } = request;
    const question = [method, path, query, headers['x-amz-target'], body].join(' ');
    const given = (remembers ? known.get(question) : undefined) ?? pass(request);
    if (remembers) known.set(question, given);
    return await given;
  });
}
