import type { FleetRequest } from '../../faults.ts';
import type { Versions } from './list.ts';
import { type ResourceName, resourceAt } from './resources.ts';
import { ApiError } from './status.ts';
import { decodeToken } from './token.ts';

/** Which page of a listing a request asks for, from 1 on; nothing if it is no listing, or its token is none. */
export function pageAskedFor(
  versions: Versions,
  { path, query }: FleetRequest,
): { readonly resource: ResourceName; readonly page: number } | undefined {
  const found = resourceAt(decodeURIComponent(path));
  if (found === undefined || query.has('watch')) return undefined;
  const resource = found.resource.name;
  const limit = Number(query.get('limit') ?? 0);
  const token = query.get('continue');
  if (token === null || token === '' || limit === 0) return { resource, page: 1 };
  try {
    const shelf = versions.current().shelf(resource);
    const prefix = found.namespace === undefined ? '' : `${found.namespace}/`;
    const position = shelf.seek(prefix + decodeToken(token).start) - shelf.seek(prefix);
    return { resource, page: Math.round(position / limit) + 1 };
  } catch (error) {
    if (error instanceof ApiError) return undefined;
    throw error;
  }
}
