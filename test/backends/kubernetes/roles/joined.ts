import type { ObjectMeta } from '../../../../lib/backends/kubernetes/kinds/kind.ts';
import { joinedNode, joinedService, namespace } from '../../../../lib/backends/kubernetes/roles/attached.ts';
import type { ServiceJoins } from '../../../../lib/backends/kubernetes/roles/behind.ts';
import { addByKey, addByName } from '../../../../lib/backends/kubernetes/roles/draft.ts';
import type { JoinedPod } from '../../../../lib/backends/kubernetes/roles/pod.ts';
import { joinedPod } from '../../../../lib/backends/kubernetes/roles/pod.ts';
import { readAll } from './read.ts';

/** A small shop: a pod with a sidecar, one without an IP, their service, a node and a namespace. */
export const shop: ServiceJoins & Required<Pick<ServiceJoins, 'nodes' | 'namespaces'>> = {
  pods: pods(),
  services: services(),
  nodes: byName(readAll(joinedNode, [{ metadata: { name: 'n1', labels: { zone: 'a' } } }])),
  namespaces: byName(readAll(namespace, [{ metadata: { name: 'shop', labels: { team: 'x' } } }])),
};

/** The same without attached metadata. */
export const plainShop: ServiceJoins = { pods: shop.pods, services: shop.services };

/** Labels of the pod `web-1`, which each of its targets carries. */
export const podLabels = {
  pod_ip: '10.1.0.7',
  pod_label_app: 'web',
  pod_labelpresent_app: 'true',
  pod_name: 'web-1',
  pod_phase: 'Running',
  pod_ready: 'unknown',
};

/** A reference to a pod of the shop. */
export function toPod(name: string): object {
  return { targetRef: { kind: 'Pod', namespace: 'shop', name } };
}

function pods(): ReadonlyMap<string, JoinedPod> {
  const spec = {
    containers: [
      {
        name: 'app',
        image: 'app:1',
        ports: [
          { name: 'http', containerPort: 80, protocol: 'TCP' },
          { name: 'again', containerPort: 80, protocol: 'UDP' },
        ],
      },
      { name: 'side', ports: [{ containerPort: 81, protocol: 'TCP' }] },
    ],
    initContainers: [{ name: 'proxy', ports: [{ name: 'stats', containerPort: 15090, protocol: 'TCP' }] }],
  };
  const all = new Map<string, JoinedPod>();
  addByKey(
    all,
    readAll(joinedPod, [
      {
        metadata: { name: 'web-1', namespace: 'shop', labels: { app: 'web' } },
        spec,
        status: { podIP: '10.1.0.7', phase: 'Running' },
      },
      { metadata: { name: 'new', namespace: 'shop' }, spec, status: { phase: 'Pending' } },
      {
        metadata: { name: 'twice', namespace: 'shop' },
        spec: {
          containers: [
            { name: 'a', image: 'a:1', ports: [{ name: 'http', containerPort: 80, protocol: 'TCP' }] },
            { name: 'b', ports: [{ containerPort: 80, protocol: 'SCTP' }] },
          ],
        },
        status: { podIP: 'fd00::7', phase: 'Running' },
      },
    ]),
  );
  return all;
}

function services(): ReadonlyMap<string, ObjectMeta> {
  const all = new Map<string, ObjectMeta>();
  addByKey(
    all,
    readAll(joinedService, [
      { metadata: { name: 'web', namespace: 'shop', annotations: { scrape: 'yes' } } },
    ]),
  );
  return all;
}

function byName(items: readonly ObjectMeta[]): ReadonlyMap<string, ObjectMeta> {
  const all = new Map<string, ObjectMeta>();
  addByName(all, items);
  return all;
}
