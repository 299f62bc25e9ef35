import type { ZodType } from 'zod';
import {
  defaultHttpClient,
  type HttpClientConfig,
  isDefaultHttpClient,
} from '../../../config/http-client.ts';
import { MusterError } from '../../../errors.ts';
import type { HttpClient } from '../../../http/client.ts';
import { shownUrl } from '../../../http/place.ts';
import type { MechanismInput } from '../../mechanism.ts';
import type { Filter } from './fields.ts';
import type { EngineHost } from './host.ts';

/** The newest version of the API that is spoken, that of Prometheus 3.5. Source: moby/moby, docs/api. */
const newestVersion = '1.51';
/** What an engine speaks that doesn't say which version it has: such are from before 2016. */
const oldestVersion = '1.24';

/** The API of one Docker Engine, in the version agreed upon. Errors are the HTTP client's. */
export interface Engine {
  /** A whole list, e.g. of `containers/json`: the engine has no pages. */
  list<T>(path: string, schema: ZodType<T>, filters?: readonly Filter[]): Promise<T>;
}

/** Connects and agrees on a version of the API, which is one call. */
export async function openEngine(
  host: EngineHost,
  http: HttpClientConfig,
  { openHttp, signal, warn }: MechanismInput,
): Promise<Engine> {
  const { base, unixSocket, takesHttpOptions } = host;
  if (!takesHttpOptions && !isDefaultHttpClient(http))
    warn(
      `${unixSocket ?? base}: TLS, credentials and other HTTP client options apply to http:// and https:// alone, ` +
        'as in Prometheus: they are not used for this host',
    );
  const client = await openHttp(
    takesHttpOptions ? http : defaultHttpClient(),
    unixSocket === undefined ? {} : { unixSocket },
  );
  const version = await agreeOnVersion(client, new URL(`${base}/_ping`), signal);
  return {
    list(path, schema, filters = []) {
      const url = new URL(`${base}/v${version}/${path}`);
      const query = filterQuery(filters);
      if (query !== undefined) url.searchParams.set('filters', query);
      return client.getJson({ url, signal }, schema);
    },
  };
}

/** Statuses by which a proxy in front of the engine forbids a call, or does not know it. */
const forbidden = [401, 403, 404, 405, 501];

/**
 * The engine's own version, unless that is newer than what is spoken here. Where it may not be asked for, as behind a
 * proxy that lets lists alone through, the newest, as in Prometheus.
 */
async function agreeOnVersion(client: HttpClient, url: URL, signal: AbortSignal): Promise<string> {
  const { status, headers } = await client.request({ url, signal, maxBytes: 64 * 1024, expect: forbidden });
  if (forbidden.includes(status)) return newestVersion;
  const offered = headers['api-version'] ?? oldestVersion;
  if (!/^\d{1,4}\.\d{1,4}$/.test(offered))
    throw new MusterError(
      'malformed',
      `GET ${shownUrl(url)}: the header Api-Version is no version: is that a Docker Engine?`,
    );
  return isOlder(offered, newestVersion) ? offered : newestVersion;
}

function isOlder(a: string, b: string): boolean {
  const [majorA = 0, minorA = 0] = a.split('.').map(Number);
  const [majorB = 0, minorB = 0] = b.split('.').map(Number);
  return majorA < majorB || (majorA === majorB && minorA < minorB);
}

/** The engine's form of a set: `{"label":{"a":true,"b":true}}`. A filter without values is none. */
function filterQuery(filters: readonly Filter[]): string | undefined {
  const byName = new Map<string, Record<string, true>>();
  for (const { name, values } of filters) {
    const more = values.map((value) => [value, true] as const);
    if (more.length > 0) byName.set(name, { ...byName.get(name), ...Object.fromEntries(more) });
  }
  return byName.size === 0 ? undefined : JSON.stringify(Object.fromEntries(byName));
}
