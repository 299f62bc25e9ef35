import type { Fault, FleetRequest } from './faults.ts';
import { answerApi, type Denial } from './kubernetes/api/api.ts';
import { type CustomDefinition, customResources } from './kubernetes/api/custom.ts';
import { type ClusterState, type GivenObjects, givenState, type Versions } from './kubernetes/api/list.ts';
import { decodeToken } from './kubernetes/api/list-options.ts';
import { type ResourceName, resourceAt } from './kubernetes/api/resources.ts';
import { ApiError, type ApiFailure, failures } from './kubernetes/api/status.ts';
import type { JsonObject } from './kubernetes/wire/json.ts';
import { stateOfWorld } from './kubernetes/world/state.ts';
import { churnWorld, makeWorld, type WorldSize } from './kubernetes/world/world.ts';
import { seededRandom } from './random.ts';
import { type FleetServer, type FleetServerOptions, startFleetServer } from './server.ts';

export type { CustomDefinition, GivenObjects, JsonObject, ResourceName };

/** How the simulated API server behaves. */
export interface ApiServerOptions extends FleetServerOptions {
  /** Require this bearer token. */
  readonly token?: string;
  /** Milliseconds to delay every list, as on a server far away. Default: 0. */
  readonly listLatency?: number;
  /** Whether a watch may begin with all objects, as since Kubernetes 1.34. If not, clients fall back to a list. */
  readonly watchList?: boolean;
  /** Whether a kind without objects, such as deployments, has an empty list. Default: the kind is unknown. */
  readonly otherLists?: boolean;
  /** Custom resource definitions and their objects, which do not change. */
  readonly definitions?: readonly CustomDefinition[];
  /** UID of the namespace kube-system. Default: the namespace is unknown. */
  readonly clusterUid?: string;
}

/** These objects, at the resource version (default 1000). */
interface GivenCluster {
  readonly objects: GivenObjects;
  readonly resourceVersion?: number;
}

/** Options of an API server with a generated or a given cluster. */
export type KubernetesFleetOptions = ApiServerOptions & (WorldSize | GivenCluster);

/** A running simulated Kubernetes API server. */
export interface KubernetesFleet extends FleetServer {
  /** The current resource version. */
  resourceVersion(): number;
  /** The current objects in the order of their list. Each is made on demand. */
  objects(name: ResourceName): Iterable<JsonObject>;
  /** Changes a generated cluster (default: once) and describes the changes. Given objects do not change. */
  mutate(count?: number): readonly string[];
  /** Replaces all objects. */
  replace(objects: GivenObjects): void;
  /** Expires all continue tokens and older versions, as etcd does after some minutes. They then get a 410. */
  compact(): void;
  /** Revokes a permission; the returned function restores it. */
  deny(denial: Denial): () => void;
  /** Removes an API group, as on an old cluster; the returned function restores it. */
  removeGroup(group: string): () => void;
  /** A scope for a fault: requests for this page (from 1) of the resource (default: pods). */
  onPage(page: number, resource?: ResourceName): (request: FleetRequest) => boolean;
  /** A kubeconfig for this server. With TLS it has the authority's certificate in PEM. */
  kubeconfig(authority?: string): string;
}

/** Starts an API server on loopback, with a generated cluster or with given objects. */
export async function startKubernetesFleet(options: KubernetesFleetOptions): Promise<KubernetesFleet> {
  let world = 'objects' in options ? undefined : makeWorld(options);
  const history = openHistory(
    'objects' in options
      ? givenState(options.objects, options.resourceVersion ?? 1000)
      : stateOfWorld(world ?? makeWorld(options)),
  );
  const denials = new Set<Denial>();
  const missingGroups = new Set<string>();
  const { token, listLatency = 0, watchList = true, otherLists = false } = options;
  const custom = customResources(options.definitions ?? []);
  const { clusterUid } = options;
  const settings = { clusterUid, token, listLatency, watchList, otherLists, denials, missingGroups, custom };
  const server = await startFleetServer((request) => answerApi(history, settings, request), options);

  const random = seededRandom(`${'seed' in options ? options.seed : ''}/churn`);
  return {
    ...server,
    resourceVersion: () => history.current().version,
    *objects(name) {
      const shelf = history.current().shelf(name);
      for (let position = 0; position < shelf.size; position += 1) yield shelf.object(position);
    },
    mutate(count = 1) {
      if (world === undefined) return [];
      const churn = churnWorld(world, random, count);
      world = churn.world;
      history.push(stateOfWorld(world));
      return churn.changes;
    },
    replace(objects) {
      world = undefined;
      history.push(givenState(objects, history.current().version + 1));
    },
    compact() {
      const { shelf, version } = history.current();
      if (world !== undefined) world = { ...world, version: version + 1 };
      history.push({ shelf, version: version + 1 });
      history.compact();
    },
    deny: (denial) => added(denials, denial),
    removeGroup: (group) => added(missingGroups, group),
    onPage:
      (page, resource = 'pods') =>
      (request) => {
        const requested = requestedPage(history, request);
        return requested?.page === page && requested.resource === resource;
      },
    kubeconfig: (authority) => kubeconfigFor(server.url, token, authority),
  };
}

