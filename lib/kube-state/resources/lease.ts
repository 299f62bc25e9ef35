import { struct, word } from '../../backends/kubernetes/wire/fields.ts';
import { time } from '../../backends/kubernetes/wire/scalars.ts';
import { resource } from '../resource.ts';

/** Source: kube-state-metrics, docs/metrics/cluster/lease-metrics. */
export const lease = resource({
  resource: 'leases',
  apiVersion: 'coordination.k8s.io/v1',
  listKind: 'LeaseList',
  namespaced: true,
  identity: ['lease'],
  identify: ({ name }) => [name],
  fields: { spec: struct(2, { holderIdentity: word(1), renewTime: time(4) }) },
  families: [
    {
      name: 'kube_lease_owner',
      help: "Information about the Lease's owner.",
      labels: ['owner_kind', 'owner_name', 'namespace', 'lease_holder'],
      samples({ ownerReferences, namespace, spec: { holderIdentity } }, add) {
        if (ownerReferences.length === 0) add(1, '', '', namespace, holderIdentity);
        for (const { kind, name } of ownerReferences) add(1, kind, name, namespace, holderIdentity);
      },
    },
    {
      name: 'kube_lease_renew_time',
      help: 'Kube lease renew time.',
      labels: ['namespace'],
      samples({ namespace, spec: { renewTime } }, add) {
        if (renewTime !== undefined) add(renewTime, namespace);
      },
    },
  ],
});
