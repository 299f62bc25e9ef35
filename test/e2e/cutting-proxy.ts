import { type IncomingMessage, request, type ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { startHttpServer, type TestHttpServer } from '../support/http-server.ts';

/** An HTTP proxy in front of a program, as which it can die in the middle of an answer. */
export interface CuttingProxy extends TestHttpServer {
  /** From now on: passes so many answers on, sends half of the next one, hangs up, and calls back. */
  cutAfter(answers: number, then: () => void): void;
}

/** Starts the proxy; until it is told to cut, it is not noticed. */
export async function startCuttingProxy(target: string): Promise<CuttingProxy> {
  let left = Number.POSITIVE_INFINITY;
  let onCut = () => {};

  async function pass(answer: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await buffer(answer);
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    left -= 1;
    if (left >= 0) {
      response.end(body);
      return;
    }
    response.write(body.subarray(0, body.byteLength / 2), () => response.destroy());
    onCut();
    onCut = () => {};
  }

  const server = await startHttpServer(({ url, method, headers }, response) => {
    const token = headers['x-consul-token'];
    const options = { method, headers: typeof token === 'string' ? { 'x-consul-token': token } : {} };
    const upstream = request(new URL(url, target), options, (answer) => {
      pass(answer, response).catch(() => response.destroy());
    });
    upstream.once('error', () => response.destroy());
    upstream.end();
  });
  return {
    ...server,
    cutAfter(answers, then) {
      left = answers;
      onCut = then;
    },
  };
}
