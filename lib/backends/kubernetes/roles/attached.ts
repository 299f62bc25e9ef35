import { type Kind, kind, type ObjectMeta, type ObjectOf } from '../kinds/kind.ts';
import { objectMeta } from '../kinds/messages.ts';
import type { ListQuery } from '../listing/page.ts';
import { take } from '../wire/fields.ts';
import { type Attached, addByName, addControllers, controller, targetMetadata } from './draft.ts';
import { node } from './node.ts';
import { type Read, type RoleInput, readInto, selected } from './read.ts';
import { service } from './service.ts';

/** Nodes as the targets on them need them: their metadata. */
export const joinedNode: Kind<ObjectMeta> = { ...metadataOf('nodes', 'NodeList', false), wide: node };

/** Services as their endpoints need them: their metadata. */
export const joinedService: Kind<ObjectMeta> = {
  ...metadataOf('services', 'ServiceList', true),
  wide: service,
};

/** Namespaces as the objects in them need them: their metadata. */
export const namespace = metadataOf('namespaces', 'NamespaceList', false);

function metadataOf(resource: string, listKind: string, namespaced: boolean): Kind<ObjectMeta> {
  return kind({ resource, apiVersion: 'v1', listKind, namespaced }, targetMetadata, {});
}

/** Labels and annotations are not read: those of a replica set often hold the whole deployment. */
const controlled = { ...take(objectMeta, 'name', 'namespace'), controller };

type Controlled = ObjectOf<typeof controlled, Record<never, never>>;

const replicaSet: Kind<Controlled> = kind(
  { resource: 'replicasets', apiVersion: 'apps/v1', listKind: 'ReplicaSetList', namespaced: true },
  controlled,
  {},
);

const job: Kind<Controlled> = kind(
  { resource: 'jobs', apiVersion: 'batch/v1', listKind: 'JobList', namespaced: true },
  controlled,
  {},
);

/** Metadata that `attach_metadata` wants: maps that are complete when all the reads have ended. */
interface AttachedReads {
  readonly attached: Attached;
  readonly reads: readonly Read[];
}

/** What can be attached to the targets of a role. */
export interface Attachable {
  readonly nodes: boolean;
  readonly namespaces: boolean;
  /** Deployments, jobs and cron jobs of pods. */
  readonly workloads: boolean;
}

/** Says what is attached in a namespace, and which lists that takes. */
export interface Attaching {
  readonly in: (namespace: string) => AttachedReads;
  readonly queries: (namespace: string) => readonly ListQuery<ObjectMeta>[];
}

/**
 * Returns what is attached, as far as the role takes it. Nodes and namespaces are read once for the listings of all
 * namespaces. Replica sets and jobs are read for each namespace, and without selectors, as in Prometheus. The name of a
 * job is in its pods, so it needs no list.
 */
export function attaching(input: RoleInput, takes: Attachable): Attaching {
  const { lister, config } = input;
  const { attach_metadata: attach } = config;
  const nodes = takes.nodes && attach.node ? new Map<string, ObjectMeta>() : undefined;
  const namespaces = takes.namespaces && attach.namespace ? new Map<string, ObjectMeta>() : undefined;
  const takesDeployments = takes.workloads && attach.deployment;
  const takesCronJobs = takes.workloads && attach.cronjob;
  const ofNodes = selected(input, joinedNode, '', 'node');
  const ofNamespaces = { kind: namespace, namespace: '' };
  const replicaSetsIn = (own: string) => ({ kind: replicaSet, namespace: own });
  const jobsIn = (own: string) => ({ kind: job, namespace: own });
  const read = (map: Map<string, ObjectMeta> | undefined, query: ListQuery<ObjectMeta>): readonly Read[] =>
    map === undefined ? [] : [once((signal) => readInto(lister, query, { map, add: addByName }, signal))];
  const shared = [...read(nodes, ofNodes), ...read(namespaces, ofNamespaces)];

  return {
    queries: (own) => [
      ...(nodes === undefined ? [] : [ofNodes]),
      ...(namespaces === undefined ? [] : [ofNamespaces]),
      ...(takesDeployments ? [replicaSetsIn(own)] : []),
      ...(takesCronJobs ? [jobsIn(own)] : []),
    ],
    in(own) {
      const deployments = takesDeployments ? new Map<string, string>() : undefined;
      const cronJobs = takesCronJobs ? new Map<string, string>() : undefined;
      const reads: Read[] = [...shared];
      if (deployments !== undefined)
        reads.push((signal) => {
          const add = addControllers('Deployment');
          return readInto(lister, replicaSetsIn(own), { map: deployments, add }, signal);
        });
      if (cronJobs !== undefined)
        reads.push((signal) => {
          const add = addControllers('CronJob');
          return readInto(lister, jobsIn(own), { map: cronJobs, add }, signal);
        });
      return {
        attached: { nodes, namespaces, deployments, cronJobs, jobs: takes.workloads && attach.job },
        reads,
      };
    },
  };
}

/** Shares one read: the first caller starts it, the others wait for it. When it fails, all of them fail. */
function once(read: Read): Read {
  let made: Promise<void> | undefined;
  return (signal) => {
    made ??= read(signal);
    return made;
  };
}
