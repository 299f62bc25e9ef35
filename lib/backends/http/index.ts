import type { z } from 'zod';
import { MusterError } from '../../base/errors.ts';
import { leaf } from '../../config/fields.ts';
import { withHttpClient } from '../../config/http-client.ts';
import { httpSdConfig, ownFields } from '../../config/sd-config.ts';
import { decodeJson } from '../../http/json.ts';
import type { HttpResponse } from '../../http/send.ts';
import { shownOrigin } from '../../http/url-text.ts';
import type { Mechanism } from '../mechanism.ts';
import { buildGroups, type Group, groupList } from './groups.ts';

/** The URL as written: it becomes the label `__meta_url`, and a parsed URL would differ from it. */
const endpoint = leaf('an http:// or https:// URL without credentials', (source) => {
  const parsed = URL.parse(source);
  const isPlain = parsed !== null && parsed.username + parsed.password === '';
  const isWritten = /^https?:\/\/[^/]/i.test(source) && !/\p{Cc}|\s$/u.test(source);
  return isPlain && isWritten && source.isWellFormed() ? source : undefined;
});

/** An element of `http_sd_configs`. Source: Prometheus configuration reference, http_sd_config. */
export const httpConfig = httpSdConfig('1m', { ...ownFields, url: endpoint }).transform(withHttpClient);

/** One SD config after defaults and checks. */
type HttpConfig = z.output<typeof httpConfig>;

/** Target groups that an HTTP endpoint serves. */
export const http: Mechanism<HttpConfig> = {
  name: 'http',
  configKey: 'http_sd_configs',
  schema: httpConfig,
  server: ({ url }) => shownOrigin(new URL(url)),
  async *discover(config, { openHttp, signal, onProgress }) {
    const client = await openHttp(config.http);
    const headers = {
      accept: 'application/json',
      // An endpoint may cache its answer for this long.
      'x-prometheus-refresh-interval-seconds': String(config.refresh_interval / 1000),
    };
    const answered = await client.read({ url: new URL(config.url), headers, signal }, readGroups);
    onProgress?.({ read: answered.length, total: answered.length });
    yield buildGroups(answered, config.url).filter(({ targets }) => targets.length > 0);
    return undefined;
  },
};

/** Reads an answer as strictly as Prometheus: only status 200, and only the content type of JSON. */
function readGroups({ status, headers, body }: HttpResponse): readonly Group[] {
  const type = headers['content-type'];
  if (status !== 200)
    throw new MusterError('status', `HTTP ${status}: only an answer with status 200 is a list of targets`, {
      status,
    });
  const groups = decodeJson(body, type, groupList);
  if (!/^application\/json(?:;\s*charset=(?:"utf-8"|utf-8))?$/i.test(type?.trim() ?? ''))
    throw new MusterError(
      'malformed',
      `the content type is ${type === undefined ? 'missing' : JSON.stringify(type.slice(0, 100))}: it must be application/json`,
    );
  return groups;
}
