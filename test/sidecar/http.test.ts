import { connect } from 'node:net';
import { describe, expect, test } from '@jest/globals';
import { openFace, type Route, textAnswer } from '../../lib/sidecar/http.ts';
import { createLogger, silentLogger } from '../../lib/telemetry/log.ts';
import { afterThisTest, cleanUpAfterEach } from './world.ts';

cleanUpAfterEach();

const routes: readonly Route[] = [
  { path: '/metrics', answer: () => textAnswer(200, 'metrics') },
  { path: '/sd/', answer: ({ path, query }) => textAnswer(200, `${path} ${query.get('q')}`) },
  {
    path: '/sd/exact',
    answer: async () => ({ status: 200, type: 'application/json', body: Uint8Array.of(0x5b, 0x5d) }),
  },
  {
    path: '/broken',
    answer: () => {
      throw new Error('secret detail');
    },
  },
  { path: '/unsendable', answer: () => ({ ...textAnswer(200, 'x'), headers: { 'x-bad': 'a\nb' } }) },
];

async function serve(log = silentLogger): Promise<{ url: string; port: number }> {
  const face = await openFace({ listen: '127.0.0.1:0', routes, log });
  afterThisTest(() => face.close());
  return { url: `http://127.0.0.1:${face.address.port}`, port: face.address.port };
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

describe('the HTTP face', () => {
  test('finds the route: an exact path, all below a folder, the longest first', async () => {
    const { url } = await serve();
    expect(await ask(`${url}/metrics`)).toEqual([200, plain, 'metrics\n']);
    expect(await ask(`${url}/metrics?x=1`)).toEqual([200, plain, 'metrics\n']);
    expect(await ask(`${url}/sd/a%2Fb?q=1`)).toEqual([200, plain, '/sd/a%2Fb 1\n']);
    expect(await ask(`${url}/sd/exact`)).toEqual([200, 'application/json', '[]']);
    expect(await ask(`${url}/metrics/x`)).toEqual([404, plain, 'there is nothing here\n']);
    expect(await ask(url)).toEqual([404, plain, 'there is nothing here\n']);
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

  test('an answer that cannot be sent ends its connection and nothing else', async () => {
    const { url } = await serve();
    await expect(fetch(`${url}/unsendable`)).rejects.toThrow('fetch failed');
    expect((await ask(`${url}/metrics`))[0]).toBe(200);
  });

  test.each([
    ['GET http://other/metrics HTTP/1.1\r\nHost: x\r\n\r\n', 'HTTP/1.1 400 Bad Request'],
    ['GET //metrics HTTP/1.1\r\nHost: x\r\n\r\n', 'HTTP/1.1 404 Not Found'],
    ['GET /../../etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n', 'HTTP/1.1 404 Not Found'],
    ['rubbish\r\n\r\n', 'HTTP/1.1 400 Bad Request'],
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
    await expect(openFace({ listen: `127.0.0.1:${port}`, routes, log: silentLogger })).rejects.toMatchObject({
      kind: 'config',
      message: `cannot listen on 127.0.0.1:${port}: listen EADDRINUSE: address already in use 127.0.0.1:${port}; choose another address`,
    });
  });

  test('closes although a peer keeps its connection open', async () => {
    const face = await openFace({ listen: '127.0.0.1:0', routes, log: silentLogger });
    const socket = connect(face.address.port, '127.0.0.1');
    await new Promise((resolve) => socket.once('connect', resolve));
    const ended = new Promise((resolve) => socket.once('close', resolve));
    socket.on('error', () => {});
    await face.close();
    await ended;
  });
});
