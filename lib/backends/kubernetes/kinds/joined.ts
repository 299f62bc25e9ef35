import type { Controlled, DualStackService, ObjectMeta } from '../objects.ts';
import { inside, word, words } from '../wire/fields.ts';
import { type Draft, emptyMeta, type Kind, kind, metadata, nameOnly } from './kind.ts';
import { controller } from './reference.ts';

/** Nodes as the targets on them need them: by their metadata alone. */
export const joinedNode = metadataOf('nodes', 'NodeList', false);

/** Services as their endpoints need them. */
export const joinedService = metadataOf('services', 'ServiceList', true);

/** Services as their endpoint slices need them: with the address families that they ask for. */
export const dualStackService: Kind<DualStackService> = kind<Draft<DualStackService>>({
  resource: 'services',
  apiVersion: 'v1',
  listKind: 'ServiceList',
  namespaced: true,
  create: () => ({ ...emptyMeta(), ipFamilyPolicy: '', ipFamily: '' }),
  fields: [
    metadata(),
    inside(2, 'spec', [
      word(17, 'ipFamilyPolicy', (target, policy) => {
        target.ipFamilyPolicy = policy;
      }),
      words(19, 'ipFamilies', (target, family) => {
        target.ipFamily ||= family;
      }),
    ]),
  ],
});

/** Namespaces as the objects in them need them. */
export const namespace = metadataOf('namespaces', 'NamespaceList', false);

/** Replica sets as their pods need them. */
export const replicaSet = controlled('replicasets', 'apps/v1', 'ReplicaSetList');

/** Jobs as their pods need them. */
export const job = controlled('jobs', 'batch/v1', 'JobList');

function metadataOf(resource: string, listKind: string, namespaced: boolean): Kind<ObjectMeta> {
  return kind({ resource, apiVersion: 'v1', listKind, namespaced, create: emptyMeta, fields: [metadata()] });
}

/** Labels and annotations stay unread: a replica set's often hold the whole of its deployment. */
function controlled(resource: string, apiVersion: string, listKind: string): Kind<Controlled> {
  return kind<Draft<Controlled>>({
    ...{ resource, apiVersion, listKind, namespaced: true },
    create: () => ({ ...emptyMeta(), controller: undefined }),
    fields: [nameOnly(controller())],
  });
}
