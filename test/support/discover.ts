import { discoverAs, type Mechanism, type SdConfig } from '../../lib/backends/mechanism.ts';
import type { PrometheusVersion } from '../../lib/config/prometheus-version.ts';
import type { HttpClient, HttpClientOptions } from '../../lib/http/client.ts';
import type { Cursor, Listed, Progress } from '../../lib/targets/discover.ts';
import type { TargetGroup } from '../../lib/targets/group.ts';
import { openTestClient, readInline } from './http-client.ts';

/** All that one listing gave. */
export interface Listing {
  readonly groups: readonly TargetGroup[];
  /** What the listing said of itself, but for its answers to other cursors, which no test can compare. */
  readonly listed: Omit<Listed, 'comparedWith'> | undefined;
  readonly cursor: Cursor | undefined;
  readonly warnings: readonly string[];
  readonly progress: readonly Progress[];
}

export interface ListOptions {
  readonly signal?: AbortSignal | undefined;
  /** When the signal will fire, in milliseconds of the epoch. */
  readonly deadline?: number | undefined;
  readonly cursor?: Cursor | undefined;
  /** Options of the HTTP client. Default: no wait before a retry. */
  readonly http?: Partial<HttpClientOptions>;
  /** Longest answer in bytes. Default: the client's own, a quarter of a gigabyte. */
  readonly maxBytes?: number | undefined;
  /** As `muster.prometheus` of the job. Default: the newest. */
  readonly prometheus?: PrometheusVersion | undefined;
}

/** Lists with a mechanism as a cycle would, for a stanza as it stands in muster.yml; throws when the listing does. */
export async function listTargets<Config extends SdConfig>(
  mechanism: Mechanism<Config>,
  stanza: unknown,
  {
    signal = new AbortController().signal,
    deadline,
    cursor,
    http = {},
    maxBytes,
    prometheus,
  }: ListOptions = {},
): Promise<Listing> {
  await using clients = new AsyncDisposableStack();
  const groups: TargetGroup[] = [];
  const warnings: string[] = [];
  const progress: Progress[] = [];
  const listing = discoverAs(mechanism, mechanism.schema.parse(stanza), {
    prometheus,
    signal,
    deadline,
    cursor,
    openHttp: async (config, options) => {
      const client = clients.use(await openTestClient(config, { signal, ...options, ...http }));
      return maxBytes === undefined ? client : limited(client, maxBytes);
    },
    readCredential: readInline,
    warn: (message) => warnings.push(message),
    onProgress: (step) => progress.push(step),
  });
  for (;;) {
    const next = await listing.next();
    if (next.done) {
      const { comparedWith: _, ...listed } = next.value ?? {};
      return { groups, listed: next.value && listed, cursor: listed.cursor, warnings, progress };
    }
    groups.push(...next.value);
  }
}

function limited(client: HttpClient, maxBytes: number): HttpClient {
  return {
    ...client,
    request: (request) => client.request({ ...request, maxBytes }),
    read: (request, decode) => client.read({ ...request, maxBytes }, decode),
    getJson: (request, schema) => client.getJson({ ...request, maxBytes }, schema),
  };
}
