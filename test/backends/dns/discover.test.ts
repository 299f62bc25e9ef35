import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { dns } from '../../../lib/backends/dns/index.ts';
import { lookUp, type ResolverConfig, resolverDefaults } from '../../../lib/backends/dns/lookup.ts';
import { type DnsFleet, startDnsFleet } from '../../sim/dns.ts';
import type { ZoneRecord } from '../../sim/dns-world.ts';
import { listTargets } from '../../support/discover.ts';
import { failure } from '../../support/http-client.ts';
import { polled } from '../../support/poll.ts';

let fleet: DnsFleet;

const srv = (name: string, target: string, port: number): ZoneRecord => ({
  name,
  type: 'SRV',
  target,
  port,
  weight: 1,
});
const records: readonly ZoneRecord[] = [
  srv('_http._tcp.web.test', 'a.web.test', 8080),
  srv('_http._tcp.web.test', '', 0),
  { name: 'web.test', type: 'A', address: '10.0.0.1' },
  { name: 'web.test', type: 'A', address: '10.0.0.2' },
  { name: 'web.test', type: 'AAAA', address: 'fd00::1' },
  { name: 'web.test', type: 'MX', target: 'mail.web.test' },
  { name: 'web.test', type: 'NS', target: 'ns1.elsewhere.test' },
  { name: 'alias.web.test', type: 'CNAME', target: 'web.test' },
  { name: 'dangling.web.test', type: 'CNAME', target: 'gone.elsewhere.test' },
  { name: 'loop.web.test', type: 'CNAME', target: 'loop.web.test' },
];

beforeEach(async () => {
  fleet = await startDnsFleet({ seed: 1, services: 0, instances: 0 });
  fleet.replace({ zones: ['web.test'], records });
});
afterEach(() => fleet.stop());

const list = (names: readonly string[], more: object = {}) =>
  listTargets(dns, { names, nameservers: [fleet.server], port: 9100, ...more });

/** What is asked of `web` in a search list, and what comes of it. */
const resolver = (more: Partial<ResolverConfig> = {}): ResolverConfig => {
  const [address = '', port] = fleet.server.split(':');
  return { ...resolverDefaults, servers: [{ address, port: Number(port) }], ...more };
};
const search = (name: string, more: Partial<ResolverConfig> = {}) =>
  lookUp(name, 'A', resolver(more), new AbortController().signal);
const asked = () => fleet.questions.map(({ name }) => name);

