import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import { decodeBody } from '../../lib/http/exchange.ts';
import { failure, get, openTestClient } from '../support/http-client.ts';
import { startHttpServer } from '../support/http-server.ts';

const text = '{"Services": []}'.repeat(100);
const plain = new Uint8Array(Buffer.from(text));

describe('a content encoding that nobody asked for', () => {
  test.each([
    ['gzip', gzipSync(text)],
    ['X-GZIP', gzipSync(text)],
    ['deflate', deflateSync(text)],
    ['deflate', deflateRawSync(text)],
    ['br', brotliCompressSync(text)],
    ['identity', plain],
    ['', plain],
    [undefined, plain],
  ])('%s is taken off', async (encoding, body) => {
    expect(await decodeBody(body, encoding, plain.length)).toEqual(plain);
  });

  test('is refused when it is nested, unknown or broken', async () => {
    const twice = gzipSync(gzipSync(text));
    expect([
      await failure(decodeBody(twice, 'gzip, gzip', 1e6)),
      await failure(decodeBody(plain, 'secret-token', 1e6)),
      await failure(decodeBody(gzipSync(text).subarray(0, 40), 'gzip', 1e6)),
      await failure(decodeBody(plain, 'br', 1e6)),
    ]).toEqual([
      { kind: 'malformed', message: 'the answer has nested content encodings' },
      { kind: 'malformed', message: 'the answer has an unknown content encoding' },
      { kind: 'malformed', message: "the answer's gzip encoding is broken (Z_BUF_ERROR)" },
      { kind: 'malformed', message: expect.stringMatching(/^the answer's br encoding is broken \(\w+\)$/) },
    ]);
  });

  test('counts what it unpacks to: one byte too many is too large', async () => {
    expect(await failure(decodeBody(gzipSync(text), 'gzip', plain.length - 1))).toEqual({
      kind: 'too-large',
      message: `the answer is over the limit of ${plain.length - 1} bytes once it is decompressed`,
    });
  });

  test('10 MB that would unpack to 10 GB stop at the limit', async () => {
    // A gzip stream may be many members one after the other: 1,000 of 10 MB of zeros, 10 kB each.
    const bomb = Buffer.concat(Array.from<Buffer>({ length: 1000 }).fill(gzipSync(Buffer.alloc(10_000_000))));
    expect(bomb.length).toBeGreaterThan(9e6);
    await using server = await startHttpServer((_, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip', 'content-length': bomb.length });
      response.end(bomb);
    });
    await using client = await openTestClient();
    expect(await failure(client.request(get(server, '/', { maxBytes: 20_000_000 })))).toEqual({
      kind: 'too-large',
      message: `GET ${server.url}: the answer is over the limit of 20000000 bytes once it is decompressed`,
    });
  });

  test('in two headers is nested too', async () => {
    await using server = await startHttpServer((_, response) => {
      response.writeHead(200, ['content-encoding', 'gzip', 'Content-Encoding', 'gzip']);
      response.end(gzipSync(gzipSync(text)));
    });
    await using client = await openTestClient();
    expect(await failure(client.request(get(server)))).toEqual({
      kind: 'malformed',
      message: `GET ${server.url}: the answer has nested content encodings`,
    });
  });

  test('of an answer without a body does not matter', async () => {
    await using server = await startHttpServer((_, response) => {
      response.writeHead(204, { 'content-encoding': 'gzip' });
      response.end();
    });
    await using client = await openTestClient();
    expect((await client.request(get(server))).body).toEqual(new Uint8Array());
  });
});
