import { ec2 } from '../../lib/backends/aws/ec2.ts';
import { msk } from '../../lib/backends/aws/msk.ts';
import { consul } from '../../lib/backends/consul/index.ts';
import { docker } from '../../lib/backends/docker/index.ts';
import { dockerswarm } from '../../lib/backends/dockerswarm/index.ts';
import { eureka } from '../../lib/backends/eureka/index.ts';
import { http } from '../../lib/backends/http/index.ts';
import { marathon } from '../../lib/backends/marathon/index.ts';
import { nomad } from '../../lib/backends/nomad/index.ts';
import { swarm } from '../../lib/backends/swarm/index.ts';
import { startConsulFleet } from '../../lib/sim/consul.ts';
import { startMarathonFleet } from '../../lib/sim/marathon.ts';
import { startDockerFleet } from '../sim/docker.ts';
import { startEurekaFleet } from '../sim/eureka.ts';
import { startHttpFleet } from '../sim/http.ts';
import { startNomadFleet } from '../sim/nomad.ts';
import { startSwarmFleet } from '../sim/swarm.ts';
import { listTargets } from '../support/discover.ts';
import { stanzaFor, startAwsApi } from './aws/api.ts';
import { canary, describeFaults } from './faults.ts';

// A row for each backend with an HTTP API.

const awsKeys = { access_key: canary, secret_key: canary };

describeFaults(
  'ec2',
  async () => {
    const api = await startAwsApi(({ action, input }) => {
      if (action !== 'DescribeInstances') return { body: { 'availabilityZoneInfo item': [] } };
      const isSecond = input.includes('NextToken=2');
      const instance = { instanceId: isSecond ? 'i-2' : 'i-1', privateIpAddress: '10.0.0.1' };
      const nextToken = isSecond ? undefined : '2';
      return { body: { 'reservationSet item': [{ 'instancesSet item': [instance] }], nextToken } };
    });
    return {
      server: api.server,
      list: (url, options) => listTargets(ec2, { ...stanzaFor(api, awsKeys), endpoint: url }, options),
      middle: ({ body }) => body.includes('NextToken=2'),
      middlePath: '/',
      wrong: {
        body: '<DescribeInstancesResponse><reservationSet><item><instancesSet><item><imageId>a</imageId></item></instancesSet></item></reservationSet></DescribeInstancesResponse>',
        path: 'Reservations[0].Instances[0].InstanceId',
      },
    };
  },
  'XML',
);

describeFaults('msk', async () => {
  const clusters = ['a', 'b'].map((name) => ({ clusterArn: `arn:aws:kafka:x:1:cluster/${name}/1` }));
  const api = await startAwsApi(({ action }) => ({
    body: action.endsWith('/nodes')
      ? { nodeInfoList: [{ nodeARN: action, brokerNodeInfo: { endpoints: ['b'] } }] }
      : { clusterInfoList: clusters },
  }));
  const middlePath = `/v1/clusters/${encodeURIComponent('arn:aws:kafka:x:1:cluster/b/1')}/nodes`;
  return {
    server: api.server,
    list: (url, options) => listTargets(msk, { ...stanzaFor(api, awsKeys), endpoint: url }, options),
    middle: ({ path }) => path === middlePath,
    middlePath,
    wrong: { value: { nodeInfoList: [{ nodeARN: 7 }] }, path: 'NodeInfoList[0].NodeARN' },
  };
});

describeFaults('consul', async () => {
  const server = await startConsulFleet({ seed: 'faults', services: 40, instances: 60, token: canary });
  return {
    server,
    list: (url, options) => listTargets(consul, { server: url, token: canary, password: canary }, options),
    middle: ({ path }) => path.endsWith('/service-30'),
    middlePath: '/v1/health/service/service-30',
    wrong: {
      value: [{ Node: { Node: 'n', Address: 'a' }, Service: { ID: 'x', Port: '80' } }],
      path: '[0].Service.Port',
    },
  };
});

