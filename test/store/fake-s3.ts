import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

/** A request as the fake saw it. */
interface FakeRequest {
  readonly method: string;
  /** With the prefix, decoded. Empty for a listing. */
  readonly key: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

interface FakeObject {
  readonly body: Buffer;
  readonly etag: string;
  readonly metadata: Record<string, string>;
  /** Unix milliseconds. */
  readonly modified: number;
}

/** Answers in the fake's place, by returning `true`; `request` is the n-th of the fake, from 1. */
type Disturb = (request: FakeRequest, response: ServerResponse, n: number) => boolean;

export interface FakeS3Options {
  /** The conditions that it heeds, of writes and of removals. Default: all. */
  readonly honours?: readonly ('if-match' | 'if-none-match' | 'delete')[];
  /** Compares the conditions with the bare etag, as Ceph's gateway does. */
  readonly bareEtags?: boolean;
  /** So many writers look at what is there before the first of them writes: then conditions hold for none of them. */
  readonly lookFirst?: number;
  /** Instead of the answer, before anything is done. */
  readonly before?: Disturb;
  /** Instead of the answer, when the work is done: what a lost answer is. */
  readonly after?: Disturb | undefined;
}

export interface FakeS3 {
  readonly endpoint: string;
  readonly requests: readonly FakeRequest[];
  readonly objects: Map<string, FakeObject>;
  stop(): Promise<void>;
}

/** The handful of S3 that the driver speaks, on loopback, to be disturbed at will. */
export async function startFakeS3(options: FakeS3Options = {}): Promise<FakeS3> {
  const objects: FakeS3['objects'] = new Map();
  const requests: FakeRequest[] = [];
  const waiting: (() => void)[] = [];
  const allHaveLooked = (writers: number) =>
    new Promise<void>((resolve) => {
      if (waiting.push(resolve) === writers) for (const go of waiting.splice(0)) go();
    });
  const server = createServer(async (incoming, response) => {
    const url = new URL(incoming.url ?? '/', 'http://fake');
    const [, , ...segments] = decodeURIComponent(url.pathname).split('/');
    const body = await buffer(incoming);
    const { method = '', headers } = incoming;
    const request = { method, key: segments.join('/'), query: url.searchParams, headers, body };
    const n = requests.push(request);
    if (options.before?.(request, response, n)) return;
    const refused = isRefused(objects.get(request.key), request, options);
    if (method === 'PUT' && options.lookFirst !== undefined) await allHaveLooked(options.lookFirst);
    const [status, head, content] = refused
      ? ([412, {}, '<Error><Code>PreconditionFailed</Code></Error>'] as const)
      : answer(objects, request);
    if (options.after?.(request, response, n)) return;
    response.writeHead(status, head).end(content);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address: AddressInfo | string | null = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    endpoint: `http://127.0.0.1:${address.port}`,
    requests,
    objects,
    async stop() {
      server.closeAllConnections();
      await once(server.close(), 'close');
    },
  };
}

/** Sends an S3 error. */
export function sendError(
  response: ServerResponse,
  status: number,
  code: string,
  headers: Record<string, string> = {},
  message = 'as the test wants it',
): true {
  response
    .writeHead(status, { 'content-type': 'application/xml', 'x-amz-request-id': 'REQUEST1', ...headers })
    .end(`<?xml version="1.0"?><Error><Code>${code}</Code><Message>${message}</Message></Error>`);
  return true;
}

/** Ends the connection without an answer. */
export function cut(response: ServerResponse): true {
  response.socket?.destroy();
  return true;
}

type Answer = readonly [status: number, headers: Record<string, string>, content: string | Buffer];

function isRefused(
  found: FakeObject | undefined,
  { method, headers }: FakeRequest,
  { honours = ['if-match', 'if-none-match', 'delete'], bareEtags = false }: FakeS3Options,
): boolean {
  const etag = bareEtags ? found?.etag.replaceAll('"', '') : found?.etag;
  const wanted = headers['if-match'];
  if (method === 'DELETE') return honours.includes('delete') && wanted !== undefined && wanted !== etag;
  if (method !== 'PUT') return false;
  if (honours.includes('if-none-match') && headers['if-none-match'] === '*' && found) return true;
  return honours.includes('if-match') && wanted !== undefined && wanted !== etag;
}

function answer(objects: FakeS3['objects'], request: FakeRequest): Answer {
  const { method, key, headers, body } = request;
  const found = objects.get(key);
  if (method === 'PUT') {
    const etag = `"${createHash('md5').update(body).digest('hex')}"`;
    const metadata = Object.fromEntries(
      Object.entries(headers).flatMap(([name, value]) =>
        name.startsWith('x-amz-meta-') && typeof value === 'string' ? [[name, value]] : [],
      ),
    );
    objects.set(key, { body, etag, metadata, modified: Date.now() });
    return [200, { etag }, ''];
  }
  if (method === 'DELETE') {
    objects.delete(key);
    return [204, {}, ''];
  }
  if (request.query.has('list-type')) return [200, { 'content-type': 'application/xml' }, listing(objects)];
  if (!found) return [404, {}, method === 'HEAD' ? '' : '<Error><Code>NoSuchKey</Code></Error>'];
  const head = { etag: found.etag, ...found.metadata };
  if (headers['if-none-match'] === found.etag) return [304, head, ''];
  return [200, { ...head, 'content-length': `${found.body.length}` }, method === 'HEAD' ? '' : found.body];
}

function listing(objects: FakeS3['objects']): string {
  const contents = [...objects].map(
    ([key, { etag, body, modified }]) =>
      `<Contents><Key>${key}</Key><LastModified>${new Date(modified).toISOString()}</LastModified>` +
      `<ETag>${etag}</ETag><Size>${body.length}</Size></Contents>`,
  );
  return `<ListBucketResult><IsTruncated>false</IsTruncated>${contents.join('')}</ListBucketResult>`;
}
