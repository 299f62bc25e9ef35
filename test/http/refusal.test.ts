import { describe, expect, test } from '@jest/globals';
import { toRefusal } from '../../lib/http/send.ts';
import { createRedactor } from '../../lib/http/url-text.ts';

function refusal(status: number, type: string | undefined, text: string, secrets: readonly string[] = []) {
  const redactor = createRedactor();
  for (const secret of secrets) redactor.learn(secret);
  const headers = type === undefined ? {} : { 'content-type': type };
  const error = toRefusal({ status, headers, body: Buffer.from(text) }, redactor);
  return [error.kind, error.status, error.message];
}

describe('an answer that is not a success', () => {
  test.each([
    [400, 'status', 'HTTP 400 Bad Request'],
    [401, 'denied', 'HTTP 401 Unauthorized: check the credentials'],
    [403, 'denied', 'HTTP 403 Forbidden: check what the credentials allow'],
    [404, 'not-found', "HTTP 404 Not Found: check the server's address"],
    [407, 'denied', "HTTP 407 Proxy Authentication Required: check the credentials in the proxy's URL"],
    [410, 'expired', 'HTTP 410 Gone'],
    [429, 'throttled', 'HTTP 429 Too Many Requests'],
    [500, 'status', 'HTTP 500 Internal Server Error'],
    [599, 'status', 'HTTP 599'],
  ])('of status %i is of kind %s', (status, kind, message) => {
    expect(refusal(status, undefined, '')).toEqual([kind, status, message]);
  });

  test.each([
    ['text/plain; charset=utf-8', 'Unexpected response code\nstack trace', 'Unexpected response code'],
    ['text/plain', '\r\n\r\n  rpc error: no leader  \r\n', 'rpc error: no leader'],
    [undefined, 'ACL not found', 'ACL not found'],
    ['application/json', '{"kind":"Status","message":"pods is forbidden"}', 'pods is forbidden'],
    ['application/json', '{"error":"invalid_client"}', 'invalid_client'],
    ['application/problem+json', '{"detail":"no quota"}', 'no quota'],
    ['application/json', '"just text"', 'just text'],
    ['application/json', '{"errors":[1]}', '{"errors":[1]}'],
    ['application/json', 'not json', 'not json'],
    ['text/plain', 'y'.repeat(201), `${'y'.repeat(200)}…`],
    ['text/plain', 'in \u001b[31mred\u0007', 'in  [31mred'],
  ])('of type %s says %j as %j', (type, text, words) => {
    expect(refusal(500, type, text)).toEqual(['status', 500, `HTTP 500 Internal Server Error: ${words}`]);
  });

  test.each(['text/html', 'application/octet-stream', 'image/png'])('of type %s says nothing', (type) => {
    expect(refusal(500, type, '<html>\n<body>')).toEqual(['status', 500, 'HTTP 500 Internal Server Error']);
  });

  test('that echoes a secret is shown without it, across lines and cuts too', () => {
    expect([
      refusal(400, 'text/plain', 'bad token canary-1!', ['canary-1']),
      refusal(400, 'text/plain', `${'z'.repeat(195)}canary-1`, ['canary-1']),
      refusal(400, 'text/plain', 'line1\nline2 leaks', ['line1\nline2']),
      refusal(400, 'text/plain', 'password abc is wrong', ['abc']),
    ]).toEqual([
      ['status', 400, 'HTTP 400 Bad Request: bad token <secret>!'],
      ['status', 400, `HTTP 400 Bad Request: ${'z'.repeat(195)}<secr…`],
      ['status', 400, 'HTTP 400 Bad Request: <secret> leaks'],
      ['status', 400, 'HTTP 400 Bad Request'],
    ]);
  });
});
