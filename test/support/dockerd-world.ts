import { z } from 'zod';
import type { RealDockerd } from './dockerd.ts';
import { polled } from './poll.ts';

const created = z.object({ Id: z.string() });
const sleep = {
  Image: 'box:1',
  Cmd: ['busybox', 'sleep', '3600'],
  Labels: { 'com.example/x': '1 "q"', team: 'a' },
};

/** Containers in every kind of network that Docker has, published ports, and one each that is paused and not started. */
export async function fillWithContainers(dockerd: RealDockerd): Promise<void> {
  const network = (body: object) => dockerd.call('POST', '/networks/create', body);
  await network({ Name: 'back', Internal: true, Labels: { 'team.x': 'a/b', empty: '' } });
  await network({ Name: 'front' });
  const IPAM = { Config: [{ Subnet: '172.30.0.0/24' }, { Subnet: 'fd00:77::/64' }] };
  await network({ Name: 'dual', EnableIPv6: true, IPAM });

  const ports = {
    ExposedPorts: { '8080/tcp': {}, '7000/tcp': {}, '53/udp': {}, '9000/sctp': {} },
    HostConfig: {
      NetworkMode: 'front',
      PortBindings: {
        '7000/tcp': [{ HostPort: '7000' }],
        '8080/tcp': [{ HostIp: '127.0.0.1', HostPort: '9080' }],
        '53/udp': [{ HostPort: '5353' }],
      },
    },
  };
  const front = await run(dockerd, 'front', ports);
  await dockerd.call('POST', '/networks/back/connect', { Container: front });
  await run(dockerd, 'plain', {});
  await run(dockerd, 'dual', { HostConfig: { NetworkMode: 'dual' } });
  await run(dockerd, 'in-host', { HostConfig: { NetworkMode: 'host' } });
  await run(dockerd, 'in-none', { HostConfig: { NetworkMode: 'none' } });
  await run(dockerd, 'beside-front', { HostConfig: { NetworkMode: 'container:front' } });
  await run(dockerd, 'beside-that', { HostConfig: { NetworkMode: 'container:beside-front' } });
  const paused = await run(dockerd, 'paused', {});
  await dockerd.call('POST', `/containers/${paused}/pause`);
  await dockerd.call('POST', '/containers/create?name=not-started', sleep);
}

async function run(dockerd: RealDockerd, name: string, more: object): Promise<string> {
  const { Id } = created.parse(
    await dockerd.call('POST', `/containers/create?name=${name}`, { ...sleep, ...more }),
  );
  await dockerd.call('POST', `/containers/${Id}/start`);
  return Id;
}

/** A swarm of one node with services of every mode and kind of endpoint. Ends when their tasks have settled. */
export async function fillWithServices(dockerd: RealDockerd): Promise<void> {
  await dockerd.call('POST', '/swarm/init', {
    ListenAddr: '127.0.0.1:2377',
    AdvertiseAddr: '127.0.0.1:2377',
  });
  await labelNode(dockerd);
  await dockerd.call('POST', '/networks/create', {
    Name: 'mesh',
    Driver: 'overlay',
    Attachable: true,
    Labels: { mesh: 'yes' },
  });
  await run(dockerd, 'in-mesh', { HostConfig: { NetworkMode: 'mesh' } });

  const http = { Name: 'http', Protocol: 'tcp', TargetPort: 80, PublishedPort: 8081, PublishMode: 'ingress' };
  const dns = { Protocol: 'udp', TargetPort: 53, PublishedPort: 5300, PublishMode: 'ingress' };
  const inHost = {
    Name: 'metrics',
    Protocol: 'tcp',
    TargetPort: 80,
    PublishedPort: 8099,
    PublishMode: 'host',
  };
  await createService(
    dockerd,
    'web',
    { Mode: { Replicated: { Replicas: 2 } }, EndpointSpec: { Ports: [http, dns] } },
    mesh,
  );
  await createService(dockerd, 'on-node', {
    Mode: { Global: {} },
    EndpointSpec: { Ports: [inHost, dns53()] },
  });
  await createService(dockerd, 'internal', {}, mesh);
  await createService(dockerd, 'round-robin', { EndpointSpec: { Mode: 'dnsrr' } }, mesh);
  await createService(dockerd, 'alone', {});
  await createService(
    dockerd,
    'job',
    { Mode: { ReplicatedJob: {} } },
    { ContainerSpec: { ...container, Command: ['busybox', 'true'] } },
  );
  await createService(
    dockerd,
    'global-job',
    { Mode: { GlobalJob: {} } },
    { ContainerSpec: { ...container, Command: ['busybox', 'true'] } },
  );
  await createService(
    dockerd,
    'failing',
    {},
    { ContainerSpec: { ...container, Command: ['no-such-program'] } },
  );
  await createService(
    dockerd,
    'nowhere',
    {},
    { ...mesh, Placement: { Constraints: ['node.labels.disk==none'] } },
  );

  const ended = ['complete', 'complete', 'failed', 'pending'];
  const running = Array.from({ length: 6 }, () => 'running');
  await polled(async () => (await listTasks(dockerd)).sort(), [...ended, ...running]);
  await restartService(dockerd, 'internal');
  await polled(async () => (await listTasks(dockerd)).sort(), [...ended, ...running, 'shutdown']);
}

