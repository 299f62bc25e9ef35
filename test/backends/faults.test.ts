import { consul } from '../../lib/backends/consul/index.ts';
import { startConsulFleet } from '../../lib/fleet/consul.ts';
import { listTargets } from '../support/discover.ts';
import { canary, describeFaults } from './faults.ts';

// A row for each backend with an HTTP API.

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
