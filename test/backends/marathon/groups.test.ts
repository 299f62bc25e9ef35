import { describe, expect, test } from '@jest/globals';
import { appList, buildAppGroup } from '../../../lib/backends/marathon/index.ts';
import { makeMarathonWorld, networkings } from '../../../lib/sim/marathon.ts';

function groupOf(app: object) {
  const { apps } = appList.parse({ apps: [{ id: '/shop/cart', ...app }] });
  return apps.map(buildAppGroup)[0];
}

/** Addresses of the targets with their port's index and labels. */
const endpoints = (app: object) =>
  groupOf(app)?.targets.map(
    ({ __address__, __meta_marathon_task, __meta_marathon_port_index, ...labels }) => [
      __address__,
      __meta_marathon_port_index,
      labels,
    ],
  );

const task = { id: 'cart.1', host: 'agent-1', ports: [31_000, 31_001] };

test('an app with everything is one group, with a target for each port of each task', () => {
  expect(
    groupOf({
      labels: { HAPROXY_GROUP: 'external', 'traefik.enable': 'true', none: '' },
      container: {
        type: 'MESOS',
        docker: { image: 'registry.example/cart:1.2' },
        portMappings: [
          { containerPort: 80, hostPort: 0, labels: { VIP_0: '/cart:80' } },
          { containerPort: 9090, hostPort: 9999, labels: {} },
        ],
      },
      networks: [{ mode: 'container/bridge' }],
      tasks: [
        { ...task, ipAddresses: [{ ipAddress: '172.17.0.2', protocol: 'IPv4' }] },
        { id: 'cart.2', host: '2001:db8::2', ports: [31_005, 31_006] },
      ],
    }),
  ).toEqual({
    source: '/shop/cart',
    labels: {
      __meta_marathon_app: '/shop/cart',
      __meta_marathon_image: 'registry.example/cart:1.2',
      __meta_marathon_app_label_HAPROXY_GROUP: 'external',
      __meta_marathon_app_label_traefik_enable: 'true',
    },
    targets: [
      {
        __address__: 'agent-1:31000',
        __meta_marathon_task: 'cart.1',
        __meta_marathon_port_index: '0',
        __meta_marathon_port_mapping_label_VIP_0: '/cart:80',
      },
      { __address__: 'agent-1:9999', __meta_marathon_task: 'cart.1', __meta_marathon_port_index: '1' },
      {
        __address__: '[2001:db8::2]:31005',
        __meta_marathon_task: 'cart.2',
        __meta_marathon_port_index: '0',
        __meta_marathon_port_mapping_label_VIP_0: '/cart:80',
      },
      { __address__: '[2001:db8::2]:9999', __meta_marathon_task: 'cart.2', __meta_marathon_port_index: '1' },
    ],
  });
});

const ipAddresses = [{ ipAddress: '10.0.0.9' }, { ipAddress: 'fd00::9' }];
const portMappings = [{ containerPort: 80, hostPort: 0, labels: { a: 'b' } }];

describe('where a task is reached', () => {
  test.each([
    [
      'host network, ports chosen by Mesos',
      { portDefinitions: [{ port: 10_000, labels: { a: 'b' } }, { port: 10_001 }], tasks: [task] },
      [
        ['agent-1:31000', '0', { __meta_marathon_port_definition_label_a: 'b' }],
        ['agent-1:31001', '1', {}],
      ],
    ],
    [
      'host network, ports required',
      { requirePorts: true, portDefinitions: [{ port: 80 }, { port: 0 }], tasks: [task] },
      [
        ['agent-1:80', '0', {}],
        ['agent-1:31001', '1', {}],
      ],
    ],
    [
      'mappings before Marathon 1.5',
      { container: { docker: { portMappings } }, tasks: [{ ...task, ports: [31_000], ipAddresses }] },
      [['agent-1:31000', '0', { __meta_marathon_port_mapping_label_a: 'b' }]],
    ],
    [
      'a network of containers',
      {
        networks: [{ mode: 'container', name: 'dcos' }],
        container: { portMappings },
        tasks: [{ ...task, ipAddresses }],
      },
      [['10.0.0.9:80', '0', { __meta_marathon_port_mapping_label_a: 'b' }]],
    ],
    [
      'a network of containers, before Mesos has told the address',
      { networks: [{ mode: 'container' }], container: { portMappings }, tasks: [task] },
      [['agent-1:80', '0', { __meta_marathon_port_mapping_label_a: 'b' }]],
    ],
    [
      'ports that only the tasks know',
      { ports: [10_000], tasks: [{ id: 'staged', host: 'agent-0' }, task] },
      [
        ['agent-1:31000', '0', {}],
        ['agent-1:31001', '1', {}],
      ],
    ],
    [
      'a task without the port that Mesos chose',
      { portDefinitions: [{ port: 10_000 }], tasks: [{ id: 'staged', host: 'agent-0' }] },
      [['agent-0:0', '0', {}]],
    ],
    ['no port', { container: null, portDefinitions: null, tasks: [{ ...task, ports: null }] }, []],
    ['no task', { portDefinitions: [{ port: 1 }], tasks: [] }, []],
    ['tasks that were not sent', { portDefinitions: [{ port: 1 }] }, []],
  ])('%s', (_name, app, expected) => {
    expect(endpoints(app)).toEqual(expected);
  });
});

test('the simulation has every networking, apps without tasks and tasks without an address', () => {
  const { apps } = makeMarathonWorld({ seed: 1, apps: 200 });
  const tasks = apps.flatMap((app) => app.tasks);
  expect({
    networkings: new Set(apps.map(({ networking }) => networking)),
    noTasks: apps.some((app) => app.tasks.length === 0),
    noImage: apps.some(({ image }) => image === ''),
    noAddress: tasks.some(({ addresses }) => addresses.length === 0),
    ipv6: tasks.some(({ host }) => host.includes(':')),
    emptyLabel: apps.some(({ labels }) => labels.empty === ''),
  }).toEqual({
    networkings: new Set(networkings),
    noTasks: true,
    noImage: true,
    noAddress: true,
    ipv6: true,
    emptyLabel: true,
  });
});
