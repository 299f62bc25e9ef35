import { job, joinedNode, namespace as namespaceKind, replicaSet } from '../kinds/joined.ts';
import type { ListQuery } from '../listing/query.ts';
import type { ObjectMeta } from '../objects.ts';
import { type Attached, addByName, addControllers } from '../targets/draft.ts';
import { type Read, type RoleInput, readInto, selected } from './listing.ts';

/** Metadata that `attach_metadata` asks for: maps that are filled once all the reads have ended. */
interface AttachedReads {
  readonly attached: Attached;
  readonly reads: readonly Read[];
}

/** What the targets of a role can be given. */
export interface Attachable {
  readonly nodes: boolean;
  readonly namespaces: boolean;
  /** What pods belong to by way of their controllers. */
  readonly workloads: boolean;
}

/** Gives what is to be attached in one namespace. */
export type AttachIn = (namespace: string) => AttachedReads;

/**
 * What is to be attached, of what the role takes. Nodes and namespaces belong to no namespace, so that the listings of
 * all namespaces share one read of each; replica sets and jobs are read with each. They are not selected, as in
 * Prometheus. A job's own name stands in its pods, so that it takes no list.
 */
export function attaching(input: RoleInput, takes: Attachable): AttachIn {
  const { lister, config } = input;
  const { node, namespace, deployment, job: jobs, cronjob } = config.attach_metadata;
  const nodes = takes.nodes && node ? new Map<string, ObjectMeta>() : undefined;
  const namespaces = takes.namespaces && namespace ? new Map<string, ObjectMeta>() : undefined;
  const ofNodes = selected(input, joinedNode, '', 'node');
  const ofNamespaces = { kind: namespaceKind, namespace: '' };
  const read = (map: Map<string, ObjectMeta> | undefined, query: ListQuery<ObjectMeta>): readonly Read[] =>
    map === undefined ? [] : [once((signal) => readInto(lister, query, map, addByName, signal))];
  const shared = [...read(nodes, ofNodes), ...read(namespaces, ofNamespaces)];

  return (own) => {
    const deployments = takes.workloads && deployment ? new Map<string, string>() : undefined;
    const cronJobs = takes.workloads && cronjob ? new Map<string, string>() : undefined;
    const reads: Read[] = [...shared];
    if (deployments !== undefined)
      reads.push((signal) => {
        const query = { kind: replicaSet, namespace: own };
        return readInto(lister, query, deployments, addControllers('Deployment'), signal);
      });
    if (cronJobs !== undefined)
      reads.push((signal) => {
        const query = { kind: job, namespace: own };
        return readInto(lister, query, cronJobs, addControllers('CronJob'), signal);
      });
    return {
      attached: {
        nodes,
        namespaces,
        deployments,
        cronJobs,
        jobs: takes.workloads && jobs,
      },
      reads,
    };
  };
}

/** Whoever comes first makes the read, the others wait for it. If it fails, all of them do, and so does the listing. */
function once(read: Read): Read {
  let made: Promise<void> | undefined;
  return (signal) => {
    made ??= read(signal);
    return made;
  };
}
