import type { JsonObject } from '../wire/json.ts';
import type { Flavour } from './flavour.ts';

/** The plan of a node. Its object is made when it is listed. */
export interface NodePlan {
  readonly name: string;
  readonly seed: number;
  readonly zone: string;
  /** Its address in the cluster's network. Pods on the host's network have the same address. */
  readonly address: string;
  readonly number: number;
  readonly labels: JsonObject;
  readonly annotations: JsonObject;
  /** Its oddity: what it lacks, or has too much of. */
  readonly shape: 'usual' | 'no-internal' | 'hostname-only' | 'no-address' | 'no-kubelet' | 'many-addresses';
  readonly version: number;
}

/** A namespace of the world. */
export interface NamespacePlan {
  readonly name: string;
  readonly labels: JsonObject;
  readonly annotations: JsonObject;
  readonly version: number;
}

/** The controller of the pods of a workload. */
export type Owner =
  | 'ReplicaSet'
  | 'StatefulSet'
  | 'DaemonSet'
  | 'Job'
  | 'CronJob'
  | 'Node'
  | 'Rollout'
  | 'none';

/** The kind of addresses that a workload's pods have. */
export type Family = 'ipv4' | 'ipv6' | 'dual' | 'dual-ipv6-first';

/** How often another pod took its place, and how often its state was drawn again. */
export interface PodTurn {
  readonly replaced: number;
  readonly redrawn: number;
  /** Resource version of its last change. */
  readonly version: number;
}

/** Pods that are alike, and the services and ingresses that lead to them. */
export interface Workload {
  readonly namespace: string;
  readonly name: string;
  readonly owner: Owner;
  readonly seed: number;
  readonly flavour: Flavour;
  readonly family: Family;
  /** The chance that one of its pods has an oddity, from 0 to 1. */
  readonly odd: number;
  readonly labels: JsonObject;
  readonly annotations: JsonObject;
  readonly managedFields: readonly JsonObject[];
  readonly replicas: number;
  /** Counts roll-outs. */
  readonly revision: number;
  readonly turns: ReadonlyMap<number, PodTurn>;
  /** The number of its first pod in the cluster. The pods' addresses follow from it. */
  readonly firstPod: number;
  readonly services: readonly ServicePlan[];
  readonly ingress: IngressShape | undefined;
  /** Resource version of its last change. */
  readonly version: number;
}

type ServiceShape =
  | 'cluster-ip'
  | 'headless'
  | 'headless-without-ports'
  | 'node-port'
  | 'load-balancer'
  | 'external-name'
  | 'without-selector';

/** A service of a workload. */
export interface ServicePlan {
  readonly name: string;
  readonly shape: ServiceShape;
  readonly seed: number;
  readonly labels: JsonObject;
  readonly annotations: JsonObject;
  /** The oddity of its endpoints. */
  readonly quirk: EndpointQuirk;
}

/** The oddities of the endpoints of a service. */
export type EndpointQuirk =
  | 'none'
  | 'stale-pods'
  | 'nodes-behind'
  | 'no-references'
  | 'two-subsets'
  | 'unknown-conditions'
  | 'orphan'
  | 'names-domains'
  | 'unnamed-ports';

/** One of the shapes. */
export type IngressShape = (typeof ingressShapes)[number];
/** The ways to write an ingress. Each leaves out or adds something else. */
export const ingressShapes = [
  'plain',
  'tls',
  'wildcard-tls',
  'no-host',
  'no-path',
  'many-rules',
  'class-annotation',
  'default-backend',
] as const;

/** A generated cluster, as plans. It never changes: each change makes a new world. */
export interface World {
  /** The resource version. */
  readonly version: number;
  readonly nodes: readonly NodePlan[];
  readonly namespaces: readonly NamespacePlan[];
  readonly workloads: readonly Workload[];
}
