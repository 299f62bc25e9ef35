import { describe, expect, test } from '@jest/globals';
import {
  buildNodeGroup,
  buildServiceGroup,
  buildTaskGroup,
  nodeList,
  serviceList,
  taskList,
} from '../../../lib/backends/dockerswarm/roles.ts';

const networks = new Map([['mesh', { __meta_dockerswarm_network_name: 'mesh' }]]);
const http = { Name: 'http', Protocol: 'tcp', TargetPort: 80, PublishedPort: 8080, PublishMode: 'ingress' };
const dns = { Protocol: 'udp', TargetPort: 53, PublishedPort: 53, PublishMode: 'ingress' };

const node = {
  ID: 'n1',
  Spec: { Role: 'manager', Availability: 'drain', Labels: { 'disk.type': 'ssd', empty: '' } },
  Description: {
    Hostname: 'node-1',
    Platform: { Architecture: 'x86_64', OS: 'linux' },
    Engine: { EngineVersion: '28.5.2' },
  },
  Status: { State: 'ready', Addr: 'fd00::1' },
};
const nodeLabels = {
  __meta_dockerswarm_node_address: 'fd00::1',
  __meta_dockerswarm_node_availability: 'drain',
  __meta_dockerswarm_node_hostname: 'node-1',
  __meta_dockerswarm_node_id: 'n1',
  __meta_dockerswarm_node_label_disk_type: 'ssd',
  __meta_dockerswarm_node_platform_architecture: 'x86_64',
  __meta_dockerswarm_node_platform_os: 'linux',
  __meta_dockerswarm_node_role: 'manager',
  __meta_dockerswarm_node_status: 'ready',
};

/** A service as Docker sends it, with other keys. */
function service(Endpoint: object | null, spec: object = {}, more: object = {}) {
  const container = { ContainerSpec: { Image: 'app:1', Hostname: 'h' } };
  const Spec = {
    Name: 'web',
    Labels: { 'a.b': '1' },
    Mode: { Global: {} },
    TaskTemplate: container,
    ...spec,
  };
  return { ID: 's1', Spec, Endpoint, ...more };
}
const serviceLabels = {
  __meta_dockerswarm_service_id: 's1',
  __meta_dockerswarm_service_label_a_b: '1',
  __meta_dockerswarm_service_mode: 'global',
  __meta_dockerswarm_service_name: 'web',
};

function readService(body: object) {
  const [read] = serviceList.parse([body]);
  if (read === undefined) throw new Error('one went in');
  return read;
}

const serviceGroup = (body: object) => buildServiceGroup(readService(body), networks, 9100);
const addresses = (group: { targets: readonly { __address__?: string }[] }) =>
  group.targets.map(({ __address__ }) => __address__);

describe('a node', () => {
  test.each([
    ['a worker', {}, {}],
    [
      'a manager',
      { ManagerStatus: { Reachability: 'reachable', Addr: '[fd00::1]:2377' } },
      {
        __meta_dockerswarm_node_manager_address: '[fd00::1]:2377',
        __meta_dockerswarm_node_manager_leader: 'false',
        __meta_dockerswarm_node_manager_reachability: 'reachable',
      },
    ],
  ])('%s has every label', (_name, more, labels) => {
    const groups = nodeList.parse([{ ...node, ...more }]).map((read) => buildNodeGroup(read, 9100));
    expect(groups).toEqual([
      {
        source: 'n1',
        labels: { ...nodeLabels, __meta_dockerswarm_node_engine_version: '28.5.2', ...labels },
        targets: [{ __address__: '[fd00::1]:9100' }],
      },
    ]);
  });
});

