import { quantityValue, wholeQuantity } from '../quantity.ts';
import { forPairs, oneIf } from './common.ts';
import type { Pod, PodFamily } from './pod-object.ts';

const volumeLabels = ['volume', 'persistentvolumeclaim', 'ephemeral'];

/** Families of what is asked for in a pod. */
export const podSpecFamilies: readonly PodFamily[] = [
  {
    name: 'kube_pod_overhead_cpu_cores',
    help: 'The pod overhead in regards to cpu cores associated with running a pod.',
    value: (pod) => overhead(pod, 'cpu', quantityValue),
  },
  {
    name: 'kube_pod_overhead_memory_bytes',
    help: 'The pod overhead in regards to memory associated with running a pod.',
    value: (pod) => overhead(pod, 'memory', wholeQuantity),
  },
  {
    name: 'kube_pod_resourceclaim_info',
    help: 'Information about a DRA ResourceClaim referenced by a pod, one series per pod.spec.resourceClaims entry; claim_name is the pod-local reference and resourceclaim_name is the resolved ResourceClaim object name.',
    labels: ['claim_name', 'resourceclaim_name', 'resourceclaim_template_name'],
    samples({ spec, status }, add) {
      for (const {
        name,
        resourceClaimName: named,
        resourceClaimTemplateName: template,
      } of spec.resourceClaims) {
        if (named === undefined && template === undefined) continue;
        const made = status.resourceClaimStatuses.findLast(
          (one) => one.name === name && one.resourceClaimName !== undefined,
        );
        add(1, name, named ?? made?.resourceClaimName ?? '', template ?? '');
      }
    },
  },
  {
    name: 'kube_pod_restart_policy',
    help: 'Describes the restart policy in use by this pod.',
    stable: true,
    labels: ['type'],
    samples: ({ spec }, add) => add(1, spec.restartPolicy),
  },
  {
    name: 'kube_pod_runtimeclass_name_info',
    help: 'The runtimeclass associated with the pod.',
    labels: ['runtimeclass_name'],
    samples({ spec }, add) {
      if (spec.runtimeClassName !== undefined) add(1, spec.runtimeClassName);
    },
  },
  {
    name: 'kube_pod_spec_volumes_persistentvolumeclaims_info',
    help: 'Information about persistentvolumeclaim and ephemeral volumes in a pod.',
    stable: true,
    labels: volumeLabels,
    samples: (pod, add) => forClaims(pod, (volume, claim, ephemeral) => add(1, volume, claim, ephemeral)),
  },
  {
    name: 'kube_pod_spec_volumes_persistentvolumeclaims_readonly',
    help: 'Describes whether a persistentvolumeclaim is mounted read only. Ephemeral volumes always report 0 since the ephemeral volume source does not support a read-only flag.',
    stable: true,
    labels: volumeLabels,
    samples: (pod, add) =>
      forClaims(pod, (volume, claim, ephemeral, readOnly) => add(oneIf(readOnly), volume, claim, ephemeral)),
  },
  {
    name: 'kube_pod_tolerations',
    help: 'Information about the pod tolerations',
    labels: ['key', 'operator', 'value', 'effect', 'toleration_seconds'],
    samples({ spec }, add) {
      const seen = new Set<string>();
      for (const { key, operator, value, effect, tolerationSeconds } of spec.tolerations) {
        const labels = [key, operator, value, effect, tolerationSeconds ?? ''];
        const id = labels.join('\0');
        if (seen.has(id)) continue;
        seen.add(id);
        add(1, ...labels);
      }
    },
  },
  {
    name: 'kube_pod_nodeselectors',
    help: 'Describes the Pod nodeSelectors.',
    optIn: true,
    prefix: 'nodeselector',
    allowed: 'all',
    map: ({ spec }) => spec.nodeSelector,
  },
  {
    name: 'kube_pod_service_account',
    help: 'The service account for a pod.',
    labels: ['service_account'],
    samples: ({ spec }, add) => add(1, spec.serviceAccountName),
  },
  {
    name: 'kube_pod_scheduler',
    help: 'The scheduler for a pod.',
    labels: ['name'],
    samples: ({ spec }, add) => add(1, spec.schedulerName),
  },
];

function overhead(
  { spec }: Pod,
  resource: string,
  measure: (quantity: string) => number,
): number | undefined {
  let value: number | undefined;
  forPairs(spec.overhead, (name, quantity) => {
    if (name === resource) value = measure(quantity);
  });
  return value;
}

/** The claims behind a pod's volumes; that of an ephemeral volume is named after pod and volume. */
function forClaims(
  { name: pod, spec }: Pod,
  visit: (volume: string, claim: string, ephemeral: 'true' | 'false', readOnly: boolean) => void,
): void {
  for (const { name, source } of spec.volumes) {
    const { persistentVolumeClaim: claim, ephemeral } = source;
    if (claim !== undefined) visit(name, claim.claimName, 'false', claim.readOnly);
    else if (ephemeral !== undefined) visit(name, `${pod}-${name}`, 'true', false);
  }
}
