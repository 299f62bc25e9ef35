import { describe, expect, test } from '@jest/globals';
import { dnsConfig } from '../../../lib/backends/dns/schema.ts';

/** The problems of a stanza, each with the path of its key. */
function problems(stanza: object): string[] {
  const { error } = dnsConfig.safeParse(stanza);
  return (error?.issues ?? []).map(({ path, message }) => `${path.join('.')}: ${message}`);
}

describe('dns_sd_configs', () => {
  test('names alone are SRV names, as Prometheus has it', () => {
    expect(dnsConfig.parse({ names: ['_http._tcp.web.example'] })).toEqual({
      refresh_interval: 30_000,
      names: ['_http._tcp.web.example'],
      type: 'SRV',
      port: 0,
      nameservers: [],
      protocol: 'udp',
    });
  });

  test('a stanza with everything; the type may be in lower case', () => {
    expect(
      dnsConfig.parse({
        refresh_interval: '1m',
        names: ['a', 'b.example.', 'größe.example', 'a\\.b.example'],
        type: 'aaaa',
        port: '9100',
        nameservers: ['10.0.0.2', '10.0.0.3:5353', 'fd00::2', '[fd00::3]:5353'],
        protocol: 'tcp',
      }),
    ).toEqual({
      refresh_interval: 60_000,
      names: ['a', 'b.example.', 'größe.example', 'a\\.b.example'],
      type: 'AAAA',
      port: 9100,
      protocol: 'tcp',
      nameservers: [
        { address: '10.0.0.2', port: 53 },
        { address: '10.0.0.3', port: 5353 },
        { address: 'fd00::2', port: 53 },
        { address: 'fd00::3', port: 5353 },
      ],
    });
  });

  test.each([
    [{}, ['names: must list at least one domain name']],
    [{ names: [] }, ['names: must list at least one domain name']],
    [{ names: ['a..b', ''] }, ['names.0: must be a domain name', 'names.1: must be a domain name']],
    [{ names: ['a'], type: 'A' }, ['port: is required for records of type A']],
    [{ names: ['a'], type: 'NS', port: 0 }, ['port: is required for records of type NS']],
    [{ names: ['a'], type: 'TXT' }, ['type: must be A, AAAA, MX, NS or SRV']],
    [{ names: ['a'], port: 65_536 }, ['port: must be a whole number from 0 to 65535']],
    [{ names: ['a'], server: 'x' }, [': unknown key']],
    ...['dns.example', '10.0.0.2:0', '10.0.0.2:65536', 'fd00::2:x', '[10.0.0.2]:53', '10.0.0.2:'].map(
      (nameserver) =>
        [
          { names: ['a'], nameservers: [nameserver] },
          ['nameservers.0: must be an IP address, with or without a port, as in 10.0.0.2:53'],
        ] as const,
    ),
  ])('%j', (stanza, expected) => {
    expect(problems(stanza)).toEqual(expected);
  });
});
