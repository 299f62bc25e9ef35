import type { ObjectMeta } from '../objects.ts';
import { emptyMeta, type Kind, kind, metadata } from './kind.ts';

/** Nodes as the targets on them need them: by their metadata alone. */
export const joinedNode = metadataOf('nodes', 'NodeList', false);

/** Services as their endpoints need them. */
export const joinedService = metadataOf('services', 'ServiceList', true);

/** Namespaces as the objects in them need them. */
export const namespace = metadataOf('namespaces', 'NamespaceList', false);

function metadataOf(resource: string, listKind: string, namespaced: boolean): Kind<ObjectMeta> {
  return kind({ resource, apiVersion: 'v1', listKind, namespaced, create: emptyMeta, fields: [metadata()] });
}