describeFaults('docker', async () => {
  const server = await startDockerFleet({ seed: 'faults', containers: 40 });
  return {
    server,
    list: (url, options) => listTargets(docker, { host: url, bearer_token: canary }, options),
    middle: ({ path }) => path === '/v1.41/networks',
    middlePath: '/v1.41/networks',
    wrong: { value: [{ Id: 'n', Name: 'back', Internal: 'yes' }], path: '[0].Internal' },
  };
});

describeFaults('dockerswarm', async () => {
  const server = await startDockerFleet({ seed: 'faults', containers: 0, services: 40, nodes: 5 });
  const basic_auth = { username: canary, password: canary };
  return {
    server,
    list: (url, options) => listTargets(dockerswarm, { host: url, role: 'tasks', basic_auth }, options),
    middle: ({ path }) => path === '/v1.41/services',
    middlePath: '/v1.41/services',
    wrong: {
      value: [
        { ID: 's', Spec: { Mode: {}, TaskTemplate: {} }, Endpoint: { Ports: [{ PublishedPort: '80' }] } },
      ],
      path: '[0].Endpoint.Ports[0].PublishedPort',
    },
  };
});

describeFaults(
  'eureka',
  async () => {
    const server = await startEurekaFleet({ seed: 'faults', applications: 40, token: canary });
    return {
      server,
      list: (url, options) => listTargets(eureka, { server: `${url}/eureka`, bearer_token: canary }, options),
      middle: ({ path }) => path === '/eureka/apps',
      middlePath: '/eureka/apps',
      wrong: {
        body: '<applications><application/><application><instance><port>x</port></instance></application></applications>',
        path: 'applications.application[1].instance[0].port',
      },
    };
  },
  'XML',
);

describeFaults('http', async () => {
  const server = await startHttpFleet({ seed: 'faults', groups: 40, token: canary });
  return {
    server,
    list: (url, options) => listTargets(http, { url: `${url}/v1/targets`, bearer_token: canary }, options),
    middle: ({ path }) => path === '/v1/targets',
    middlePath: '/v1/targets',
    wrong: { value: [{ targets: ['a:80', 80] }], path: '[0].targets[1]' },
  };
});

describeFaults('marathon', async () => {
  const server = await startMarathonFleet({ seed: 'faults', apps: 40, token: canary });
  return {
    server,
    list: (url, options) => listTargets(marathon, { servers: [url], auth_token: canary }, options),
    middle: ({ path }) => path === '/v2/apps',
    middlePath: '/v2/apps',
    wrong: {
      value: { apps: [{ id: '/a', tasks: [{ id: 't', host: 'h', ports: [80, '81'] }] }] },
      path: 'apps[0].tasks[0].ports[1]',
    },
  };
});

describeFaults('nomad', async () => {
  const server = await startNomadFleet({ seed: 'faults', services: 40, token: canary });
  const middlePath = `/v1/service/${server.world().registrations.find(({ Namespace }) => Namespace === 'default')?.ServiceName}`;
  return {
    server,
    list: (url, options) =>
      listTargets(nomad, { server: url, authorization: { credentials: canary } }, options),
    middle: ({ path }) => path === middlePath,
    middlePath,
    wrong: { value: [{ ServiceName: 's', Port: '80' }], path: '[0].Port' },
  };
});

describeFaults('swarm', async () => {
  const server = await startSwarmFleet({ seed: 'faults', nodes: 40 });
  const basic_auth = { username: canary, password: canary };
  return {
    server,
    list: (url, options) => listTargets(swarm, { masters: [url], basic_auth }, options),
    middle: ({ path }) => path === '/info',
    middlePath: '/info',
    wrong: {
      value: {
        SystemStatus: [
          ['Nodes', '1'],
          [' a', 7],
        ],
      },
      path: 'SystemStatus[1][1]',
    },
  };
});
