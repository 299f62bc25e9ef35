import { mapConcurrent } from '../../base/concurrency.ts';
import { joinHostPort, type LabelSet, type TargetGroup, targetAt } from '../../targets/group.ts';
import { keptSources } from '../listing.ts';
import { type Mechanism, type MechanismInput, serverNames } from '../mechanism.ts';
import { lookUp, type ResolverConfig, readResolverConfig, resolverDefaults } from './lookup.ts';
import type { DnsRecord } from './message.ts';
import { type DnsConfig, dnsConfig } from './schema.ts';

/** Labels that DNS targets carry. Source: Prometheus configuration reference, dns_sd_config. */
const labels = {
  name: '__meta_dns_name',
  srvTarget: '__meta_dns_srv_record_target',
  srvPort: '__meta_dns_srv_record_port',
  mxTarget: '__meta_dns_mx_record_target',
  nsTarget: '__meta_dns_ns_record_target',
} as const;

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

/**
 * The target group of one name: a target for each record, in the order of the answer. `port` is for records without a
 * port.
 */
export function buildNameGroup(name: string, port: number, records: readonly DnsRecord[]): TargetGroup {
  return {
    source: name,
    labels: { [labels.name]: name },
    targets: records.flatMap((record) => buildTargets(record, port)),
  };
}

/** Numbers of the record types that make no target, sorted. CNAME does not count: it leads to other records. */
export function unsupportedTypes(records: readonly DnsRecord[]): readonly number[] {
  const types = records.flatMap((record) => (record.kind === 'other' ? [record.type] : []));
  return [...new Set(types)].sort((a, b) => a - b);
}

/** The target of a record, for any type of query; empty for records that make none. */
function buildTargets(record: DnsRecord, port: number): readonly LabelSet[] {
  switch (record.kind) {
    case 'A':
    case 'AAAA':
      return [targetAt(record.address, port)];
    case 'SRV':
      return [
        targetAt(withoutDot(record.target), record.port, {
          [labels.srvTarget]: record.target,
          [labels.srvPort]: String(record.port),
        }),
      ];
    case 'MX':
      return [targetAt(withoutDot(record.target), port, { [labels.mxTarget]: record.target })];
    case 'NS':
      return [targetAt(withoutDot(record.target), port, { [labels.nsTarget]: record.target })];
    default:
      return [];
  }
}

/** The name without the final dot, as addresses are usually written. */
function withoutDot(name: string): string {
  return name.replace(/\.+$/, '');
}
