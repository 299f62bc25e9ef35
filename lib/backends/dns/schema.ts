import { isIP } from 'node:net';
import type { z } from 'zod';
import * as field from '../../config/fields.ts';
import type { KeyTexts } from '../../config/key-texts.ts';
import { enumerate } from '../../config/problem.ts';
import { ownFields, sdConfig } from '../../config/sd-config.ts';
import { rule } from '../../config/section.ts';
import { anyCaseShape } from '../../config/shape.ts';
import { encodeName, queryTypes } from './message.ts';

/** The address of a DNS server. */
export interface Nameserver {
  /** An IP address. */
  readonly address: string;
  readonly port: number;
}

const keys = sdConfig('30s', {
  ...ownFields,
  names: field.list(
    field.leaf('a domain name', (name) => (encodeName(name) === undefined ? undefined : name)),
  ),
  type: recordType().prefault('SRV'),
  port: field.int({ min: 0, max: 65_535 }, 0),
  // Muster's own key: the /etc/resolv.conf of a function cannot be changed.
  nameservers: field.list(
    field.leaf('an IP address, with or without a port, as in 10.0.0.2:53', readNameserver),
  ),
  // Muster's own key: Consul's server cuts answers over UDP without saying so.
  protocol: field.oneOf(['udp', 'tcp'], 'udp'),
});

type Keys = z.output<typeof keys>;

/** An element of `dns_sd_configs`. Source: Prometheus configuration reference, dns_sd_config. */
export const dnsConfig = keys.check(
  rule<Keys, 'names'>(['names'], ({ names }) =>
    names.length === 0 ? 'must list at least one domain name' : undefined,
  ),
  rule<Keys, 'port' | 'type'>(['port', 'type'], ({ port, type }) =>
    port === 0 && type !== 'SRV' ? `is required for records of type ${type}` : undefined,
  ),
);

/** One SD config after defaults and checks. */
export type DnsConfig = z.output<typeof dnsConfig>;

function recordType() {
  return field.leaf(
    enumerate(queryTypes, 'or'),
    (source) => queryTypes.find((type) => type === source.toUpperCase()),
    anyCaseShape(queryTypes),
  );
}

/** `10.0.0.2`, `10.0.0.2:5353`, `fd00::2` or `[fd00::2]:5353`. */
function readNameserver(source: string): Nameserver | undefined {
  if (isIP(source) !== 0) return { address: source, port: 53 };
  const { bracketed, plain, digits } = withPort.exec(source)?.groups ?? {};
  const address = bracketed ?? plain ?? '';
  const port = Number(digits);
  if (isIP(address) !== (bracketed === undefined ? 4 : 6) || port < 1 || port > 65_535) return undefined;
  return { address, port };
}

const withPort = /^(?:\[(?<bracketed>[^\]]+)\]|(?<plain>[^:]+)):(?<digits>\d{1,5})$/;

/** The keys of `dns_sd_configs`. */
export const dnsTexts: KeyTexts = {
  names: ['Names to look up.', ['_metrics._tcp.web.example.com']],
  type: ['Type of the records.', 'A'],
  port: ['Port of the targets. Required for all types but SRV.', 9100],
  nameservers: ["IP addresses of DNS servers, instead of the machine's. Muster's own key.", ['10.0.0.2:53']],
  protocol: ["`udp`, with TCP for answers that do not fit, or only `tcp`. Muster's own key.", 'tcp'],
};
