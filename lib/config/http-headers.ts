import * as z from 'zod';
import { leaf, list, mapOf } from './fields.ts';
import { type Credential, Secret } from './secret.ts';
import { fileCredential, refCredential } from './secret-fields.ts';
import { section } from './section.ts';

/** Headers that carry the connection or that the client sets itself. Source: prometheus/common, config.ReservedHeaders. */
const reserved = [
  'Authorization',
  'Host',
  'Content-Encoding',
  'Content-Length',
  'Content-Type',
  'User-Agent',
  'Connection',
  'Keep-Alive',
  'Proxy-Authenticate',
  'Proxy-Authorization',
  'Www-Authenticate',
  'Accept-Encoding',
  'X-Prometheus-Remote-Write-Version',
  'X-Prometheus-Remote-Read-Version',
  'X-Prometheus-Scrape-Timeout-Seconds',
  'X-Amz-Date',
  'X-Amz-Security-Token',
  'X-Amz-Content-Sha256',
];

/** `http_headers`: the values of each header in the order in which Prometheus sends them, references last. */
export const httpHeaders = mapOf(
  section({
    values: list(headerText()),
    secrets: list(headerText()),
    files: list(fileCredential()),
    refs: list(refCredential()),
  }).transform(({ values, secrets, files, refs }) => [...values, ...secrets, ...files, ...refs]),
).check(checkHeaderNames(reserved));

/** One value of a header, wrapped at once: any of them may be a secret. */
export function headerText() {
  // A control character would end the header and begin another one.
  return leaf<Credential>('a header value without control characters', (source) =>
    /[^\t\P{Cc}]/u.test(source) ? undefined : { from: 'inline', secret: new Secret(source) },
  );
}

/** The keys of a mapping must be names of headers, and none of the forbidden. */
export function checkHeaderNames(
  forbidden: readonly string[],
): z.core.$ZodCheck<Readonly<Record<string, unknown>>> {
  const lowerCase = new Set(forbidden.map((name) => name.toLowerCase()));
  return z.superRefine((headers, context) => {
    for (const name of Object.keys(headers)) {
      if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name))
        context.addIssue({ code: 'custom', path: [name], message: 'is not the name of a header' });
      else if (lowerCase.has(name.toLowerCase()))
        context.addIssue({ code: 'custom', path: [name], message: 'this header can not be set here' });
    }
  });
}
