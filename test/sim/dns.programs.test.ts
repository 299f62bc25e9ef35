import { describe, expect, test } from '@jest/globals';
import { dns } from '../../lib/backends/dns/index.ts';
import { listTargets } from '../support/discover.ts';
import { startNsd } from '../support/nsd.ts';
import { describeWithPrograms } from '../support/programs.ts';
import { startDnsFleet } from './dns.ts';
import { makeDnsWorld, type ZoneRecord } from './dns-world.ts';

const size = { seed: 5, services: 20, instances: 60 };

describe('a simulated DNS server', () => {
  test('the same seed gives the same world and the same changes, another seed others', async () => {
    const fleets = await Promise.all([5, 5, 6].map((seed) => startDnsFleet({ ...size, seed })));
    const lives = fleets.map((fleet) => JSON.stringify([fleet.world(), fleet.mutate(20), fleet.world()]));
    await Promise.all(fleets.map((fleet) => fleet.stop()));
    expect(lives[0]).toBe(lives[1]);
    expect(lives[0]).not.toBe(lives[2]);
  });

  test('a mutation shows in the next listing', async () => {
    const fleet = await startDnsFleet({ ...size, services: 1 });
    const list = () =>
      listTargets(dns, { names: ['_metrics._tcp.service-0.fleet.test'], nameservers: [fleet.server] });
    const before = (await list()).groups;
    const changes = fleet.mutate(7);
    const after = (await list()).groups;
    await fleet.stop();
    expect(changes.length).toBe(7);
    expect(after).not.toEqual(before);
  });

  test('mutations never run out of world', async () => {
    const fleet = await startDnsFleet({ ...size, services: 0 });
    fleet.mutate(200);
    const { records } = fleet.world();
    await fleet.stop();
    expect(records.filter(({ type }) => type === 'SRV').length).toBeGreaterThan(0);
  });
});

describeWithPrograms('a simulated DNS server beside a real one with the same zone', ['nsd'], () => {
  test('the same groups, whatever is asked', async () => {
    const { records } = makeDnsWorld(size);
    const zone = ['$TTL 30', 'fleet.test. SOA ns1 hostmaster 1 60 60 60 60', ...records.map(zoneLine)];
    const [fleet, real] = await Promise.all([
      startDnsFleet(size),
      startNsd({ zones: { 'fleet.test': `${zone.join('\n')}\n` } }),
    ]);
    const numbers = Array.from({ length: 21 }, (_, number) => number);
    const services = numbers.flatMap((number) => [
      `service-${number}`,
      `alias-${number}`,
      `i1.service-${number}`,
    ]);
    const names = ['fleet.test', ...services.map((name) => `${name}.fleet.test`)];
    const srv = numbers.map((number) => `_metrics._tcp.service-${number}.fleet.test`);
    const list = async (server: string) => {
      const found = [];
      for (const type of ['A', 'AAAA', 'MX', 'NS', 'SRV']) {
        const stanza = { type, port: 80, names: [...names, ...srv], nameservers: [server] };
        const { groups } = await listTargets(dns, stanza);
        // Servers may turn the order of records.
        found.push([type, groups.map((group) => ({ ...group, targets: new Set(group.targets) }))]);
      }
      return found;
    };
    const [simulated, expected] = [await list(fleet.server), await list(real.server)];
    await Promise.all([fleet.stop(), real.stop()]);
    expect(simulated).toEqual(expected);
    expect(simulated.map(([, groups]) => (groups?.length ?? 0) > 0)).toEqual([true, true, true, true, true]);
    expect(fleet.questions.some(({ transport }) => transport === 'tcp')).toBe(true);
  });
});

function zoneLine(record: ZoneRecord): string {
  const name = `${record.name}. ${record.type}`;
  switch (record.type) {
    case 'SRV':
      return `${name} 0 ${record.weight} ${record.port} ${record.target}.`;
    case 'MX':
      return `${name} 10 ${record.target}.`;
    case 'TXT':
      return `${name} "${record.text}"`;
    case 'A':
    case 'AAAA':
      return `${name} ${record.address}`;
    default:
      return `${name} ${record.target}.`;
  }
}