describe('a service', () => {
  const mesh = { NetworkID: 'mesh', Addr: '10.0.1.2/24' };
  const strange = { NetworkID: 'gone', Addr: 'FD00::0:2/64' };

  test('has every label, and each TCP port at each virtual IP', () => {
    const Endpoint = {
      Ports: [http, dns, { ...http, Name: '', PublishedPort: 81 }],
      VirtualIPs: [mesh, strange],
    };
    const group = serviceGroup(service(Endpoint, {}, { UpdateStatus: { State: 'updating' } }));
    const mode = { __meta_dockerswarm_service_endpoint_port_publish_mode: 'ingress' };
    const named = { ...mode, __meta_dockerswarm_service_endpoint_port_name: 'http' };
    expect(group).toEqual({
      source: 's1',
      labels: {
        ...serviceLabels,
        __meta_dockerswarm_service_task_container_hostname: 'h',
        __meta_dockerswarm_service_task_container_image: 'app:1',
        __meta_dockerswarm_service_updating_status: 'updating',
      },
      targets: [
        { __address__: '10.0.1.2:8080', __meta_dockerswarm_network_name: 'mesh', ...named },
        { __address__: '10.0.1.2:81', __meta_dockerswarm_network_name: 'mesh', ...mode },
        { __address__: '[fd00::2]:8080', ...named },
        { __address__: '[fd00::2]:81', ...mode },
      ],
    });
  });

  test.each<[string, object | null, string[]]>([
    ['no TCP port', { Ports: [dns], VirtualIPs: [mesh] }, ['10.0.1.2:9100']],
    ['no port at all', { VirtualIPs: [mesh] }, ['10.0.1.2:9100']],
    [
      "an IP which the host's network does not give",
      { VirtualIPs: [{ NetworkID: 'host' }, mesh] },
      ['10.0.1.2:9100'],
    ],
    ['ports of the nodes alone', { Ports: [{ ...http, PublishMode: 'host' }] }, []],
    ['DNS round robin', { Spec: {} }, []],
    ['nothing', null, []],
  ])('with %s', (_name, Endpoint, expected) => {
    expect(addresses(serviceGroup(service(Endpoint)))).toEqual(expected);
  });

  test.each([
    [{ Replicated: { Replicas: 2 } }, 'replicated'],
    [{ Global: {} }, 'global'],
    [{ ReplicatedJob: {} }, undefined],
    [{ Global: null, Replicated: {} }, 'replicated'],
  ])('of mode %j is %s', (Mode, mode) => {
    expect(serviceGroup(service(null, { Mode })).labels.__meta_dockerswarm_service_mode).toBe(mode);
  });

  test('that runs a plugin has no image', () => {
    const TaskTemplate = { Runtime: 'plugin', PluginSpec: { Name: 'volumes' } };
    expect(serviceGroup(service({ VirtualIPs: [mesh] }, { TaskTemplate }))).toEqual({
      source: 's1',
      labels: serviceLabels,
      targets: [{ __address__: '10.0.1.2:9100', __meta_dockerswarm_network_name: 'mesh' }],
    });
  });

  test('with an address that is none is refused, with the path', () => {
    const Endpoint = { VirtualIPs: [mesh, { NetworkID: 'mesh', Addr: '10.0.1.2' }] };
    const { error } = serviceList.safeParse([service(Endpoint)]);
    expect(error?.issues.map(({ path, message }) => [path.join('.'), message])).toEqual([
      ['0.Endpoint.VirtualIPs.1.Addr', 'expected an address such as 10.0.1.4/24'],
    ]);
  });
});

