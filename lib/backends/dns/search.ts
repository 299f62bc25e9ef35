import type { ResolverConfig } from './resolver-config.ts';

/**
 * The full names that a name may stand for, in the order in which to try them. A name with a dot at its end is
 * complete; another is tried as it stands and in each domain of the search list. Source: resolv.conf(5), and
 * Prometheus's DNS library.
 */
export function fullNames(name: string, { search, ndots }: ResolverConfig): readonly string[] {
  if (isComplete(name)) return [name];
  const inDomains = search.map((domain) => complete(domain === '.' ? name : `${name}.${domain}`));
  const itself = complete(name);
  const hasDots = countDots(name) >= ndots;
  return [...new Set(hasDots ? [itself, ...inDomains] : [...inDomains, itself])];
}

function complete(name: string): string {
  return isComplete(name) ? name : `${name}.`;
}

function isComplete(name: string): boolean {
  return dotsOf(name).at(-1) === name.length - 1;
}

function countDots(name: string): number {
  return dotsOf(name).length;
}

/** Where the dots are that separate labels: `\.` is none. */
function dotsOf(name: string): readonly number[] {
  const tokens = [...name.matchAll(/\\.|\./gsu)];
  return tokens.filter(([token]) => token === '.').map(({ index }) => index);
}
