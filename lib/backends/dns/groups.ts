import {
  addressLabel,
  joinHostPort,
  type LabelSet,
  type TargetGroup,
  withoutEmpty,
} from '../../targets/group.ts';
import { labels } from './labels.ts';
import type { DnsRecord } from './message.ts';

/** The target group of one name: a target for each record, in the order of the answer. */
export function buildNameGroup(name: string, port: number, records: readonly DnsRecord[]): TargetGroup {
  return {
    source: name,
    labels: { [labels.name]: name },
    targets: records.flatMap((record) => buildTargets(record, port)),
  };
}

/** The types of records that make no target, though one might think so. A CNAME is what leads to the others. */
export function strangeTypes(records: readonly DnsRecord[]): readonly number[] {
  const types = records.flatMap((record) => (record.kind === 'other' ? [record.type] : []));
  return [...new Set(types)].sort((a, b) => a - b);
}

/** The target behind a record, whatever type was asked for. */
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

/** Addresses look more usual without the dot of a full name. */
function withoutDot(name: string): string {
  return name.replace(/\.+$/, '');
}
