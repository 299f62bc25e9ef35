import { type Block, type ClusterState, keepMade, lazily, type Shelf, shelfOf, single } from '../api/list.ts';
import type { ResourceName } from '../api/resources.ts';
import { namespaceObject, nodeObject } from './cluster-scoped.ts';
import { endpointsName, endpointsObject, sliceObject, slicesOf } from './endpoints.ts';
import type { Workload, World } from './plan.ts';
import { controllerObject, ordinalsByName, podFacts, podNameStart, podObject } from './pod.ts';
import { ingressObject, serviceObject } from './service.ts';

/** The world as lists of objects. Each object is made on demand. */
export function stateOfWorld(world: World): ClusterState {
  return { version: world.version, shelf: keepMade((name) => shelves[name](world)) };
}

const shelves: Readonly<Record<ResourceName, (world: World) => Shelf>> = {
  namespaces: ({ namespaces }) =>
    shelfOf(namespaces.map((plan) => lazily(plan.name, () => namespaceObject(plan)))),
  nodes: ({ nodes }) => shelfOf(nodes.map((plan) => lazily(plan.name, () => nodeObject(plan)))),
  pods: (world) => shelfOf(world.workloads.map((workload) => podBlock(workload, world))),
  services: ({ workloads }) =>
    ofServices(workloads, (workload, plan) => [
      lazily(`${workload.namespace}/${plan.name}`, () => serviceObject(workload, plan)),
    ]),
  endpoints: ({ workloads, nodes }) =>
    ofServices(workloads, (workload, plan) =>
      plan.shape === 'external-name'
        ? []
        : [
            lazily(`${workload.namespace}/${endpointsName(plan)}`, () =>
              endpointsObject(workload, plan, nodes),
            ),
          ],
    ),
  endpointslices: ({ workloads, nodes }) =>
    ofServices(workloads, (workload, service) =>
      slicesOf(workload, service).map((plan) =>
        lazily(`${workload.namespace}/${plan.name}`, () => sliceObject(workload, plan, nodes)),
      ),
    ),
  ingresses: ({ workloads }) =>
    shelfOf(
      workloads.flatMap((workload) => {
        const { ingress } = workload;
        if (ingress === undefined) return [];
        return [lazily(`${workload.namespace}/${workload.name}`, () => ingressObject(workload, ingress))];
      }),
    ),
  replicasets: ({ workloads }) => ofControllers(workloads, 'ReplicaSet'),
  jobs: ({ workloads }) => ofControllers(workloads, 'Job'),
};

function ofControllers(workloads: readonly Workload[], kind: 'ReplicaSet' | 'Job'): Shelf {
  return shelfOf(
    workloads.flatMap((workload) => {
      const object = controllerObject(workload, kind);
      return object === undefined ? [] : [single(object)];
    }),
  );
}

function podBlock(workload: Workload, { nodes }: World): Block {
  const ordinals = ordinalsByName(workload);
  const ordinal = (index: number) => ordinals[index] ?? index;
  const start = `${workload.namespace}/${podNameStart(workload)}`;
  return {
    count: workload.replicas,
    key: (index) =>
      start + podFacts(workload, ordinal(index), nodes).name.slice(podNameStart(workload).length),
    object: (index) => podObject(workload, ordinal(index), nodes),
  };
}

function ofServices(
  workloads: readonly Workload[],
  blocks: (workload: Workload, plan: Workload['services'][number]) => readonly Block[],
): Shelf {
  return shelfOf(
    workloads.flatMap((workload) => workload.services.flatMap((plan) => blocks(workload, plan))),
  );
}
