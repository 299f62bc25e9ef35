import { STATUS_CODES } from 'node:http';
import { type ErrorKind, MusterError } from '../errors.ts';
import type { Answer } from './exchange.ts';
import type { Redactor } from './redact.ts';

/** How much of an error's body is read, in bytes. */
export const refusalBytes = 64 * 1024;

/** The error for an answer that isn't a success, with the server's own words where they help and hold no secret. */
export function toRefusal(answer: Answer, redactor: Redactor): MusterError {
  const { status } = answer;
  const said =
    redactor
      .clean(serverWords(answer))
      .trim()
      .split(/[\r\n]/, 1)[0] ?? '';
  const words = said.length > 200 ? `${said.slice(0, 200)}…` : said;
  const name = STATUS_CODES[status];
  const parts = [
    `HTTP ${status}${name === undefined ? '' : ` ${name}`}`,
    ...(words === '' || words === name ? [] : [words]),
    ...(advice[status] === undefined ? [] : [advice[status]]),
  ];
  return new MusterError(kinds[status] ?? 'status', parts.join(': '), { status });
}

const kinds: Readonly<Record<number, ErrorKind>> = {
  401: 'denied',
  403: 'denied',
  404: 'not-found',
  407: 'denied',
  410: 'expired',
  429: 'throttled',
};

const advice: Readonly<Record<number, string>> = {
  401: 'check the credentials',
  403: 'check what the credentials allow',
  404: "check the server's address",
  407: "check the credentials in the proxy's URL",
};

/** The message in a JSON error, or the start of a plain text. A page of HTML says nothing in its first line. */
function serverWords({ headers, body }: Answer): string {
  const type = headers['content-type'] ?? 'text/plain';
  const encoding = headers['content-encoding'] ?? 'identity';
  if (encoding !== 'identity' || !/^text\/plain|json/i.test(type)) return '';
  const text = new TextDecoder().decode(body);
  return messageOf(text) ?? text;
}

const messageKeys = ['message', 'error_description', 'error', 'reason', 'detail'];

function messageOf(text: string): string | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'string') return value;
    if (typeof value !== 'object' || value === null) return undefined;
    const fields = new Map(Object.entries(value));
    return messageKeys.map((key) => fields.get(key)).find((message) => typeof message === 'string');
  } catch {
    return undefined;
  }
}
