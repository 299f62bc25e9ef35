import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Fault, FleetRequest } from '../../lib/sim/faults.ts';
import { type FleetServer, startFleetServer } from '../../lib/sim/server.ts';
import { inCi } from '../support/counts.ts';
import type { Listing, ListOptions } from '../support/discover.ts';
import { failure } from '../support/http-client.ts';

/** A backend in the fault suite: a row of its table. */
export interface FaultyBackend {
  readonly server: FleetServer;
  /** Lists from the given URL, that of `server` or another, with `canary` in every credential. */
  list(url: string, options?: ListOptions): Promise<Listing>;
  /** Picks a request which comes when a part of the listing has been read already: a later page, one of many calls. */
  middle(request: FleetRequest): boolean;
  /** Path of that request, as errors name it. */
  readonly middlePath: string;
  /** What that request cannot be answered with: JSON or the text of a body; and the path of the field that is wrong. */
  readonly wrong:
    | { readonly value: unknown; readonly path: string }
    | { readonly body: string; readonly path: string };
}

/** A credential that must not show up anywhere. */
export const canary = 'canary-5f0c1e';

const gigabyte = 2 ** 30;

/** What a backend's answers are written in. */
type Format = 'JSON' | 'XML';

/** Faults of one answer in the middle of a listing, the kind of the error, and what its message says of it. */
const midway = (
  format: Format,
): readonly (readonly [name: string, fault: Fault, kind: string, says: RegExp])[] => [
  ['401', { kind: 'status', status: 401 }, 'denied', /HTTP 401 Unauthorized/],
  ['403', { kind: 'status', status: 403, body: `no: ${canary}` }, 'denied', /HTTP 403 Forbidden/],
  ['404', { kind: 'status', status: 404 }, 'not-found', /HTTP 404 Not Found/],
  ['429', { kind: 'status', status: 429 }, 'throttled', /HTTP 429 .* \(tried 3 times\)/],
  ['500 with JSON', { kind: 'status', status: 500, body: '{}' }, 'status', /HTTP 500 Internal Server Error/],
  ['503', { kind: 'status', status: 503 }, 'status', /HTTP 503 .* \(tried 3 times\)/],
  [
    `${format} that breaks off`,
    { kind: 'truncated' },
    'malformed',
    new RegExp(`expected ${format}, got ${format} that breaks off after \\d+ bytes`),
  ],
  ['a page of HTML', { kind: 'html' }, 'malformed', new RegExp(`expected ${format}, got text/html`)],
  [
    'nothing at all',
    { kind: 'status', status: 200, body: '' },
    'malformed',
    new RegExp(`expected ${format}, got an empty body`),
  ],
  ['a cut connection', { kind: 'cut' }, 'unreachable', /cut off after \d+ of \d+ bytes/],
  [
    '1 GB, announced',
    { kind: 'huge', bytes: gigabyte, announced: true },
    'too-large',
    /over the limit of \d+ bytes/,
  ],
  ['1 GB, unannounced', { kind: 'huge', bytes: gigabyte }, 'too-large', /over the limit of \d+ bytes/],
];

/** The tests that every backend with an HTTP API passes: a listing with a fault fails whole, and says why. */
export function describeFaults(
  name: string,
  start: () => Promise<FaultyBackend>,
  format: Format = 'JSON',
): void {
  describe(`${name}: a listing with a fault in it`, () => {
    let backend: FaultyBackend;
    beforeEach(async () => {
      backend = await start();
    });
    afterEach(() => backend.server.stop());

    /** The listing's error after a check that it is one line, names the URL and holds no credential. */
    const fails = async (listing: Promise<Listing>, url = backend.server.url + backend.middlePath) => {
      const error = await failure(listing);
      expect(error.message).toContain(url);
      expect(error.message).not.toMatch(/[\r\n]/);
      expect(inspect(await listing.catch((reason) => reason), { depth: 10 })).not.toContain(canary);
      return error;
    };
    const strike = (fault: Fault) => backend.server.faults.add(fault, { when: backend.middle });

    test('without a fault is whole, and so it is again after one', async () => {
      const before = await backend.list(backend.server.url);
      expect(before.groups.length).toBeGreaterThan(1);
      expect(backend.server.requests.filter(backend.middle).length).toBe(1);
      const over = strike({ kind: 'html' });
      await fails(backend.list(backend.server.url));
      over();
      expect(await backend.list(backend.server.url)).toEqual(before);
    });

    test.each(midway(format))('%s', async (_name, fault, kind, says) => {
      strike(fault);
      // What is not announced is read up to the limit. All have the same one; in CI one backend does read so much.
      const isShort = fault.kind === 'huge' && fault.announced !== true && !inCi('http').includes(name);
      const options = isShort ? { maxBytes: 1 << 20 } : {};
      const error = await fails(backend.list(backend.server.url, options));
      expect(error).toMatchObject({ kind, message: expect.stringMatching(says) });
      expect(backend.server.bytesSent()).toBeLessThan(gigabyte / 2);
    });

    test(`${format} of another shape: the field is named`, async () => {
      const { wrong } = backend;
      strike(
        'value' in wrong
          ? { kind: 'json', value: wrong.value }
          : { kind: 'status', status: 200, body: wrong.body },
      );
      const error = await fails(backend.list(backend.server.url));
      expect(error).toMatchObject({
        kind: 'malformed',
        message: expect.stringContaining(`unexpected ${format}: ${wrong.path}: `),
      });
    });

    test('a server that is not there', async () => {
      await backend.server.stop();
      const error = await fails(backend.list(backend.server.url), backend.server.url);
      expect(error).toMatchObject({ kind: 'unreachable', message: expect.stringContaining('ECONNREFUSED') });
    });

    test.each(['hang', 'stall'] as const)('an answer slower than the deadline (%s)', async (kind) => {
      strike({ kind });
      const deadline = new AbortController();
      const listing = backend.list(backend.server.url, { signal: deadline.signal });
      const failing = fails(listing, backend.server.url);
      while (!backend.server.requests.some(backend.middle)) await new Promise(setImmediate);
      deadline.abort();
      expect(await failing).toMatchObject({
        kind: 'timeout',
        message: expect.stringContaining('the deadline passed'),
      });
    });

    test('a redirect to another host: that host sees no request', async () => {
      const stranger = await startFleetServer(() => ({ body: '{}' }));
      strike({ kind: 'redirect', location: `${stranger.url}${backend.middlePath}` });
      const error = await fails(backend.list(backend.server.url));
      await stranger.stop();
      expect(error).toMatchObject({ kind: 'redirect', message: expect.stringContaining(stranger.url) });
      expect(stranger.requests).toEqual([]);
    });
  });
}