describe('what is found', () => {
  test('SRV records, with their own ports, one group a name', async () => {
    expect(await list(['_http._tcp.web.test'])).toEqual({
      groups: [
        {
          source: '_http._tcp.web.test',
          labels: { __meta_dns_name: '_http._tcp.web.test' },
          targets: [
            {
              __address__: 'a.web.test:8080',
              __meta_dns_srv_record_target: 'a.web.test.',
              __meta_dns_srv_record_port: '8080',
            },
            {
              __address__: ':0',
              __meta_dns_srv_record_target: '.',
              __meta_dns_srv_record_port: '0',
            },
          ],
        },
      ],
      listed: { cursor: '["_http._tcp.web.test"]' },
      cursor: '["_http._tcp.web.test"]',
      warnings: [],
      progress: [{ read: 1, total: 1 }],
    });
  });

  test.each([
    ['A', [{ __address__: '10.0.0.1:9100' }, { __address__: '10.0.0.2:9100' }]],
    ['AAAA', [{ __address__: '[fd00::1]:9100' }]],
    ['MX', [{ __address__: 'mail.web.test:9100', __meta_dns_mx_record_target: 'mail.web.test.' }]],
    ['NS', [{ __address__: 'ns1.elsewhere.test:9100', __meta_dns_ns_record_target: 'ns1.elsewhere.test.' }]],
  ])('%s records, with the port of the configuration', async (type, targets) => {
    const { groups } = await list(['web.test'], { type });
    expect(groups).toEqual([{ source: 'web.test', labels: { __meta_dns_name: 'web.test' }, targets }]);
  });

  test('an alias is followed; one that leads nowhere has no targets', async () => {
    const { groups } = await list(['alias.web.test', 'dangling.web.test', 'loop.web.test'], { type: 'A' });
    expect(groups.map(({ source, targets }) => [source, targets.length])).toEqual([['alias.web.test', 2]]);
  });

  test('a name that does not exist, or has other records alone, has no targets; the others have theirs', async () => {
    const { groups } = await list(['gone.web.test', 'a.web.test', 'web.test', 'WEB.test.', 'web.test'], {
      type: 'A',
    });
    expect(groups.map(({ source }) => source)).toEqual(['web.test', 'WEB.test.']);
  });

  test('a thousand records come over TCP', async () => {
    const many = Array.from({ length: 1000 }, (_, number) =>
      srv('_big._tcp.web.test', `instance-${number}.web.test`, 1000 + number),
    );
    fleet.replace({ zones: ['web.test'], records: many });
    const { groups } = await list(['_big._tcp.web.test']);
    expect(groups.flatMap(({ targets }) => targets.map((target) => target.__address__))).toEqual(
      many.map((record) => (record.type === 'SRV' ? `${record.target}:${record.port}` : '')),
    );
    expect(fleet.questions.map(({ transport, room }) => [transport, room])).toEqual([
      ['udp', 4096],
      ['tcp', 512],
    ]);
    expect(await polled(async () => fleet.connections(), 0)).toBe(0);
  });

  test('a hundred names, each complete', async () => {
    const large = await startDnsFleet({ seed: 3, services: 100, instances: 30 });
    const names = Array.from({ length: 100 }, (_, number) => `_metrics._tcp.service-${number}.fleet.test`);
    const { groups, progress } = await listTargets(dns, { names, nameservers: [large.server] });
    await large.stop();
    const expected = large.world().records.flatMap((each) => (each.type === 'SRV' ? [each.target] : []));
    expect(
      groups.flatMap(({ targets }) => targets.map((target) => target.__meta_dns_srv_record_target)).sort(),
    ).toEqual(expected.map((target) => `${target}.`).sort());
    expect(progress.at(-1)).toEqual({ read: 100, total: 100 });
  });

  test('records that make no target are told of', async () => {
    fleet.faults.add({ kind: 'stranger' }, { when: ({ name }) => name === 'web.test' });
    const { groups, warnings } = await list(['web.test'], { type: 'A' });
    expect([groups[0]?.targets.length, warnings]).toEqual([
      2,
      ['web.test: left out records of type 39, which make no target'],
    ]);
  });
});

describe('names that had records and have none now', () => {
  const names = ['web.test', 'alias.web.test', 'gone.web.test'];
  const reason = 'alias.web.test had records before, and DNS now says that there are none';
  const without = (...gone: readonly string[]) =>
    fleet.replace({ zones: ['web.test'], records: records.filter(({ name }) => !gone.includes(name)) });
  const next = async (cursor?: string, of = names) => {
    const { groups, listed } = await listTargets(
      dns,
      { names: of, nameservers: [fleet.server], port: 9100, type: 'A' },
      cursor === undefined ? {} : { cursor },
    );
    return {
      sources: groups.map(({ source }) => source),
      unseen: of.map((source) => listed?.unseen?.(source)),
      cursor: listed?.cursor,
    };
  };

  test('were perhaps not seen, as long as that lasts; a name that never had any is just empty', async () => {
    const first = await next();
    without('alias.web.test');
    const second = await next(first.cursor);
    const third = await next(second.cursor);
    without();
    const back = await next(third.cursor);
    const whole = {
      sources: ['web.test', 'alias.web.test'],
      unseen: [undefined, undefined, undefined],
      cursor: '["alias.web.test","web.test"]',
    };
    const part = { ...whole, sources: ['web.test'], unseen: [undefined, reason, undefined] };
    expect([first, second, third, back]).toEqual([whole, part, part, whole]);
  });

  test('have left where all are gone: that is an empty list', async () => {
    const first = await next();
    without('alias.web.test', 'web.test');
    const empty = await next(first.cursor);
    expect(empty).toEqual({ sources: [], unseen: names.map(() => undefined), cursor: first.cursor });
  });

  test('have left where the configuration no longer asks for them', async () => {
    const { cursor } = await next();
    expect((await next(cursor, ['web.test'])).cursor).toBe('["web.test"]');
  });

  test.each(['{', '{}', '["a", 1]', 'https://a'])('are forgotten where the cursor is %s', async (cursor) => {
    without('alias.web.test');
    expect((await next(cursor)).unseen).toEqual(names.map(() => undefined));
  });
});

