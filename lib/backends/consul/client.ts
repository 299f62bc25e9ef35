import type { ZodType } from 'zod';
import * as z from 'zod';
import { MusterError } from '../../base/errors.ts';
import type { HttpClient } from '../../http/client.ts';
import {
  anyMap,
  decodeJson,
  intField,
  listBody,
  listField,
  mapField,
  structField,
  textField,
} from '../../http/json.ts';
import type { ConsulConfig } from './schema.ts';

/** An answer, and whether Consul says that it left out what the token may not read. */
interface Filtered<T> {
  readonly value: T;
  readonly filtered: boolean;
}

/** The calls of discovery. Each throws the HTTP client's errors, and `unreachable` when Consul has no leader. */
export interface ConsulClient {
  /** Name of the agent's own datacenter. */
  datacenter(signal: AbortSignal): Promise<string>;
  /** All service names with the tags of their instances. */
  services(signal: AbortSignal): Promise<Filtered<ReadonlyMap<string, readonly string[]>>>;
  /** The instances of a service that have all configured tags; empty for a service that is gone. */
  instances(service: string, signal: AbortSignal): Promise<Filtered<readonly ServiceEntry[]>>;
  /** Addresses of the datacenter's servers. */
  peers(signal: AbortSignal): Promise<readonly string[]>;
}

/**
 * Opens the agent's API for one SD config. Its methods throw kind `unreachable` while Consul has no leader, and what
 * the HTTP client throws. Source: Consul's HTTP API documentation.
 */
export function openConsul(http: HttpClient, config: ConsulConfig): ConsulClient {
  const scope = withValue({ dc: config.datacenter, ns: config.namespace, partition: config.partition });
  const nodeMeta = Object.entries(config.node_meta).map(
    ([key, value]) => ['node-meta', `${key}:${value}`] as const,
  );
  const stale = config.allow_stale ? ([['stale', '']] as const) : [];
  const tags = config.tags.map((tag) => ['tag', tag] as const);

  const get = <T>(path: string, schema: ZodType<T>, parameters: Parameters, signal: AbortSignal) => {
    const url = new URL(config.address.base + path);
    for (const [name, value] of parameters) url.searchParams.append(name, value);
    return read(http, url, schema, signal);
  };

  return {
    async datacenter(signal) {
      const { value } = await get('/v1/agent/self', agentSelf, scope, signal);
      return value.Config.Datacenter;
    },
    services(signal) {
      const parameters = [...scope, ...stale, ...nodeMeta, ...withValue({ filter: config.filter })];
      return get('/v1/catalog/services', catalogServices, parameters, signal);
    },
    instances(service, signal) {
      const path = `/v1/health/service/${escapePath(service)}`;
      const parameters = [
        ...scope,
        ...stale,
        ...nodeMeta,
        ...tags,
        ...withValue({ filter: config.health_filter }),
      ];
      return get(path, serviceEntries, parameters, signal);
    },
    async peers(signal) {
      const url = new URL(`${config.address.base}/v1/status/peers`);
      if (config.datacenter !== '') url.searchParams.set('dc', config.datacenter);
      return await http.getJson({ url, signal, retry: false }, raftPeers);
    },
  };
}

/**
 * Whether a URL can name the service. Consul's router cleans a path before it reads it, so that a name with an empty,
 * `.` or `..` segment leads to another service.
 */
export function isRequestable(service: string): boolean {
  const segments = service.replace(/\/$/, '').split('/');
  return service.isWellFormed() && segments.every((segment) => !['', '.', '..'].includes(segment));
}

/** Leaves `/` as it is, like Consul's own client: some gateways refuse `%2F`. */
function escapePath(service: string): string {
  return service.split('/').map(encodeURIComponent).join('/');
}

type Parameters = readonly (readonly [name: string, value: string])[];

/** The parameters that have a value. */
function withValue(parameters: Readonly<Record<string, string>>): Parameters {
  return Object.entries(parameters).filter(([, value]) => value !== '');
}

async function read<T>(
  http: HttpClient,
  url: URL,
  schema: ZodType<T>,
  signal: AbortSignal,
): Promise<Filtered<T>> {
  return await http.read({ url, headers: { accept: 'application/json' }, signal }, ({ headers, body }) => {
    // An agent without a leader still answers stale reads, perhaps with an empty catalog.
    if (headers['x-consul-knownleader'] === 'false')
      throw new MusterError(
        'unreachable',
        'Consul has no leader, so its answer may be out of date: check its servers',
      );
    return {
      value: decodeJson(body, headers['content-type'], schema),
      filtered: headers['x-consul-results-filtered-by-acls'] === 'true',
    };
  });
}

const strings = listField(textField);
const meta = mapField(textField);

/** `GET /v1/agent/self`: the fields that are read. */
const agentSelf = z.object({ Config: z.object({ Datacenter: z.string().min(1) }) });

/** `GET /v1/status/peers`: addresses of the servers. */
const raftPeers = z.array(z.string().min(1));

/** `GET /v1/catalog/services`: service names to the tags of all their instances. */
export const catalogServices = anyMap(strings)
  .nullable()
  .transform((services) => services ?? new Map<string, string[]>());

const check = structField({ CheckID: textField, Status: textField });

/** An element of `GET /v1/health/service/<name>`: an instance, its node, and the checks of both. */
const serviceEntry = z.object({
  Node: z.object({
    Node: textField,
    Address: textField,
    Meta: meta,
    TaggedAddresses: meta,
  }),
  Service: z.object({
    ID: z.string(),
    Address: textField,
    Port: intField,
    Tags: strings,
    Meta: meta,
    // Consul Enterprise only.
    Namespace: textField,
    Partition: textField,
  }),
  Checks: listField(check),
});

/** `GET /v1/health/service/<name>`. */
export const serviceEntries = listBody(serviceEntry);

/** A health check of an instance or a node. */
export type HealthCheck = z.infer<typeof check>;
/** An instance of a service, with its node and the checks of both. */
export type ServiceEntry = z.infer<typeof serviceEntry>;