describe('a task', () => {
  const task = {
    ID: 't1',
    ServiceID: 's1',
    NodeID: 'n1',
    DesiredState: 'running',
    Spec: { ContainerSpec: { Labels: { 'c.d': 'e' } } },
    Status: { State: 'running', ContainerStatus: { ContainerID: 'c1' }, PortStatus: {} },
  };
  const own = {
    __meta_dockerswarm_container_label_c_d: 'e',
    __meta_dockerswarm_task_container_id: 'c1',
    __meta_dockerswarm_task_desired_state: 'running',
    __meta_dockerswarm_task_id: 't1',
    __meta_dockerswarm_task_slot: '0',
    __meta_dockerswarm_task_state: 'running',
  };

  /** The group of the task in a swarm of one node whose service has these ports. */
  function taskGroup(more: object, ports: readonly object[] = []) {
    const [read] = taskList.parse([{ ...task, ...more }]);
    if (read === undefined) throw new Error('one went in');
    const nodes = new Map(nodeList.parse([node]).map((each) => [each.ID, each]));
    const services = new Map([['s1', readService(service({ Ports: ports }))]]);
    return buildTaskGroup(read, { services, nodes, networks, port: 9100 });
  }
  const attached = (ID: string, ...Addresses: readonly string[]) => ({ Network: { ID }, Addresses });

  test('has every label, its ports on the node, and its addresses with the ports of its service', () => {
    const PortStatus = { Ports: [{ ...http, PublishMode: 'host' }, dns] };
    const NetworksAttachments = [attached('mesh', '10.0.1.7/24', '10.0.1.8/24')];
    const more = { Slot: 3, NetworksAttachments, Status: { ...task.Status, PortStatus } };
    const inMesh = {
      __meta_dockerswarm_network_name: 'mesh',
      __meta_dockerswarm_task_port_publish_mode: 'ingress',
    };
    expect(taskGroup(more, [http, dns])).toEqual({
      source: 't1',
      labels: { ...own, ...serviceLabels, ...nodeLabels, __meta_dockerswarm_task_slot: '3' },
      targets: [
        { __address__: '[fd00::1]:8080', __meta_dockerswarm_task_port_publish_mode: 'host' },
        { __address__: '10.0.1.7:8080', ...inMesh },
        { __address__: '10.0.1.8:8080', ...inMesh },
      ],
    });
  });

  test('without published TCP ports has the configured one at its addresses', () => {
    const NetworksAttachments = [attached('mesh', '10.0.1.7/24'), attached('host'), { Network: { ID: 'x' } }];
    expect(addresses(taskGroup({ NetworksAttachments }, [dns]))).toEqual(['10.0.1.7:9100']);
    expect(addresses(taskGroup({}, [http]))).toEqual([]);
  });

  test('that waits for a node, and whose service is gone, has labels of its own alone', () => {
    const more = { NodeID: undefined, ServiceID: 'gone', Spec: {}, Status: { State: 'pending' } };
    expect(taskGroup({ ...more, NetworksAttachments: [attached('gone', '10.0.1.7/24')] })).toEqual({
      source: 't1',
      labels: {
        __meta_dockerswarm_task_desired_state: 'running',
        __meta_dockerswarm_task_id: 't1',
        __meta_dockerswarm_task_slot: '0',
        __meta_dockerswarm_task_state: 'pending',
      },
      targets: [{ __address__: '10.0.1.7:9100' }],
    });
  });
});

test('what is null or left out is what Go makes of nothing', () => {
  const bare = { __meta_dockerswarm_service_id: 's' };
  for (const more of [{}, { Spec: null, Endpoint: null }, { Spec: { Mode: null, TaskTemplate: null } }])
    expect(serviceGroup({ ID: 's', ...more })).toEqual({ source: 's', labels: bare, targets: [] });
  const [task] = taskList.parse([{ ID: 't', Spec: null, Status: null, NetworksAttachments: [null] }]);
  const context = { services: new Map(), nodes: new Map(), networks, port: 1 };
  expect(task && buildTaskGroup(task, context)).toEqual({
    source: 't',
    labels: { __meta_dockerswarm_task_id: 't', __meta_dockerswarm_task_slot: '0' },
    targets: [],
  });
  const [empty] = nodeList.parse([{ ID: 'n', Spec: null, Status: null, Description: { Platform: null } }]);
  expect(empty && buildNodeGroup(empty, 9)).toEqual({
    source: 'n',
    labels: { __meta_dockerswarm_node_id: 'n' },
    targets: [{ __address__: ':9' }],
  });
});
