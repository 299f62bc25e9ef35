import { describe, expect, test } from '@jest/globals';
import { catalogServices, serviceEntries } from '../../../lib/backends/consul/client.ts';
import { aggregateHealth, buildServiceGroup } from '../../../lib/backends/consul/index.ts';

const context = { service: 'web', datacenter: 'dc1', tagSeparator: ',' };

/** An instance as Consul sends it, with other keys for its node and service. */
function entry(node: object = {}, service: object = {}, checks: readonly object[] = []) {
  return {
    Node: { Node: 'n1', Address: '10.0.0.1', TaggedAddresses: {}, Meta: {}, ...node },
    Service: { ID: 'web-1', Tags: [], Address: '', Port: 80, Meta: {}, ...service },
    Checks: checks,
  };
}

function targetsOf(entries: readonly object[], tagSeparator = ',') {
  return buildServiceGroup({ ...context, tagSeparator }, serviceEntries.parse(entries)).targets;
}

describe('the group of a service', () => {
  test('has every label of an instance with everything', () => {
    const node = {
      TaggedAddresses: { lan: '10.0.0.1', 'wan-v4': '198.51.100.1' },
      Meta: { 'rack.unit': 'r7' },
    };
    const service = {
      Tags: ['prod', 'http'],
      Address: '10.9.0.1',
      Port: 8080,
      Meta: { 'app.kubernetes.io/name': 'web "1"\n' },
      Namespace: 'team-a',
      Partition: 'edge',
    };
    const checks = [{ CheckID: 'service:web-1', Status: 'warning' }];
    expect(buildServiceGroup(context, serviceEntries.parse([entry(node, service, checks)]))).toEqual({
      source: 'web',
      labels: { __meta_consul_service: 'web', __meta_consul_dc: 'dc1' },
      targets: [
        {
          __address__: '10.9.0.1:8080',
          __meta_consul_address: '10.0.0.1',
          __meta_consul_health: 'warning',
          __meta_consul_metadata_rack_unit: 'r7',
          __meta_consul_namespace: 'team-a',
          __meta_consul_node: 'n1',
          __meta_consul_partition: 'edge',
          __meta_consul_service_address: '10.9.0.1',
          __meta_consul_service_id: 'web-1',
          __meta_consul_service_metadata_app_kubernetes_io_name: 'web "1"\n',
          __meta_consul_service_port: '8080',
          __meta_consul_tagged_address_lan: '10.0.0.1',
          __meta_consul_tagged_address_wan_v4: '198.51.100.1',
          __meta_consul_tags: ',prod,http,',
        },
      ],
    });
  });

  test('an old agent writes null, or leaves keys out: the same as empty', () => {
    const bare = {
      Node: { Node: 'n1', Address: '10.0.0.1', TaggedAddresses: null },
      Service: { ID: 'web-1', Port: 0, Tags: null },
      Checks: null,
    };
    expect(targetsOf([bare])).toEqual([
      {
        __address__: '10.0.0.1:0',
        __meta_consul_address: '10.0.0.1',
        __meta_consul_health: 'passing',
        __meta_consul_node: 'n1',
        __meta_consul_service_id: 'web-1',
        __meta_consul_service_port: '0',
        __meta_consul_tags: ',,',
      },
    ]);
  });

  test('null in place of a number, a text or a tag is the empty one', () => {
    const bare = {
      Node: { Node: null, Address: null, Meta: { a: null } },
      Service: { ID: 'web-1', Port: null, Tags: [null] },
      Checks: [null],
    };
    expect(targetsOf([bare])).toMatchObject([{ __address__: ':0', __meta_consul_tags: ',,' }]);
    expect([serviceEntries.parse(null), catalogServices.parse(null)]).toEqual([[], new Map()]);
  });

  test.each([
    [{ Address: 'fd00::1' }, {}, '[fd00::1]:80'],
    [{ Address: 'fd00::1' }, { Address: 'app.example' }, 'app.example:80'],
    [{}, { Address: 'fe80::1%eth0', Port: 0 }, '[fe80::1%eth0]:0'],
    [{ Address: '' }, {}, ':80'],
  ])('address of node %j and service %j: %s', (node, service, address) => {
    expect(targetsOf([entry(node, service)])).toMatchObject([{ __address__: address }]);
  });

  test('tags are joined by the separator of the configuration, which may be empty', () => {
    const two = [entry({}, { Tags: ['a', 'b,c'] })];
    expect([';', '', '||'].map((separator) => targetsOf(two, separator)[0]?.__meta_consul_tags)).toEqual([
      ';a;b,c;',
      'ab,c',
      '||a||b,c||',
    ]);
  });

  test('of keys that become one label the last in sorted order wins, however they come', () => {
    const clashing = [entry({ Meta: { 'a.b': '1', a_b: '3', 'a-b': '2' } })];
    const reversed = [entry({ Meta: { 'a-b': '2', a_b: '3', 'a.b': '1' } })];
    expect(targetsOf(clashing)).toEqual(targetsOf(reversed));
    expect(targetsOf(clashing)).toMatchObject([{ __meta_consul_metadata_a_b: '3' }]);
  });

  test('keys that are special to JavaScript are keys like any other', () => {
    const meta = JSON.parse('{"__proto__":"p","constructor":"c","":"e"}');
    expect(targetsOf([entry({ Meta: meta })])).toMatchObject([
      {
        __meta_consul_metadata___proto__: 'p',
        __meta_consul_metadata_constructor: 'c',
        __meta_consul_metadata_: 'e',
      },
    ]);
  });
});

describe('health of an instance', () => {
  const passing = { CheckID: 'a', Status: 'passing' };
  const warning = { CheckID: 'b', Status: 'warning' };
  const critical = { CheckID: 'c', Status: 'critical' };
  const nodeMaintenance = { CheckID: '_node_maintenance', Status: 'critical' };
  const serviceMaintenance = { CheckID: '_service_maintenance:web-1', Status: 'critical' };
  const unknown = { CheckID: 'd', Status: 'maintenance' };

  test.each([
    ['passing', []],
    ['passing', [passing]],
    ['warning', [warning, passing]],
    ['critical', [passing, critical, warning]],
    ['maintenance', [critical, nodeMaintenance]],
    ['maintenance', [serviceMaintenance, passing]],
    ['', [passing, unknown]],
    ['', [unknown, nodeMaintenance, critical]],
  ])('%j for %j', (health, checks) => {
    expect(aggregateHealth(checks)).toBe(health);
  });
});
