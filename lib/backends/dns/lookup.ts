import { randomInt } from 'node:crypto';
import { abortError } from '../../base/deadlines.ts';
import { MusterError, toMusterError } from '../../base/errors.ts';
import { joinHostPort } from '../../targets/group.ts';
import { exchange } from './exchange.ts';
import {
  type Answer,
  type DnsRecord,
  encodeName,
  nameError,
  noError,
  type QueryType,
  showResponseCode,
} from './message.ts';
import type { ResolverConfig } from './resolver-config.ts';
import type { Nameserver } from './schema.ts';

/**
 * The records of a name, from the first full name that exists. Empty when that has none, or when DNS says that no full
 * name exists. Throws the first failure (see `exchange`) when no full name exists and a lookup failed.
 */
export async function lookUp(
  name: string,
  type: QueryType,
  resolver: ResolverConfig,
  signal: AbortSignal,
): Promise<readonly DnsRecord[]> {
  const failures: MusterError[] = [];
  for (const fullName of fullNames(name, resolver)) {
    const found = await askServers(fullName, type, resolver, signal);
    if (Array.isArray(found)) failures.push(...found);
    else if (found.code === noError) return found.records;
  }
  const [first] = failures;
  if (first === undefined) return [];
  const shown = failures.slice(0, 3).map(({ message }) => message);
  const more = failures.length > 3 ? ` (and ${failures.length - 3} more)` : '';
  throw new MusterError(first.kind, `DNS lookup of ${name} (${type}): ${shown.join('; ')}${more}`, {
    cause: first,
  });
}

/** The first answer that says whether the name exists, or the failure of each server. */
async function askServers(
  fullName: string,
  type: QueryType,
  { servers, protocol, timeout, attempts }: ResolverConfig,
  signal: AbortSignal,
): Promise<Answer | MusterError[]> {
  const name = encodeName(fullName);
  if (name === undefined)
    return [new MusterError('config', `${fullName} is not a domain name: check the search list`)];
  const failures: MusterError[] = [];
  let silent = servers;
  for (let attempt = 1; attempt <= attempts; attempt += 1) {
    const lost: Nameserver[] = [];
    for (const server of silent) {
      const query = { id: randomInt(0x1_0000), name, type };
      const outcome = await judge(() => exchange(server, query, protocol, { timeout, signal }));
      if (signal.aborted) throw abortError(signal, `while DNS was asked for ${fullName}`);
      if (!(outcome instanceof MusterError)) return outcome;
      if (outcome.kind === 'timeout' && attempt < attempts) lost.push(server);
      else
        failures.push(
          new MusterError(outcome.kind, `${fullName} at ${addressOf(server)}: ${outcome.message}`),
        );
    }
    silent = lost;
  }
  return failures;
}

/** The server's answer, or the reason why it does not count. */
async function judge(call: () => Promise<Answer>): Promise<Answer | MusterError> {
  try {
    const answer = await call();
    if (answer.code === nameError) return answer;
    if (answer.code === noError) return answer.referral ? new MusterError('status', referred) : answer;
    const name = showResponseCode(answer.code);
    return new MusterError(name === 'REFUSED' ? 'denied' : 'status', `the answer is ${name}`);
  } catch (error) {
    return toMusterError(error);
  }
}

const referred = 'the server does not know the name and does not ask others: it is not a resolver';

function addressOf({ address, port }: Nameserver): string {
  return joinHostPort(address, port);
}

/**
 * The full names for a name, in the order to try them. A name with a dot at its end is complete; another one is tried
 * as it stands and in each domain of the search list. Source: resolv.conf(5), and Prometheus's DNS library.
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

/** Positions of the dots that separate labels, which `\.` does not. */
function dotsOf(name: string): readonly number[] {
  const tokens = [...name.matchAll(/\\.|\./gsu)];
  return tokens.filter(([token]) => token === '.').map(({ index }) => index);
}
