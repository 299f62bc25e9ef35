import { expect, test } from '@jest/globals';
import type { Lister } from '../../../lib/backends/kubernetes/listing/lister.ts';
import { decodeList, mediaTypes } from '../../../lib/backends/kubernetes/wire/list.ts';
import type { KubeStateResource } from '../../../lib/kube-state/resource.ts';
import { endpointSlice } from '../../../lib/kube-state/resources/endpointslice.ts';
import { ingress } from '../../../lib/kube-state/resources/ingress.ts';
import { lease } from '../../../lib/kube-state/resources/lease.ts';
import { limitRange } from '../../../lib/kube-state/resources/limitrange.ts';
import { networkPolicy } from '../../../lib/kube-state/resources/networkpolicy.ts';
import { persistentVolume } from '../../../lib/kube-state/resources/persistentvolume.ts';
import { persistentVolumeClaim } from '../../../lib/kube-state/resources/persistentvolumeclaim.ts';
import { resourceQuota } from '../../../lib/kube-state/resources/resourcequota.ts';
import { role, roleBinding } from '../../../lib/kube-state/resources/role.ts';
import { service } from '../../../lib/kube-state/resources/service.ts';
import { storageClass } from '../../../lib/kube-state/resources/storageclass.ts';
import { volumeAttachment } from '../../../lib/kube-state/resources/volumeattachment.ts';
import { validatingWebhookConfiguration } from '../../../lib/kube-state/resources/webhookconfiguration.ts';
import { allowKeys } from '../../../lib/kube-state/text/label-names.ts';
import { renderText } from '../golden.ts';

/** Go writes what is nil as null wherever a field's tag does not leave it out. */
const cases: readonly (readonly [KubeStateResource, object])[] = [
  [endpointSlice, { endpoints: null, ports: null, addressType: 'IPv4' }],
  [endpointSlice, { endpoints: [{ addresses: null, conditions: null, targetRef: null, hints: null }] }],
  [endpointSlice, { ports: [{ name: null, protocol: null, port: null }] }],
  [ingress, { spec: { ingressClassName: null, tls: null, rules: [{ http: null }] } }],
  [ingress, { spec: { tls: [{ hosts: null }], rules: [{ http: { paths: null } }] } }],
  [lease, { spec: { holderIdentity: null, renewTime: null } }],
  [limitRange, { spec: { limits: null } }],
  [networkPolicy, { spec: { ingress: null, egress: null } }],
  [persistentVolume, { spec: { claimRef: null, csi: null, capacity: null, volumeMode: null }, status: null }],
  [persistentVolumeClaim, { spec: { storageClassName: null, resources: { requests: null } }, status: null }],
  [resourceQuota, { status: { hard: null, used: null } }],
  [role, { rules: null }],
  [roleBinding, { subjects: null, roleRef: null }],
  [service, { spec: { externalIPs: null }, status: { loadBalancer: { ingress: null } } }],
  [storageClass, { reclaimPolicy: null, volumeBindingMode: null }],
  [validatingWebhookConfiguration, { webhooks: [{ clientConfig: { service: null } }] }],
  [
    volumeAttachment,
    { spec: { source: { persistentVolumeName: null } }, status: { attachmentMetadata: null } },
  ],
];

test.each(cases.map(([resource, fields]) => [resource.resource, fields, resource] as const))(
  '%s %j: null is as good as absent',
  async (_, fields, resource) => {
    const nil = { creationTimestamp: null, labels: null, annotations: null, ownerReferences: null };
    const object = { ...fields, metadata: { ...nil, name: 'a', namespace: 'shop' } };
    const without: unknown = JSON.parse(JSON.stringify(object, (_key, value) => value ?? undefined));
    expect(await textOf(resource, object)).toBe(await textOf(resource, without));
  },
);

function textOf(resource: KubeStateResource, object: unknown): Promise<string> {
  return renderText(listerOf(resource, object), selectionOf(resource));
}

function listerOf({ listKind, apiVersion }: KubeStateResource, object: unknown): Lister {
  const body = Buffer.from(JSON.stringify({ kind: listKind, apiVersion, metadata: {}, items: [object] }));
  return {
    cursor: () => '',
    async *parts({ kind }) {
      yield { items: decodeList(kind, body, mediaTypes.json).items, first: true };
    },
  };
}

function selectionOf(resource: KubeStateResource) {
  const all = new Map([[resource.resource, allowKeys(['*'])]]);
  return {
    resources: [resource],
    namespaces: [''],
    deniedNamespaces: [],
    wants: () => true,
    allowedLabels: all,
    allowedAnnotations: all,
  };
}
