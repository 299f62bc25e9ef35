import { MusterError } from '../../base/errors.ts';
import { decodeJson } from '../../http/json.ts';
import type { HttpResponse } from '../../http/send.ts';
import { shownOrigin } from '../../http/url-text.ts';
import type { Mechanism } from '../mechanism.ts';
import { buildGroups, type Group, groupList } from './groups.ts';
import { type HttpConfig, httpConfig } from './schema.ts';

/** Target groups that an HTTP endpoint names. */
export const http: Mechanism<HttpConfig> = {
  name: 'http',
  configKey: 'http_sd_configs',
  schema: httpConfig,
  server: ({ url }) => shownOrigin(new URL(url)),
  async *discover(config, { openHttp, signal, onProgress }) {
    const client = await openHttp(config.http);
    const headers = {
      accept: 'application/json',
      // Endpoints may cache their answers for so long.
      'x-prometheus-refresh-interval-seconds': String(config.refresh_interval / 1000),
    };
    const answered = await client.read({ url: new URL(config.url), headers, signal }, readGroups);
    onProgress?.({ read: answered.length, total: answered.length });
    yield buildGroups(answered, config.url).filter(({ targets }) => targets.length > 0);
    return undefined;
  },
};

/** What Prometheus takes: status 200 alone, and JSON that is announced as such. */
function readGroups({ status, headers, body }: HttpResponse): readonly Group[] {
  const type = headers['content-type'];
  if (status !== 200)
    throw new MusterError('status', `HTTP ${status}: only an answer with 200 is a list of targets`, {
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
