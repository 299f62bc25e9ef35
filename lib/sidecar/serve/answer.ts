import type { Context } from 'hono';

/** A plain text answer of one line. */
export function textAnswer(
  status: number,
  text: string,
  headers: Readonly<Record<string, string>> = {},
): Response {
  return answerWith(status, 'text/plain; charset=utf-8', `${text}\n`, headers);
}

/** An answer that is JSON. */
export function jsonAnswer(value: unknown, status = 200): Response {
  return answerWith(status, 'application/json', `${JSON.stringify(value)}\n`);
}

/** An answer with this HTTP status and body. It is not cached unless the headers allow it. */
export function answerWith(
  status: number,
  type: string,
  text: string,
  headers: Readonly<Record<string, string>> = {},
): Response {
  const body = Buffer.from(text);
  return new Response(body, {
    status,
    headers: {
      'content-type': type,
      'content-length': String(body.byteLength),
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      ...headers,
    },
  });
}

/** The query of a URL. A value that cannot be read counts as absent. */
export interface RequestQuery {
  readonly q: string;
  readonly job: string | undefined;
  readonly provider: string | undefined;
  readonly source: string;
  readonly before: number | undefined;
  readonly offset: number;
  readonly limit: number;
}

/** Reads the query; `limit` is the default number of rows, `most` the highest one that is granted. */
export function readRequestQuery(
  { req }: Context,
  size: { readonly limit: number; readonly most: number },
): RequestQuery {
  return {
    q: (req.query('q') ?? '').slice(0, 500),
    job: req.query('job') || undefined,
    provider: req.query('provider') || undefined,
    source: req.query('source') ?? '',
    before: wholeNumber(req.query('before')),
    offset: wholeNumber(req.query('offset')) ?? 0,
    limit: Math.min(wholeNumber(req.query('limit')) || size.limit, size.most),
  };
}

function wholeNumber(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,12}$/.test(text) ? Number(text) : undefined;
}

/** Whether to send the answer as gzip; if so its headers say it already. The peer must take it, and it must pay. */
export function shouldGzip(acceptEncoding: string | undefined, { headers, body }: Response): boolean {
  if (body === null || headers.has('content-encoding') || !isText(headers.get('content-type'))) return false;
  if (!headers.has('vary')) headers.set('vary', 'accept-encoding');
  const size = Number(headers.get('content-length') ?? smallest);
  if (!acceptsGzip(acceptEncoding) || size < smallest) return false;
  headers.set('content-encoding', 'gzip');
  headers.delete('content-length');
  return true;
}

/** Whether an Accept-Encoding header allows gzip. Source: RFC 9110, 12.5.3. */
export function acceptsGzip(header: string | null | undefined): boolean {
  const weights = new Map(
    (header ?? '').split(',').map((part) => {
      const [coding = '', ...parameters] = part
        .trim()
        .toLowerCase()
        .split(/\s*;\s*/);
      const weight = parameters.find((parameter) => parameter.startsWith('q='));
      return [coding, weight === undefined ? 1 : Number(weight.slice(2))];
    }),
  );
  return (weights.get('gzip') ?? weights.get('*') ?? 0) > 0;
}

/** Bytes below which gzip makes nothing smaller. */
const smallest = 1024;

function isText(type: string | null): boolean {
  return type !== null && /^(?:text\/|application\/json)/.test(type);
}
