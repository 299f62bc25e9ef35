import { type Random, seededRandom } from '../../lib/sim/random.ts';

/** A record of a simulated zone. Names are without the dot at their end, and in lower case. */
export type ZoneRecord = { readonly name: string } & ZoneData;

export type ZoneData =
  | { readonly type: 'A' | 'AAAA'; readonly address: string }
  | { readonly type: 'SRV'; readonly target: string; readonly port: number; readonly weight: number }
  | { readonly type: 'MX' | 'NS' | 'CNAME'; readonly target: string }
  | { readonly type: 'TXT'; readonly text: string };

/** What a server is responsible for. */
export interface DnsWorld {
  /** Zones whose names it knows; it refuses to speak of others. */
  readonly zones: readonly string[];
  readonly records: readonly ZoneRecord[];
}

export interface DnsWorldSize {
  readonly seed: number | string;
  /** `service-0` and so on, in the zone `fleet.test`, each with addresses and an SRV name `_metrics._tcp`. */
  readonly services: number;
  /** Instances of each service, at most. */
  readonly instances: number;
}

const zone = 'fleet.test';

/** A zone with services of one to `instances` instances, mail and name servers, aliases, and other records. */
export function makeDnsWorld({ seed, services, instances }: DnsWorldSize): DnsWorld {
  const random = seededRandom(seed);
  const records: ZoneRecord[] = [
    { name: zone, type: 'NS', target: `ns1.${zone}` },
    { name: zone, type: 'NS', target: 'ns2.elsewhere.test' },
    { name: zone, type: 'MX', target: `mail.${zone}` },
    { name: zone, type: 'TXT', text: 'v=spf1 -all' },
  ];
  for (let number = 0; number < services; number += 1) {
    const own = random.fork(`service-${number}`);
    const name = `service-${number}.${zone}`;
    for (let count = own.integer(1, instances); count > 0; count -= 1)
      records.push(...makeInstance(own, name, `i${count}`));
    if (own.chance(0.3)) records.push({ name: `alias-${number}.${zone}`, type: 'CNAME', target: name });
  }
  return { zones: [zone], records };
}

/** The addresses of an instance under its own name and its service's, and its SRV record. */
function makeInstance(random: Random, service: string, id: string): readonly ZoneRecord[] {
  const name = `${id}.${service}`;
  const bytes = [random.integer(0, 255), random.integer(0, 255), random.integer(1, 254)];
  const ipv4 = { type: 'A', address: `10.${bytes.join('.')}` } as const;
  const ipv6 = {
    type: 'AAAA',
    address: `fd00::${bytes.map((byte) => byte.toString(16)).join(':')}`,
  } as const;
  const addresses = random.chance(0.4) ? [ipv4, ipv6] : [ipv4];
  const port = random.integer(1024, 65_535);
  return [
    ...addresses.flatMap((address) => [
      { name, ...address },
      { name: service, ...address },
    ]),
    { name: `_metrics._tcp.${service}`, type: 'SRV', target: name, port, weight: random.integer(0, 9) },
  ];
}

/** So many changes as a living zone has them: instances come and go. Each in words. */
export function churnDnsWorld(
  world: DnsWorld,
  random: Random,
  count: number,
): { readonly world: DnsWorld; readonly changes: readonly string[] } {
  const changes: string[] = [];
  let { records } = world;
  for (let done = 0; done < count; done += 1) {
    const targets = records.flatMap((record) => (record.type === 'SRV' ? [record.target] : []));
    const [gone] = random.sample(targets, 1);
    if (gone !== undefined && random.chance(0.5)) {
      const addresses = new Set(
        records.flatMap((each) => (each.name === gone && 'address' in each ? [each.address] : [])),
      );
      records = records.filter(
        (each) =>
          !(each.type === 'SRV' && each.target === gone) &&
          each.name !== gone &&
          !('address' in each && addresses.has(each.address) && gone.endsWith(`.${each.name}`)),
      );
      changes.push(`${gone} is gone`);
    } else {
      const service = gone?.slice(gone.indexOf('.') + 1) ?? `service-0.${zone}`;
      const id = `n${random.integer(0, 0xff_ffff).toString(16)}`;
      records = [...records, ...makeInstance(random, service, id)];
      changes.push(`${id}.${service} is new`);
    }
  }
  return { world: { ...world, records }, changes };
}
