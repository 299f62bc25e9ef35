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