const dns53 = () => ({ Protocol: 'udp', TargetPort: 53, PublishedPort: 5301, PublishMode: 'host' });

const container = {
  Image: 'box:1',
  Command: ['busybox', 'sleep', '3600'],
  Hostname: 'app',
  // Nanoseconds until it is killed: a lone sleep does not hear that it should end.
  StopGracePeriod: 100_000_000,
  Labels: { 'c.d': 'e', empty: '' },
};

const taskTemplate = { ContainerSpec: container, RestartPolicy: { Condition: 'none' } };
const mesh = { Networks: [{ Target: 'mesh' }] };

/** A service; nothing is restarted, so that its tasks settle. */
export async function createService(
  dockerd: RealDockerd,
  name: string,
  more: object,
  task: object = {},
): Promise<void> {
  const TaskTemplate = { ...taskTemplate, ...task };
  const Labels = { 'com.docker.stack.namespace': 'shop', team: 'a' };
  await dockerd.call('POST', '/services/create', { Name: name, Labels, TaskTemplate, ...more });
}

const services = z.array(
  z.object({
    ID: z.string(),
    Version: z.object({ Index: z.int() }),
    Spec: z.record(z.string(), z.unknown()),
  }),
);

/** Replaces the service's task, and waits until Docker calls that update completed. */
async function restartService(dockerd: RealDockerd, name: string): Promise<void> {
  const find = async () => await dockerd.call('GET', `/services?filters={"name":["${name}"]}`);
  const [found] = services.parse(await find());
  const TaskTemplate = { ...taskTemplate, ...mesh, ForceUpdate: 1 };
  await dockerd.call('POST', `/services/${found?.ID}/update?version=${found?.Version.Index}`, {
    ...found?.Spec,
    TaskTemplate,
    UpdateConfig: { Parallelism: 1, Monitor: 1_000_000 },
  });
  await polled(async () => /"State":"completed"/.test(JSON.stringify(await find())), true);
}

const tasks = z.array(z.object({ Status: z.object({ State: z.string() }) }));

async function listTasks(dockerd: RealDockerd): Promise<string[]> {
  return tasks.parse(await dockerd.call('GET', '/tasks')).map(({ Status }) => Status.State);
}

const nodes = z.array(
  z.object({
    ID: z.string(),
    Version: z.object({ Index: z.int() }),
    Spec: z.record(z.string(), z.unknown()),
  }),
);

async function labelNode(dockerd: RealDockerd): Promise<void> {
  const update = async () => {
    const [node] = nodes.parse(await dockerd.call('GET', '/nodes'));
    const spec = { ...node?.Spec, Labels: { disk: 'ssd', 'a.b/c': '1' } };
    await dockerd.call('POST', `/nodes/${node?.ID}/update?version=${node?.Version.Index}`, spec);
    return 'updated';
  };
  // The new node changes by itself in its first moments, and Docker refuses to update an older version.
  await polled(() => update().catch(String), 'updated');
}
