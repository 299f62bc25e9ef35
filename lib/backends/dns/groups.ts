import {
  addressLabel,
  joinHostPort,
  type LabelSet,
  type TargetGroup,
  withoutEmpty,
} from '../../targets/group.ts';
import type { DnsRecord } from './message.ts';

/** Labels that DNS targets carry. Source: Prometheus configuration reference, dns_sd_config. */
const labels = {
  name: '__meta_dns_name',
  srvTarget: '__meta_dns_srv_record_target',
  srvPort: '__meta_dns_srv_record_port',
  mxTarget: '__meta_dns_mx_record_target',
  nsTarget: '__meta_dns_ns_record_target',
} as const;

/** The target group of one name: a target for each record, in the order of the answer. */
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
      return [{ [addressLabel]: joinHostPort(record.address, port) }];
    case 'SRV':
      return [
        withoutEmpty({
          [addressLabel]: joinHostPort(withoutDot(record.target), record.port),
          [labels.srvTarget]: record.target,
          [labels.srvPort]: String(record.port),
        }),
      ];
    case 'MX':
      return [
        { [addressLabel]: joinHostPort(withoutDot(record.target), port), [labels.mxTarget]: record.target },
      ];
    case 'NS':
      return [
        { [addressLabel]: joinHostPort(withoutDot(record.target), port), [labels.nsTarget]: record.target },
      ];
    default:
      return [];
  }
}

/** The name without the final dot, as addresses are usually written. */
function withoutDot(name: string): string {
  return name.replace(/\.+$/, '');
}
