import { setTimeout as sleep } from 'node:timers/promises';
import { type ConsulWorld, consulRegistrations } from '../../lib/sim/consul-world.ts';
import { startProcess } from './process.ts';
import { requireProgram } from './programs.ts';

/** A real Consul agent, its own server, with an empty catalog but for itself. */
export interface RealConsul {
  /** `http://127.0.0.1:<port>` */
  readonly url: string;
  /** `127.0.0.1:<port>` */
  readonly host: string;
  /** Puts a world's nodes and instances into the catalog; what is there already stays, or is changed. */
  register(world: ConsulWorld): Promise<void>;
  /** Takes instances out of the catalog, and their checks with them. */
  deregister(instances: readonly { readonly node: string; readonly id: string }[]): Promise<void>;
  /** The JSON of a GET, e.g. of `/v1/health/service/web`. */
  get(path: string): Promise<unknown>;
  stop(): Promise<void>;
}

/** Starts Consul in memory, on loopback alone; ends when it has elected itself and is in its own catalog. */
export async function startConsul(): Promise<RealConsul> {
  const running = await startProcess({
    command: requireProgram('consul'),
    ports: 4,
    args: ([http, server, lan, wan]) => [
      ...['agent', '-dev', '-node=agent', '-bind=127.0.0.1', '-client=127.0.0.1'],
      ...[`-http-port=${http}`, `-server-port=${server}`, `-serf-lan-port=${lan}`, `-serf-wan-port=${wan}`],
      ...['-dns-port=-1', '-grpc-port=-1', '-disable-host-node-id', '-log-level=warn'],
      ...['-hcl', 'disable_update_check = true'],
    ],
    ready: ([http]) => `http://127.0.0.1:${http}/v1/catalog/services`,
  });
  const host = `127.0.0.1:${running.ports[0]}`;
  const url = `http://${host}`;

  const put = async (path: string, body: object) => {
    const response = await fetch(url + path, { method: 'PUT', body: JSON.stringify(body) });
    const answer = await response.text();
    if (!response.ok) throw new Error(`PUT ${path}: ${response.status} ${answer}`);
  };
  const get = async (path: string): Promise<unknown> => {
    const response = await fetch(url + path);
    if (!response.ok) throw new Error(`GET ${path}: ${response.status} ${await response.text()}`);
    return await response.json();
  };

  while (JSON.stringify(await get('/v1/health/service/consul?passing')) === '[]') await sleep(50);
  return {
    url,
    host,
    async register(world) {
      for (const registration of consulRegistrations(world)) await put('/v1/catalog/register', registration);
    },
    async deregister(instances) {
      for (const { node, id } of instances)
        await put('/v1/catalog/deregister', { Node: node, ServiceID: id });
    },
    get,
    stop: () => running.stop(),
  };
}
