import { describe, expect, test } from '@jest/globals';
import { buildContainerGroups, containerList } from '../../../lib/backends/docker/index.ts';

const context = {
  networks: new Map([['n1', { __meta_docker_network_name: 'back' }]]),
  port: 80,
  hostNetworkingHost: 'localhost',
  matchFirstNetwork: true,
  allowIpv6Only: true,
};
const endpoint = (ip: string, more: object = {}) => ({ NetworkID: 'n1', IPAddress: ip, ...more });

/** A container as Docker sends it, with other keys. */
function container(id: string, mode: string, networks: object | null, more: object = {}) {
  return {
    Id: id,
    Names: [`/${id}`],
    Labels: {},
    Ports: [],
    HostConfig: { NetworkMode: mode },
    NetworkSettings: networks && { Networks: networks },
    ...more,
  };
}

function groupsOf(containers: readonly object[], more: Partial<typeof context> = {}) {
  return buildContainerGroups(containerList.parse(containers), { ...context, ...more });
}

/** The addresses of each container. */
function addressesOf(containers: readonly object[], more: Partial<typeof context> = {}) {
  const groups = groupsOf(containers, more);
  return Object.fromEntries(groups.map(({ source, targets }) => [source, targets.map((t) => t.__address__)]));
}

describe('the group of a container', () => {
  test('has every label, and a target for each TCP port', () => {
    const ports = [
      { PrivatePort: 8080, PublicPort: 9080, IP: '127.0.0.1', Type: 'tcp' },
      { PrivatePort: 9090, Type: 'tcp' },
      { PrivatePort: 53, PublicPort: 53, IP: '0.0.0.0', Type: 'udp' },
    ];
    const more = {
      Ports: ports,
      Image: 'nginx:1',
      ImageID: 'sha256:0',
      Labels: JSON.parse('{"a.b/c":"1","__proto__":"p","empty":""}'),
    };
    expect(groupsOf([container('web', 'back', { back: endpoint('10.0.0.2') }, more)])).toEqual([
      {
        source: 'web',
        labels: {
          __meta_docker_container_id: 'web',
          __meta_docker_container_image: 'nginx:1',
          __meta_docker_container_image_id: 'sha256:0',
          __meta_docker_container_label___proto__: 'p',
          __meta_docker_container_label_a_b_c: '1',
          __meta_docker_container_name: '/web',
          __meta_docker_container_network_mode: 'back',
        },
        targets: [
          {
            __address__: '10.0.0.2:8080',
            __meta_docker_network_ip: '10.0.0.2',
            __meta_docker_network_name: 'back',
            __meta_docker_port_private: '8080',
            __meta_docker_port_public: '9080',
            __meta_docker_port_public_ip: '127.0.0.1',
          },
          {
            __address__: '10.0.0.2:9090',
            __meta_docker_network_ip: '10.0.0.2',
            __meta_docker_network_name: 'back',
            __meta_docker_port_private: '9090',
          },
        ],
      },
    ]);
  });

  test('without TCP ports has the configured port, in the host network the configured host', () => {
    const containers = [
      container('udp', 'back', { back: endpoint('10.0.0.2') }, { Ports: [{ PrivatePort: 53, Type: 'udp' }] }),
      container('host', 'host', { host: endpoint('') }),
      container('none', 'none', { none: endpoint('') }),
      container('six', 'six', { six: endpoint('', { GlobalIPv6Address: 'fd00::2' }) }),
    ];
    expect(addressesOf(containers, { port: 9100, hostNetworkingHost: 'node.example' })).toEqual({
      udp: ['10.0.0.2:9100'],
      host: ['node.example'],
      none: [':9100'],
      six: ['[fd00::2]:9100'],
    });
  });

  test('in several networks has the first one by name that is not null, or all', () => {
    const networks = { z: endpoint('10.0.0.3'), a: null, b: endpoint('10.0.0.2') };
    const containers = [container('many', 'b', networks), container('leaving', 'a', { a: null })];
    expect(addressesOf(containers)).toEqual({ many: ['10.0.0.2:80'] });
    expect(addressesOf(containers, { matchFirstNetwork: false })).toEqual({
      many: ['10.0.0.2:80', '10.0.0.3:80'],
    });
  });

  test('that shares a network has the one of who has it, over any number of steps', () => {
    const containers = [
      container('c', 'container:b', {}),
      container('b', 'container:a', null),
      container('a', 'back', { back: endpoint('10.0.0.2') }),
      container('of-host', 'container:h', {}, { Ports: [{ PrivatePort: 1, Type: 'udp' }] }),
      container('h', 'host', { host: endpoint('') }),
      container('orphan', 'container:gone', {}),
      container('by-name', 'container:/a', {}),
    ];
    expect(addressesOf(containers)).toEqual({
      a: ['10.0.0.2:80'],
      b: ['10.0.0.2:80'],
      c: ['10.0.0.2:80'],
      h: ['localhost'],
      'of-host': [':80'],
    });
  });

  test('that shares its network with itself, or in a circle, has none', () => {
    const circle = [container('a', 'container:b', {}), container('b', 'container:a', {})];
    expect(addressesOf([...circle, container('self', 'container:self', {})])).toEqual({});
  });

  test.each([undefined, null, {}, { NetworkMode: null }])(
    'whose HostConfig is %j, as from Podman, has no mode',
    (HostConfig) => {
      const ports = [{ PrivatePort: null, Type: 'tcp' }, null];
      const podman = container('p', '', { a: endpoint('10.0.0.2') }, { HostConfig, Ports: ports });
      const [group] = groupsOf([podman]);
      expect(group?.targets.map(({ __address__ }) => __address__)).toEqual(['10.0.0.2:0']);
      expect(group?.labels.__meta_docker_container_network_mode).toBeUndefined();
    },
  );

  test('that is being removed, and has no name left, is left out, but lends its network', () => {
    const going = container('going', 'back', { back: endpoint('10.0.0.2') }, { Names: null });
    expect(addressesOf([going, container('beside', 'container:going', {})])).toEqual({
      beside: ['10.0.0.2:80'],
    });
  });
});
