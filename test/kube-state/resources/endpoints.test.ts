import { describe, expect, test } from '@jest/globals';
import { endpoints } from '../../../lib/kube-state/resources/endpoints.ts';
import { linesOf } from './harness.ts';

const own = 'namespace="shop",endpoint="web"';
const metadata = { name: 'web', namespace: 'shop' };
const http = { name: 'http', port: 8080, protocol: 'TCP' };

test('endpoints with nothing but a name have their information alone', async () => {
  expect(await linesOf(endpoints, { metadata })).toEqual([`kube_endpoint_info{${own}} 1`]);
});

describe('addresses come once for each port of their subset, ready ones first', () => {
  const address = (port: string, ip: string, ready: boolean) =>
    `kube_endpoint_address{${own},${port},ip="${ip}",ready="${ready}"} 1`;
  const httpLabels = 'port_protocol="TCP",port_number="8080",port_name="http"';
  const plain = 'port_protocol="UDP",port_number="53",port_name=""';

  test.each([
    ['no port, no sample', [{ addresses: [{ ip: '10.0.0.1' }] }], []],
    ['no address, no sample', [{ ports: [http] }], []],
    [
      'only addresses that are not ready',
      [{ notReadyAddresses: [{ ip: '10.0.0.2' }], ports: [http] }],
      [address(httpLabels, '10.0.0.2', false)],
    ],
    [
      'two ports, of which one has no name',
      [
        {
          addresses: [
            { ip: '10.0.0.1', nodeName: 'a' },
            { ip: 'fd00::1', hostname: 'web-0' },
          ],
          notReadyAddresses: [{ ip: '10.0.0.2' }],
          ports: [http, { port: 53, protocol: 'UDP' }],
        },
      ],
      [
        address(httpLabels, '10.0.0.1', true),
        address(httpLabels, 'fd00::1', true),
        address(httpLabels, '10.0.0.2', false),
        address(plain, '10.0.0.1', true),
        address(plain, 'fd00::1', true),
        address(plain, '10.0.0.2', false),
      ],
    ],
    [
      'two subsets, one of them with an empty port',
      [
        { addresses: [{ ip: '10.0.0.1' }], ports: [http] },
        { notReadyAddresses: [{ ip: '10.0.0.3' }], ports: [{ port: 0 }] },
      ],
      [
        address(httpLabels, '10.0.0.1', true),
        address('port_protocol="",port_number="0",port_name=""', '10.0.0.3', false),
      ],
    ],
  ])('%s', async (_, subsets, lines) => {
    expect(await linesOf(endpoints, { metadata, subsets }, { families: ['kube_endpoint_address'] })).toEqual(
      lines,
    );
  });
});

test('ports are shown whether or not they have addresses', async () => {
  const subsets = [
    { ports: [http, { port: 53, protocol: 'UDP' }] },
    {
      addresses: [{ ip: '10.0.0.1' }, { ip: '10.0.0.2' }],
      ports: [{ name: 'sctp', port: 9, protocol: 'SCTP' }],
    },
    { addresses: [{ ip: '10.0.0.3' }] },
  ];
  expect(await linesOf(endpoints, { metadata, subsets }, { families: ['kube_endpoint_ports'] })).toEqual([
    `kube_endpoint_ports{${own},port_name="http",port_protocol="TCP",port_number="8080"} 1`,
    `kube_endpoint_ports{${own},port_name="",port_protocol="UDP",port_number="53"} 1`,
    `kube_endpoint_ports{${own},port_name="sctp",port_protocol="SCTP",port_number="9"} 1`,
  ]);
});