describe('the search list', () => {
  const domains = { search: ['one.web.test', 'web.test', 'three.web.test'] };
  const address = { kind: 'A', address: '10.1.0.1' };
  beforeEach(() => {
    fleet.replace({
      zones: ['web.test', 'db', 'app.db', 'gone'],
      records: [
        { name: 'db.web.test', type: 'A', address: '10.1.0.1' },
        { name: 'db', type: 'A', address: '10.1.0.2' },
        { name: 'db.three.web.test', type: 'A', address: '10.1.0.3' },
        { name: 'empty.one.web.test', type: 'TXT', text: 'x' },
        { name: 'empty.web.test', type: 'A', address: '10.1.0.1' },
        { name: 'app.db', type: 'A', address: '10.1.0.1' },
      ],
    });
  });

  test('the first name that exists counts, and none is asked for after it', async () => {
    expect(await search('db', domains)).toEqual([address]);
    expect(asked()).toEqual(['db.one.web.test', 'db.web.test']);
  });

  test('a name with dots enough is tried as it stands first', async () => {
    expect(await search('app.db', domains)).toEqual([address]);
    expect(asked()).toEqual(['app.db']);
  });

  test('a name that exists without such records ends the search too', async () => {
    expect(await search('empty', domains)).toEqual([]);
    expect(asked()).toEqual(['empty.one.web.test']);
  });

  test('a name that exists nowhere has no records', async () => {
    expect(await search('gone.web.test', domains)).toEqual([]);
    expect(asked().length).toBe(4);
  });

  test('after a failure the search goes on: a name found later counts', async () => {
    fleet.faults.add({ kind: 'code', code: 2 }, { when: ({ name }) => name === 'db.one.web.test' });
    expect(await search('db', domains)).toEqual([address]);
  });

  test('after a failure "it exists nowhere" can no longer be said', async () => {
    fleet.faults.add({ kind: 'code', code: 2 }, { when: ({ name }) => name === 'gone.one.web.test' });
    expect(await failure(search('gone', domains))).toEqual({
      kind: 'status',
      message: `DNS lookup of gone (A): gone.one.web.test. at ${fleet.server}: the answer is SERVFAIL`,
    });
    expect(asked().length).toBe(4);
  });
});

describe('several servers', () => {
  let second: DnsFleet;
  beforeEach(async () => {
    second = await startDnsFleet({ seed: 1, services: 0, instances: 0 });
    second.replace({ zones: ['web.test'], records: [{ name: 'web.test', type: 'A', address: '10.9.9.9' }] });
  });
  afterEach(() => second.stop());
  const both = () =>
    list(['web.test', 'gone.web.test'], { type: 'A', nameservers: [fleet.server, second.server] });

  test('the first that answers counts; the next is not asked', async () => {
    expect((await both()).groups[0]?.targets.length).toBe(2);
    expect(second.questions).toEqual([]);
  });

  test.each([
    [{ kind: 'code', code: 2 }],
    [{ kind: 'code', code: 5 }],
    [{ kind: 'garbage' }],
    [{ kind: 'short' }],
    [{ kind: 'referral' }],
    [{ kind: 'silence' }],
    [{ kind: 'extended', code: 16 }],
  ] as const)('after %j the next one is asked', async (fault) => {
    fleet.faults.add(fault);
    const { groups } = await both();
    expect(groups.map(({ targets }) => targets)).toEqual([[{ __address__: '10.9.9.9:9100' }]]);
  });

  test('after one that is not there, too', async () => {
    await fleet.stop();
    expect((await both()).groups.length).toBe(1);
    fleet = await startDnsFleet({ seed: 1, services: 0, instances: 0 });
  });
});
