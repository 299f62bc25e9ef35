import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { buildNerveGroup, buildServersetGroup } from '../../../lib/backends/zookeeper/index.ts';

const serversetOf = (data: string) => buildServersetGroup('/s/member_1', Buffer.from(data))?.targets[0];
const nerveOf = (data: string) => buildNerveGroup('/n/i-1', Buffer.from(data))?.targets[0];

describe('the group of a serverset member', () => {
  test('has every label', () => {
    const member = {
      serviceEndpoint: { host: '10.0.0.1', port: 31_000 },
      additionalEndpoints: {
        http: { host: '10.0.0.1', port: 31_001 },
        'health-check': { host: 'fd00::1', port: 1 },
      },
      status: 'ALIVE',
      shard: 7,
    };
    expect(buildServersetGroup('/s/member_1', Buffer.from(JSON.stringify(member)))).toEqual({
      source: '/s/member_1',
      labels: {},
      targets: [
        {
          __address__: '10.0.0.1:31000',
          __meta_serverset_path: '/s/member_1',
          __meta_serverset_endpoint_host: '10.0.0.1',
          __meta_serverset_endpoint_port: '31000',
          __meta_serverset_endpoint_host_http: '10.0.0.1',
          __meta_serverset_endpoint_port_http: '31001',
          __meta_serverset_endpoint_host_health_check: 'fd00::1',
          __meta_serverset_endpoint_port_health_check: '1',
          __meta_serverset_status: 'ALIVE',
          __meta_serverset_shard: '7',
        },
      ],
    });
  });

  test('nothing in it is what Go makes of nothing: port 0, shard 0', () => {
    const empty = {
      __address__: ':0',
      __meta_serverset_path: '/s/member_1',
      __meta_serverset_endpoint_port: '0',
      __meta_serverset_shard: '0',
    };
    expect(['{}', 'null', '{"serviceEndpoint":null}'].map(serversetOf)).toEqual([empty, empty, empty]);
  });

  test('a doubled key goes on with what was there, in an endpoint as in the member', () => {
    const text =
      '{"serviceEndpoint":{"host":"h","port":1},"additionalEndpoints":{"a":{"host":"x","port":5}},' +
      '"ServiceEndpoint":{"PORT":2,"port":null},"additionalEndpoints":{"b":{"port":6},"a":{"port":7}},' +
      '"status":"DEAD","status":"ALIVE","status":null}';
    expect(serversetOf(text)).toEqual({
      __address__: 'h:2',
      __meta_serverset_path: '/s/member_1',
      __meta_serverset_endpoint_host: 'h',
      __meta_serverset_endpoint_port: '2',
      __meta_serverset_endpoint_port_a: '7',
      __meta_serverset_endpoint_port_b: '6',
      __meta_serverset_status: 'ALIVE',
      __meta_serverset_shard: '0',
    });
  });

  test('null in place of the additional endpoints takes those before it away', () => {
    const text = '{"additionalEndpoints":{"a":{"port":5}},"additionalEndpoints":null}';
    expect(serversetOf(text)).toEqual(serversetOf('{}'));
  });

  test('a whole number of 64 bits keeps all its digits', () => {
    const text = '{"serviceEndpoint":{"port":9007199254740993},"shard":-9223372036854775808}';
    expect(serversetOf(text)).toMatchObject({
      __address__: ':9007199254740993',
      __meta_serverset_shard: '-9223372036854775808',
    });
    expect(nerveOf('{"port":-0}')?.__address__).toBe(':0');
  });

  test('of names that become one label the last in sorted order wins, however they come', () => {
    const endpoints = ['"a.b":{"port":1}', '"a-b":{"port":2}', '"a_b":{"port":3}'];
    const texts = [endpoints, endpoints.toReversed()].map(
      (each) => `{"additionalEndpoints":{${each.join(',')}}}`,
    );
    expect(texts.map((text) => serversetOf(text)?.__meta_serverset_endpoint_port_a_b)).toEqual(['3', '3']);
  });
});

describe('the group of a service of Nerve', () => {
  test('has every label', () => {
    expect(
      buildNerveGroup('/n/i-1', Buffer.from('{"host":"fd00::1","port":80,"name":"web","weight":3}')),
    ).toEqual({
      source: '/n/i-1',
      labels: {},
      targets: [
        {
          __address__: '[fd00::1]:80',
          __meta_nerve_path: '/n/i-1',
          __meta_nerve_endpoint_host: 'fd00::1',
          __meta_nerve_endpoint_port: '80',
          __meta_nerve_endpoint_name: 'web',
        },
      ],
    });
  });

  test('keys may be in any case', () => {
    expect(nerveOf('{"HOST":"h","Port":1,"naMe":"n"}')?.__address__).toBe('h:1');
  });
});

test.each([
  '',
  ' ',
  '10.0.0.1',
  '[]',
  '1',
  '"x"',
  '{',
  '{"port":"80"}',
  '{"host":1}',
  '{"port":1.5}',
  '{"port":8080.0}',
  '{"port":8e3}',
  '{"port":9223372036854775808}',
  '{"port":[1]}',
  '{"port":1,"port":"2"}',
  '{"host":"h",}',
  '\ufeff{}',
])('data such as %j is no member', (data) => {
  expect(nerveOf(data)).toBeUndefined();
});

test('whatever JSON a node holds, it is a member or not', () => {
  const json = fc.oneof(
    fc.json(),
    fc
      .record({ serviceEndpoint: fc.jsonValue(), additionalEndpoints: fc.jsonValue(), host: fc.jsonValue() })
      .map((value) => JSON.stringify(value)),
  );
  fc.assert(
    fc.property(json, (data) => {
      for (const target of [serversetOf(data), nerveOf(data)])
        for (const value of Object.values(target ?? {}))
          expect([typeof value, value]).toEqual(['string', value.toWellFormed()]);
    }),
  );
});