function added<T>(set: Set<T>, entry: T): () => void {
  set.add(entry);
  return () => set.delete(entry);
}

/** Faults that real API servers answer with. */
export const kubernetesFaults = {
  /** 429 of the server's priority and fairness: plain text, no `Status`. */
  throttled: (retryAfterSeconds = 1): Fault => ({
    kind: 'status',
    status: 429,
    headers: { 'content-type': 'text/plain; charset=utf-8', 'retry-after': String(retryAfterSeconds) },
    body: 'Too many requests, please try again later.\n',
  }),
  /** 500 with a `Status`, as while etcd elects a leader. */
  internal: (): Fault => asFault(failures.internal()),
  unauthorized: (): Fault => asFault(failures.unauthorized()),
  /** 410 for an expired version, without a continue token. */
  expired: (): Fault => asFault(failures.expiredVersion()),
} as const;

function asFault({ status, headers, body }: ApiFailure): Fault {
  return {
    kind: 'status',
    status,
    headers: { 'content-type': 'application/json', ...headers },
    body: `${JSON.stringify(body)}\n`,
  };
}

/** The newest state of the cluster, and some before it: a paged listing stays on the state of its first page. */
interface History extends Versions {
  /** Makes this the newest state. */
  push(state: ClusterState): void;
  /** Forgets all states but the newest, as a compaction of etcd does. Tokens of older states then expire. */
  compact(): void;
}

/** The number of states to keep. A state takes memory only for what differs from the next one. */
const kept = 16;

function openHistory(first: ClusterState): History {
  let states: readonly [ClusterState, ...ClusterState[]] = [first];
  return {
    current: () => states[0],
    at: (version) => states.find((state) => state.version === version),
    push(state) {
      states = [state, ...states.slice(0, kept - 1)];
    },
    compact() {
      states = [states[0]];
    },
  };
}

/** The page (from 1) that a request asks for. Undefined if it is not a list, or its token is invalid. */
function requestedPage(
  versions: Versions,
  { path, query }: FleetRequest,
): { readonly resource: ResourceName; readonly page: number } | undefined {
  const found = resourceAt(decodeURIComponent(path));
  if (found === undefined || query.has('watch')) return undefined;
  const resource = found.resource.name;
  const limit = Number(query.get('limit') ?? 0);
  const token = query.get('continue');
  if (token === null || token === '' || limit === 0) return { resource, page: 1 };
  try {
    const shelf = versions.current().shelf(resource);
    const prefix = found.namespace === undefined ? '' : `${found.namespace}/`;
    const position = shelf.seek(prefix + decodeToken(token).start) - shelf.seek(prefix);
    return { resource, page: Math.round(position / limit) + 1 };
  } catch (error) {
    if (error instanceof ApiError) return undefined;
    throw error;
  }
}

/** A kubeconfig in JSON, which is YAML too: one cluster, one user with the token, one context. */
function kubeconfigFor(server: string, token: string | undefined, authority: string | undefined): string {
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      {
        name: 'simulated',
        cluster: {
          server,
          ...(authority !== undefined && {
            'certificate-authority-data': Buffer.from(authority).toString('base64'),
          }),
        },
      },
    ],
    users: [{ name: 'muster', user: token === undefined ? {} : { token } }],
    contexts: [{ name: 'simulated', context: { cluster: 'simulated', user: 'muster' } }],
    'current-context': 'simulated',
  };
  return `${JSON.stringify(config, null, 2)}\n`;
}
