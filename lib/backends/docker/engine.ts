import type { ZodType } from 'zod';
import * as z from 'zod';
import { MusterError } from '../../base/errors.ts';
import { int, leaf, list, nonEmptyText, stringList } from '../../config/fields.ts';
import { defaultHttpClient, type HttpClientConfig, isDefaultHttpClient } from '../../config/http-client.ts';
import { section } from '../../config/section.ts';
import type { HttpClient } from '../../http/client.ts';
import { flagField, listBody, mapField, textField } from '../../http/json.ts';
import { shownUrl } from '../../http/url-text.ts';
import { type LabelSet, mapLabels } from '../../targets/group.ts';
import type { MechanismInput } from '../mechanism.ts';

/** The newest version of the API that is spoken, that of Prometheus 3.5. Source: moby/moby, docs/api. */
const newestVersion = '1.51';
/** What an engine speaks that doesn't say which version it has: such are from before 2016. */
const oldestVersion = '1.24';

/** The API of one Docker Engine, in the version agreed upon. Errors are the HTTP client's. */
export interface Engine {
  /** A whole list, e.g. of `containers/json`: the engine has no pages. */
  list<T>(path: string, schema: ZodType<T>, filters?: readonly Filter[]): Promise<T>;
  /** What the engine says of itself, without a second try. */
  info<T>(schema: ZodType<T>, signal: AbortSignal): Promise<T>;
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
    info(schema, own) {
      const url = new URL(`${base}/v${version}/info`);
      return client.getJson({ url, signal: own, retry: false }, schema);
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

/** Where a Docker Engine's API is. */
export interface EngineHost {
  /** Everything in front of `/v1.41`, without a `/` at its end: `https://manager.internal:2376`. */
  readonly base: string;
  /** Path of the Unix socket behind it; the base's host is then of no matter. */
  readonly unixSocket?: string;
  /** Whether the HTTP client options apply: as in Prometheus only where the host is written as http:// or https://. */
  readonly takesHttpOptions: boolean;
}

/** How `host` may look, for messages. */
const hostForms = 'tcp://host:port, http://host:port, https://host:port or unix:///path';

/** The address behind `host`; undefined when it is none. `tcp://` means HTTP without TLS, as for Prometheus. */
function readHost(host: string): EngineHost | undefined {
  const unixSocket = /^unix:\/\/(?<path>.+)$/.exec(host)?.groups?.path;
  if (unixSocket !== undefined) return { base: 'http://localhost', unixSocket, takesHttpOptions: false };

  const { scheme, rest } = networkHost.exec(host)?.groups ?? {};
  const url = URL.parse(`${scheme === 'https' ? 'https' : 'http'}://${rest ?? ''}`);
  if (url === null) return undefined;
  return {
    base: `${url.origin}${url.pathname.replace(/\/+$/, '')}`,
    takesHttpOptions: scheme !== 'tcp',
  };
}

/** The host for people. */
export function shownHost({ base, unixSocket }: EngineHost): string {
  return unixSocket === undefined ? base : `unix://${unixSocket}`;
}

/** No credentials (`@`), query or fragment: the former have keys of their own. */
const networkHost = /^(?<scheme>tcp|https?):\/\/(?<rest>[^\s@?#\\/][^\s@?#\\]*)$/;

/** Names of the labels that tell of a network. */
export interface NetworkLabelNames {
  readonly networkId: string;
  readonly networkName: string;
  readonly networkScope: string;
  readonly networkInternal: string;
  readonly networkIngress: string;
  /** Followed by the name of a label of the network. */
  readonly networkLabelPrefix: string;
}

/** `GET /networks`, as far as it is read. Source: Docker Engine API reference. */
const networkList = listBody(
  z.object({
    Id: z.string(),
    Name: textField,
    Scope: textField,
    Internal: flagField,
    // Absent before version 1.28.
    Ingress: flagField,
    Labels: mapField(textField),
  }),
);

/** The labels of each network of the engine, by its ID. */
export async function listNetworkLabels(
  engine: Engine,
  names: NetworkLabelNames,
): Promise<ReadonlyMap<string, LabelSet>> {
  const networks = await engine.list('networks', networkList);
  return new Map(
    networks.map(({ Id, Name, Scope, Internal, Ingress, Labels }) => [
      Id,
      {
        [names.networkId]: Id,
        [names.networkName]: Name,
        [names.networkScope]: Scope,
        [names.networkInternal]: String(Internal),
        [names.networkIngress]: String(Ingress),
        ...mapLabels(names.networkLabelPrefix, Labels),
      },
    ]),
  );
}

const filter = section({ name: nonEmptyText(), values: stringList() });

/** Passed on to the engine: values of one name are alternatives, or must all fit, as the engine's reference says. */
type Filter = z.output<typeof filter>;

/** What the SD configs of everything behind a Docker Engine have in common. */
export const engineFields = {
  host: leaf(hostForms, readHost),
  port: int({ min: 0, max: 65_535 }, 80),
  filters: list(filter),
};
