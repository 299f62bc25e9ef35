import type { Listed } from '../targets/discover.ts';

/** Milliseconds that a backend has to say who it is. */
const patience = 2000;

/**
 * The names of the backend itself, to spread into what a listing says of itself. A backend that refuses, fails or is
 * slow stays unknown: its targets are known all the same, so that is no fault of the listing.
 */
export async function backendNames(
  listing: AbortSignal,
  ask: (signal: AbortSignal) => Promise<readonly string[]>,
): Promise<Pick<Listed, 'backend'>> {
  try {
    const names = await ask(AbortSignal.any([listing, AbortSignal.timeout(patience)]));
    return names.length === 0 ? {} : { backend: names };
  } catch {
    return {};
  }
}
