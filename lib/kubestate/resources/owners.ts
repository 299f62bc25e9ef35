import type { SampleFamily } from '../family.ts';
import type { KubeObject } from '../object/kind.ts';

/** `kube_<name>_owner`, without saying which owner is the controller. */
export function ownerOfAnyKind(name: string, kind: string): SampleFamily<KubeObject> {
  return {
    name: `kube_${name}_owner`,
    help: `Information about the ${kind}'s owner.`,
    labels: ['owner_kind', 'owner_name'],
    samples({ ownerReferences }, add) {
      if (ownerReferences.length === 0) add(1, '', '');
      for (const { kind, name } of ownerReferences) add(1, kind, name);
    },
  };
}
