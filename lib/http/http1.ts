import { Agent, type IncomingMessage, request } from 'node:http';
import type { Socket } from 'node:net';
import type { Wire, WireHandler, WireRequest } from './exchange.ts';

/**
 * HTTP/1.1 to one origin, by Node's own client, over kept-alive connections that `connect` opens. `host` is the Host
 * header. undici's parser is WebAssembly: after some 25 requests V8 optimises it, which takes 65 ms of CPU and 25 MB.
 */
export function openHttp1(host: string, connect: () => Promise<Socket>): Wire {
  const agent = new Agent({ keepAlive: true });
  agent.createConnection = (_options, callback) => {
    connect().then(
      (socket) => callback?.(null, socket),
      (error) => callback?.(error, undefined as never),
    );
    return undefined;
  };
  return {
    dispatch(call, handler) {
      try {
        send(agent, host, call, handler);
      } catch (error) {
        // Node checks the path and the headers at once.
        handler.onResponseError(undefined, error);
      }
    },
    async destroy() {
      agent.destroy();
    },
  };
}

function send(
  agent: Agent,
  host: string,
  { method, path, headers, body }: WireRequest,
  handler: WireHandler,
): void {
  const sent = request({ agent, method, path, headers: { host, ...headers } });
  const controller = { abort: (reason: Error) => void sent.destroy(reason) };
  const fail = (error: unknown) => handler.onResponseError(controller, error);
  sent.once('socket', () => handler.onRequestStart(controller));
  sent.on('error', fail);
  sent.once('response', (answer) => {
    answer.on('error', fail);
    handler.onResponseStart(controller, answer.statusCode ?? 0, headersOf(answer));
    answer.on('data', (chunk: Buffer) => handler.onResponseData(controller, chunk));
    answer.once('end', () => handler.onResponseEnd(controller));
  });
  // Node would write a string and the headers before it in one encoding, which is that of the string.
  if (body === null) sent.end();
  else sent.end(Buffer.from(body));
}

/** All values of a repeated header: Node joins some of them and drops others. */
function headersOf({ headersDistinct }: IncomingMessage): Record<string, string | string[]> {
  const headers: Record<string, string | string[]> = {};
  for (const [name, values = []] of Object.entries(headersDistinct)) {
    const [only, ...more] = values;
    headers[name] = only === undefined || more.length > 0 ? values : only;
  }
  return headers;
}
