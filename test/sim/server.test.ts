import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { jsonAnswer } from '../../lib/sim/faults.ts';
import { type FleetServer, startFleetServer } from '../../lib/sim/server.ts';

const whole = { names: ['a', 'b', 'c'] };
let server: FleetServer;

beforeEach(async () => {
  server = await startFleetServer(({ path }) =>
    path === '/missing' ? { status: 404, body: 'none' } : jsonAnswer(whole, { 'x-served': 'yes' }),
  );
});
afterEach(() => server.stop());

async function read(path: string, init: RequestInit = {}) {
  const response = await fetch(server.url + path, { redirect: 'manual', ...init });
  return { status: response.status, type: response.headers.get('content-type'), text: await response.text() };
}

describe('a simulated backend without faults', () => {
  test('answers, and remembers what was asked, as it was sent', async () => {
    expect([await read('/a%2Fb?x=1&x=2', { headers: { 'X-Who': 'me' } }), await read('/missing')]).toEqual([
      { status: 200, type: 'application/json', text: JSON.stringify(whole) },
      { status: 404, type: null, text: 'none' },
    ]);
    const [request] = server.requests;
    expect({ path: request?.path, x: request?.query.getAll('x'), who: request?.headers['x-who'] }).toEqual({
      path: '/a%2Fb',
      x: ['1', '2'],
      who: 'me',
    });
    expect(server.requests.map(({ path }) => path)).toEqual(['/a%2Fb', '/missing']);
  });

  test('is gone after a stop, its port free', async () => {
    await server.stop();
    await expect(fetch(server.url)).rejects.toThrow('fetch failed');
    const heir = await startFleetServer(() => ({ body: 'heir' }), { port: Number(new URL(server.url).port) });
    expect(await (await fetch(server.url)).text()).toBe('heir');
    await heir.stop();
  });

  test('a port in use is an error, not a hang', async () => {
    const { port } = new URL(server.url);
    await expect(startFleetServer(() => ({ body: '' }), { port: Number(port) })).rejects.toThrow(
      'EADDRINUSE',
    );
  });
});

describe('faults', () => {
  test('another status, a redirect, a login page, other JSON, half a body', async () => {
    const answers = [];
    for (const fault of [
      { kind: 'status', status: 500, body: 'boom' },
      { kind: 'redirect', location: 'http://127.0.0.1:1/elsewhere' },
      { kind: 'html' },
      { kind: 'json', value: [1] },
      { kind: 'truncated' },
    ] as const) {
      const remove = server.faults.add(fault);
      answers.push(await read('/'));
      remove();
    }
    expect(answers).toEqual([
      { status: 500, type: null, text: 'boom' },
      { status: 302, type: null, text: '' },
      { status: 200, type: 'text/html', text: '<!doctype html><title>Sign in</title>\n' },
      { status: 200, type: 'application/json', text: '[1]' },
      { status: 200, type: 'application/json', text: JSON.stringify(whole).slice(0, 11) },
    ]);
    expect((await read('/')).text).toBe(JSON.stringify(whole));
  });

  test('befall only the requests of their scope, so many times', async () => {
    server.faults.add({ kind: 'status', status: 503 }, { when: ({ path }) => path === '/b', times: 2 });
    const statuses = [];
    for (const path of ['/a', '/b', '/b', '/b']) statuses.push((await read(path)).status);
    expect(statuses).toEqual([200, 503, 503, 200]);
  });

  test('a delay lets the answer, or the next fault, through', async () => {
    server.faults.add({ kind: 'latency', ms: 1 });
    expect((await read('/')).status).toBe(200);
    server.faults.add({ kind: 'status', status: 500 });
    server.faults.add({ kind: 'status', status: 501 });
    expect((await read('/')).status).toBe(500);
    server.faults.clear();
    expect((await read('/')).status).toBe(200);
  });

  test('a cut connection ends a body in its middle', async () => {
    server.faults.add({ kind: 'cut' });
    const response = await fetch(server.url);
    expect(response.headers.get('content-length')).toBe('23');
    await expect(response.text()).rejects.toThrow('terminated');
  });

  test.each(['hang', 'stall'] as const)('%s: a reader who waits is let go by the stop', async (kind) => {
    server.faults.add({ kind });
    const reading = fetch(server.url).then((response) => response.text());
    const outcome = expect(reading).rejects.toThrow(/fetch failed|terminated/);
    while (server.requests.length === 0) await new Promise(setImmediate);
    await server.stop();
    await outcome;
  });

  test.each([false, true])(
    'a huge body is streamed (announced: %s), and only as far as it is read',
    async (announced) => {
      server.faults.add({ kind: 'huge', bytes: 1 << 30, announced });
      const response = await fetch(server.url);
      expect(response.headers.get('content-length')).toBe(announced ? String(1 << 30) : null);
      await response.body?.cancel();
      await server.stop();
      expect(server.bytesSent()).toBeLessThan(1 << 26);
    },
  );
});
