import { joinedNode, namespace as namespaceKind } from '../kinds/joined.ts';
import type { ListQuery } from '../listing/query.ts';
import type { ObjectMeta } from '../objects.ts';
import { type Attached, addByName } from '../targets/draft.ts';
import { type Read, type RoleInput, readInto, selected } from './listing.ts';

/** Metadata that `attach_metadata` asks for: maps that are filled once all the reads have ended. */
export interface AttachedReads {
  readonly attached: Attached;
  readonly reads: readonly Read[];
}

/** What the targets of a role can be given. */
export interface Attachable {
  readonly nodes: boolean;
  readonly namespaces: boolean;
}

/**
 * What is to be attached, of what the role takes. Nodes and namespaces belong to no namespace, so that the listings of
 * all namespaces share one read of each.
 */
export function attachedReads(input: RoleInput, takes: Attachable): AttachedReads {
  const { lister, config } = input;
  const { node, namespace } = config.attach_metadata;
  const nodes = takes.nodes && node ? new Map<string, ObjectMeta>() : undefined;
  const namespaces = takes.namespaces && namespace ? new Map<string, ObjectMeta>() : undefined;
  const ofNodes = selected(input, joinedNode, '', 'node');
  const ofNamespaces = { kind: namespaceKind, namespace: '' };
  const read = (map: Map<string, ObjectMeta> | undefined, query: ListQuery<ObjectMeta>): readonly Read[] =>
    map === undefined ? [] : [once((signal) => readInto(lister, query, map, addByName, signal))];
  return {
    attached: { ...(nodes && { nodes }), ...(namespaces && { namespaces }) },
    reads: [...read(nodes, ofNodes), ...read(namespaces, ofNamespaces)],
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
