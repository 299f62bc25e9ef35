import { connect } from 'node:net';
import { describe, expect, test } from '@jest/globals';
import { createLogger, silentLogger } from '../../lib/base/logger.ts';
import { textAnswer } from '../../lib/sidecar/serve/answer.ts';
import { type HttpServerOptions, openHttpServer } from '../../lib/sidecar/serve/http.ts';
import { afterThisTest, cleanUpAfterEach } from './world.ts';

cleanUpAfterEach();

const long = 'x'.repeat(100_000);

const answer: HttpServerOptions['answer'] = async (request) => {
  const { pathname, searchParams } = new URL(request.url);
  switch (pathname) {
    case '/metrics':
      return textAnswer(200, 'metrics');
    case '/echo':
      return textAnswer(200, JSON.stringify([searchParams.get('q'), [...request.headers.keys()]]));
    case '/long':
      return textAnswer(200, long);
    case '/bytes':
      return new Response(Buffer.from(long), { headers: { 'content-type': 'application/octet-stream' } });
    case '/broken':
      throw new Error('secret detail');
    case '/torn':
      return new Response(ReadableStream.from(torn()), { headers: { 'content-type': 'application/json' } });
    default:
      return textAnswer(404, 'there is nothing here');
  }
};

/** A body that fails when half of it is on its way. */
async function* torn() {
  yield Buffer.from('[');
  throw new Error('the disk is gone');
}

async function serve(log = silentLogger): Promise<{ url: string; port: number }> {
  const server = await openHttpServer({ listen: '127.0.0.1:0', answer, log });
  afterThisTest(() => server[Symbol.asyncDispose]());
  return { url: `http://127.0.0.1:${server.address.port}`, port: server.address.port };
}

async function ask(url: string, init: RequestInit = {}): Promise<readonly [number, string | null, string]> {
  const response = await fetch(url, init);
  return [response.status, response.headers.get('content-type'), await response.text()];
}

/** Sends raw bytes and returns the first line of the answer. */
function raw(port: number, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(text));
    socket.once('data', (bytes) => {
      socket.destroy();
      resolve(bytes.toString().split('\r\n')[0] ?? '');
    });
    socket.once('error', reject);
  });
}

const plain = 'text/plain; charset=utf-8';

describe('the HTTP server', () => {
  test('hands on the path, the query and the few headers that an answer may depend on', async () => {
    const { url } = await serve();
    expect(await ask(`${url}/metrics?x=1`)).toEqual([200, plain, 'metrics\n']);
    const headers = {
      accept: 'text/html',
      cookie: 'a=b',
      authorization: 'Basic eDp5',
      'x-forwarded-for': '::1',
    };
    expect(await ask(`${url}/echo?q=a%2Fb`, { headers })).toEqual([
      200,
      plain,
      '["a/b",["accept","accept-encoding"]]\n',
    ]);
    expect(await ask(url)).toEqual([404, plain, 'there is nothing here\n']);
  });

  test('packs text for those who take gzip, and nothing else', async () => {
    const { url } = await serve();
    const encodings = async (path: string, accept: string) => {
      const response = await fetch(url + path, { headers: { 'accept-encoding': accept } });
      expect((await response.text()).trimEnd()).toBe(path === '/metrics' ? 'metrics' : long);
      return [response.headers.get('content-encoding'), response.headers.get('vary')];
    };
    expect(await encodings('/long', 'gzip')).toEqual(['gzip', 'accept-encoding']);
    expect(await encodings('/long', 'br, *;q=0.1')).toEqual(['gzip', 'accept-encoding']);
    for (const none of ['identity', 'gzip;q=0', 'br'])
      expect(await encodings('/long', none)).toEqual([null, 'accept-encoding']);
    expect(await encodings('/metrics', 'gzip')).toEqual([null, 'accept-encoding']);
    expect(await encodings('/bytes', 'gzip')).toEqual([null, null]);
  });

  test('an answer that breaks off ends its connection, so that nobody takes it for whole', async () => {
    const lines: string[] = [];
    const { url } = await serve(createLogger({ level: 'info', write: (line) => lines.push(line) }));
    await expect(fetch(`${url}/torn`).then((response) => response.text())).rejects.toThrow(
      /terminated|fetch failed/,
    );
    expect((await ask(`${url}/metrics`))[0]).toBe(200);
    while (lines.length === 0) await ask(`${url}/metrics`);
    expect(lines.join('')).toMatch(
      /level=error msg="an answer failed" path=\/torn error="the disk is gone"\n$/,
    );
  });

  test('answers HEAD without a body and refuses what is not reading', async () => {
    const { url } = await serve();
    const head = await fetch(`${url}/metrics`, { method: 'HEAD' });
    expect([head.status, head.headers.get('content-length'), await head.text()]).toEqual([200, '8', '']);
    for (const method of ['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS']) {
      const response = await fetch(`${url}/metrics`, { method });
      expect([response.status, response.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
    }
  });

  test('a route that fails is a 500 without details, and the log has them', async () => {
    const lines: string[] = [];
    const { url } = await serve(
      createLogger({ level: 'info', write: (line) => lines.push(line), now: () => new Date(0) }),
    );
    expect(await ask(`${url}/broken`)).toEqual([
      500,
      plain,
      'internal error; the log of the sidecar says more\n',
    ]);
    expect(lines).toEqual([
      'ts=1970-01-01T00:00:00.000Z level=error msg="a request failed" path=/broken error="secret detail"\n',
    ]);
  });

  test.each([
    ['GET http://other/metrics HTTP/1.1\r\nHost: x\r\n\r\n', 'HTTP/1.1 400 Bad Request'],
    ['GET //metrics HTTP/1.1\r\nHost: x\r\n\r\n', 'HTTP/1.1 404 Not Found'],
    ['GET /../../etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n', 'HTTP/1.1 404 Not Found'],
    ['rubbish\r\n\r\n', 'HTTP/1.1 400 Bad Request'],
    ['GET /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello', 'HTTP/1.1 413 Payload Too Large'],
    [
      'GET /metrics HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n',
      'HTTP/1.1 413 Payload Too Large',
    ],
    ['GET /metrics HTTP/1.1\r\nHost: :-)\r\n\r\n', 'HTTP/1.1 200 OK'],
    [
      `GET / HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`,
      'HTTP/1.1 431 Request Header Fields Too Large',
    ],
  ])('survives %j', async (text, line) => {
    const { url, port } = await serve();
    expect(await raw(port, text)).toBe(line);
    expect((await ask(`${url}/metrics`))[0]).toBe(200);
  });

  test('an address that is taken is an error with one line', async () => {
    const { port } = await serve();
    await expect(
      openHttpServer({ listen: `127.0.0.1:${port}`, answer, log: silentLogger }),
    ).rejects.toMatchObject({
      kind: 'config',
      message: `cannot listen on 127.0.0.1:${port}: listen EADDRINUSE: address already in use 127.0.0.1:${port}; choose another address`,
    });
  });

  test('closes although a peer keeps its connection open', async () => {
    const server = await openHttpServer({ listen: '127.0.0.1:0', answer, log: silentLogger });
    const socket = connect(server.address.port, '127.0.0.1');
    await new Promise((resolve) => socket.once('connect', resolve));
    const ended = new Promise((resolve) => socket.once('close', resolve));
    socket.on('error', () => {});
    await server[Symbol.asyncDispose]();
    await ended;
  });
});
