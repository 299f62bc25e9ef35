import type { ZodType } from 'zod';
import * as z from 'zod';
import { MusterError } from '../../base/errors.ts';
import * as field from '../../config/fields.ts';
import { defaultHttpClient, type HttpClientConfig, isDefaultHttpClient } from '../../config/http-client.ts';
import type { KeyTexts } from '../../config/key-texts.ts';
import { section } from '../../config/section.ts';
import type { HttpClient } from '../../http/client.ts';
import { flagField, listBody, mapField, textField } from '../../http/json.ts';
import { shownUrl } from '../../http/url-text.ts';
import { type LabelSet, mapLabels } from '../../targets/group.ts';
import type { MechanismInput } from '../mechanism.ts';

/** The newest API version that we speak, that of Prometheus 3.5. Source: moby/moby, docs/api. */
const newestVersion = '1.51';
/** The version of an engine that does not name one: it is older than 2016. */
const oldestVersion = '1.24';

/** The API of one Docker Engine, in the negotiated version. Throws the HTTP client's errors. */
export interface Engine {
  /** Reads a list, such as `containers/json`, as a whole: the engine has no pages. */
  list<T>(path: string, schema: ZodType<T>, filters?: readonly Filter[]): Promise<T>;
  /** Reads the engine's description of itself, without retries. */
  info<T>(schema: ZodType<T>, signal: AbortSignal): Promise<T>;
}

/** Opens a client and negotiates the API version, which takes one call. Throws the HTTP client's errors. */
export async function openEngine(
  host: EngineHost,
  http: HttpClientConfig,
  { openHttp, signal, warn }: MechanismInput,
): Promise<Engine> {
  const { base, unixSocket, takesHttpOptions } = host;
  if (!takesHttpOptions && !isDefaultHttpClient(http))
    warn(
      `${unixSocket ?? base}: TLS, credentials and other HTTP client options apply only to http:// and https://, ` +
        'as in Prometheus: they are not used for this host',
    );
  const client = await openHttp(takesHttpOptions ? http : defaultHttpClient(), { unixSocket });
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

/** Statuses with which a proxy in front of the engine forbids a call, or does not know it. */
const forbidden = [401, 403, 404, 405, 501];

/**
 * The engine's version, or ours where that is older. Where the call is forbidden, as behind a proxy that allows only
 * lists, our newest, as in Prometheus.
 */
async function agreeOnVersion(client: HttpClient, url: URL, signal: AbortSignal): Promise<string> {
  const { status, headers } = await client.request({ url, signal, maxBytes: 64 * 1024, expect: forbidden });
  if (forbidden.includes(status)) return newestVersion;
  const offered = headers['api-version'] ?? oldestVersion;
  if (!/^\d{1,4}\.\d{1,4}$/.test(offered))
    throw new MusterError(
      'malformed',
      `GET ${shownUrl(url)}: the header Api-Version is not a version: is this a Docker Engine?`,
    );
  return isOlder(offered, newestVersion) ? offered : newestVersion;
}

function isOlder(a: string, b: string): boolean {
  const [majorA = 0, minorA = 0] = a.split('.').map(Number);
  const [majorB = 0, minorB = 0] = b.split('.').map(Number);
  return majorA < majorB || (majorA === majorB && minorA < minorB);
}

/** Filters in the engine's notation: `{"label":{"a":true,"b":true}}`. A filter without values does not count. */
function filterQuery(filters: readonly Filter[]): string | undefined {
  const byName = new Map<string, Record<string, true>>();
  for (const { name, values } of filters) {
    const more = values.map((value) => [value, true] as const);
    if (more.length > 0) byName.set(name, { ...byName.get(name), ...Object.fromEntries(more) });
  }
  return byName.size === 0 ? undefined : JSON.stringify(Object.fromEntries(byName));
}

/** The address of a Docker Engine's API. */
export interface EngineHost {
  /** Everything before `/v1.41`, without a `/` at its end: `https://manager.internal:2376`. */
  readonly base: string;
  /** Path of the Unix socket; the host of `base` is then ignored. */
  readonly unixSocket?: string | undefined;
  /** Whether the HTTP client options apply: as in Prometheus, only to http:// and https://. */
  readonly takesHttpOptions: boolean;
}

/** The forms of `host`, for messages. */
const hostForms = 'tcp://host:port, http://host:port, https://host:port or unix:///path';

/** The address that `host` gives; undefined when it is malformed. As in Prometheus, `tcp://` is HTTP without TLS. */
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

/** The host as people write it. */
export function shownHost({ base, unixSocket }: EngineHost): string {
  return unixSocket === undefined ? base : `unix://${unixSocket}`;
}

/** Without credentials (`@`), which have keys of their own, query and fragment. */
const networkHost = /^(?<scheme>tcp|https?):\/\/(?<rest>[^\s@?#\\/][^\s@?#\\]*)$/;

/** Names of the labels that describe a network. */
interface NetworkLabelNames {
  readonly networkId: string;
  readonly networkName: string;
  readonly networkScope: string;
  readonly networkInternal: string;
  readonly networkIngress: string;
  /** Prefix for the names of the network's labels. */
  readonly networkLabelPrefix: string;
}

/** The names of those labels, each after the prefix of the mechanism. */
export function networkLabelNames(prefix: string): NetworkLabelNames {
  return {
    networkId: `${prefix}network_id`,
    networkName: `${prefix}network_name`,
    networkScope: `${prefix}network_scope`,
    networkInternal: `${prefix}network_internal`,
    networkIngress: `${prefix}network_ingress`,
    networkLabelPrefix: `${prefix}network_label_`,
  };
}

/** `GET /networks`: the fields that are read. Source: Docker Engine API reference. */
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

/** The labels of each network, by the network's ID. Throws the HTTP client's errors. */
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

const filter = section({ name: field.nonEmptyText(), values: field.stringList() });

/** A filter for the engine. Whether one value must match or all of them depends on its name; see the engine's API. */
type Filter = z.output<typeof filter>;

/** The keys that `docker_sd_configs` and `dockerswarm_sd_configs` have in common. */
export const engineFields = {
  host: field.leaf(hostForms, readHost),
  port: field.int({ min: 0, max: 65_535 }, 80),
  filters: field.list(filter),
};

/** The keys that `docker_sd_configs` and `dockerswarm_sd_configs` have in common. */
export const engineTexts: KeyTexts = {
  host: [
    'Address of the API. HTTP client options apply only to `http://` and `https://`.',
    'unix:///var/run/docker.sock',
  ],
  port: ['Port of targets without one.', 9323],
  filters: ['Filters that the engine applies.', [{ name: 'label', values: ['prometheus'] }]],
  'filters[].name': ['Name of the filter.', 'label'],
  'filters[].values': ['Its values.', ['prometheus']],
};
