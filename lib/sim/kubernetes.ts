import type { FleetRequest } from './faults.ts';
import { answerApi, type Denial } from './kubernetes/api/api.ts';
import { type CustomDefinition, customResources } from './kubernetes/api/custom.ts';
import { type GivenObjects, givenState } from './kubernetes/api/given.ts';
import { openHistory } from './kubernetes/api/history.ts';
import { kubeconfigFor } from './kubernetes/api/kubeconfig.ts';
import { pageAskedFor } from './kubernetes/api/page.ts';
import type { ResourceName } from './kubernetes/api/resources.ts';
import type { JsonObject } from './kubernetes/wire/json.ts';
import { makeWorld, type WorldSize } from './kubernetes/world/make-world.ts';
import { churnWorld } from './kubernetes/world/mutate.ts';
import { stateOfWorld } from './kubernetes/world/state.ts';
import { seededRandom } from './random.ts';
import { type FleetServer, type FleetServerOptions, startFleetServer } from './server.ts';

export { kubernetesFaults } from './kubernetes/api/api-faults.ts';
export type { CustomDefinition, GivenObjects, JsonObject, ResourceName };

export interface ApiServerOptions extends FleetServerOptions {
  /** Ask for this bearer token. */
  readonly token?: string;
  /** Milliseconds that every list takes longer, as on a server far away. Default: 0. */
  readonly listLatency?: number;
  /** Whether a watch may begin with all there is, as since Kubernetes 1.34; clients fall back to a list if not. */
  readonly watchList?: boolean;
  /** Whether kinds of which the cluster has no objects, such as deployments, are listed as empty. Default: they are unknown. */
  readonly otherLists?: boolean;
  /** Custom resource definitions and their objects, which do not change. */
  readonly definitions?: readonly CustomDefinition[];
  /** Uid of the namespace kube-system; it is unknown by default. */
  readonly clusterUid?: string;
}

/** Just these objects, at that resource version (default 1000). */
interface GivenCluster {
  readonly objects: GivenObjects;
  readonly resourceVersion?: number;
}

export type KubernetesFleetOptions = ApiServerOptions & (WorldSize | GivenCluster);

/** A running simulated Kubernetes API server. */
export interface KubernetesFleet extends FleetServer {
  resourceVersion(): number;
  /** The present objects, in the order of their listing, each made when it is asked for. */
  objects(name: ResourceName): Iterable<JsonObject>;
  /** Changes a generated cluster and says what changed. Default: one change. Given objects stay as they are. */
  mutate(count?: number): readonly string[];
  /** Puts these objects in place of all present ones. */
  replace(objects: GivenObjects): void;
  /** Lets all continue tokens and older versions expire, as etcd does after some minutes: 410. */
  compact(): void;
  /** Takes a permission away; returns what gives it back. */
  deny(denial: Denial): () => void;
  /** Takes an API group away, as on an old cluster; returns what brings it back. */
  removeGroup(group: string): () => void;
  /** For the scope of a fault: whether a request asks for that page, from 1 on, of that resource (default pods). */
  onPage(page: number, resource?: ResourceName): (request: FleetRequest) => boolean;
  /** A kubeconfig for this server; with the authority's certificate in PEM where it speaks TLS. */
  kubeconfig(authority?: string): string;
}

/** An API server on loopback, with a cluster out of a seed or with given objects. */
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
        const asked = pageAskedFor(history, request);
        return asked?.page === page && asked.resource === resource;
      },
    kubeconfig: (authority) => kubeconfigFor(server.url, token, authority),
  };
}

function added<T>(set: Set<T>, entry: T): () => void {
  set.add(entry);
  return () => set.delete(entry);
}
