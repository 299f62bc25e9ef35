import { mapConcurrent } from '../../base/concurrency.ts';
import { joinHostPort } from '../../targets/group.ts';
import { keptSources } from '../listing.ts';
import { type Mechanism, type MechanismInput, serverNames } from '../mechanism.ts';
import { buildNameGroup, unsupportedTypes } from './groups.ts';
import { lookUp } from './lookup.ts';
import type { DnsRecord } from './message.ts';
import { type ResolverConfig, readResolverConfig, resolverDefaults } from './resolver-config.ts';
import { type DnsConfig, dnsConfig } from './schema.ts';

/** Names that are looked up at once. */
const concurrency = 16;

/** Records of domain names: a group for each name that has targets. */
export const dns: Mechanism<DnsConfig> = {
  name: 'dns',
  configKey: 'dns_sd_configs',
  schema: dnsConfig,
  server: ({ nameservers }) =>
    nameservers.length === 0
      ? '/etc/resolv.conf'
      : serverNames(nameservers.map(({ address, port }) => joinHostPort(address, port))),
  async *discover(config, input) {
    const resolver = await openResolver(config);
    const names = [...new Set(config.names)];
    let read = 0;
    const groups = await mapConcurrent(names, concurrency, input.signal, async (name, signal) => {
      const records = await lookUp(name, config.type, resolver, signal);
      warnOfTypes(name, records, input);
      read += 1;
      input.onProgress?.({ read, total: names.length });
      return buildNameGroup(name, config.port, records);
    });
    yield groups.filter(({ targets }) => targets.length > 0);
    const has = new Set(groups.flatMap(({ source, targets }) => (targets.length > 0 ? [source] : [])));
    return keptSources(
      {
        found: names.filter((name) => has.has(name)),
        missing: names.filter((name) => !has.has(name)),
        cursor: input.cursor,
      },
      (source, name) => source === name,
      (name) => `${name} had records before, and DNS now says that there are none`,
    );
  },
};

/** The machine's resolver. Configured servers replace it, and then its search list does not apply. */
async function openResolver({ nameservers, protocol }: DnsConfig): Promise<ResolverConfig> {
  if (nameservers.length > 0) return { ...resolverDefaults, servers: nameservers, protocol };
  return { ...(await readResolverConfig('/etc/resolv.conf')), protocol };
}

function warnOfTypes(name: string, records: readonly DnsRecord[], { warn }: MechanismInput): void {
  const types = unsupportedTypes(records);
  if (types.length > 0) warn(`${name}: left out records of type ${types.join(', ')}, which make no target`);
}
