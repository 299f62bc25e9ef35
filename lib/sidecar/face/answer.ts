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

/** An answer with a body that is at hand; nobody keeps it unless the headers allow it. */
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
