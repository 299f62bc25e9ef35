import type { ZodType } from 'zod';
import { mapConcurrent } from '../../base/concurrency.ts';
import { MusterError } from '../../base/errors.ts';
import type { HttpClient } from '../../http/client.ts';
import { decodeJson } from '../../http/json.ts';
import { backendNames } from '../backend-names.ts';
import type { Mechanism } from '../mechanism.ts';
import { buildServiceGroup, raftPeers, registrationList, type ServiceName, serviceList } from './groups.ts';
import { type NomadConfig, nomadConfig } from './schema.ts';

/** Service calls under way at once. */
const concurrency = 16;
/** Services whose groups are handed on together: a long list is never held whole. */
const batchSize = 256;

/** Instances of the services that Nomad itself keeps (1.3 and later): a group for each service that has any. */
export const nomad: Mechanism<NomadConfig> = {
  name: 'nomad',
  configKey: 'nomad_sd_configs',
  schema: nomadConfig,
  incidental: ['allow_stale', 'tag_separator'],
  server: ({ server }) => server,
  async *discover(config, { openHttp, signal, onProgress }) {
    const client = await openHttp(config.http);
    const listed = await get(client, url(config, '/v1/services', config.namespace), serviceList, signal);
    const services = distinct(
      listed.flatMap(({ Namespace, Services }) =>
        Services.map(({ ServiceName }) => ({ namespace: Namespace, name: ServiceName })),
      ),
    );
    let read = 0;
    for (let start = 0; start < services.length; start += batchSize) {
      const batch = services.slice(start, start + batchSize);
      const groups = await mapConcurrent(batch, concurrency, signal, async (service, own) => {
        // Nomad lists the services of all namespaces at once, but finds one in its own alone.
        const namespace = config.namespace === everyNamespace ? service.namespace : config.namespace;
        const path = `/v1/service/${encodeURIComponent(service.name)}`;
        const instances = await get(client, url(config, path, namespace), registrationList, own);
        read += 1;
        onProgress?.({ read, total: services.length });
        return buildServiceGroup(service, instances, config.tag_separator);
      });
      yield groups.filter(({ targets }) => targets.length > 0);
    }
    return await backendNames(signal, async (own) => {
      const peersUrl = new URL(`${config.server}/v1/status/peers`);
      if (config.region !== '') peersUrl.searchParams.set('region', config.region);
      const peers = await client.getJson({ url: peersUrl, signal: own, retry: false }, raftPeers);
      return peers.map((peer) => `${config.region}/${peer}`);
    });
  },
};

const everyNamespace = '*';

function url({ server, region, allow_stale }: NomadConfig, path: string, namespace: string): URL {
  const target = new URL(server + path);
  if (region !== '') target.searchParams.set('region', region);
  if (namespace !== '') target.searchParams.set('namespace', namespace);
  if (allow_stale) target.searchParams.set('stale', '');
  return target;
}

async function get<T>(client: HttpClient, url: URL, schema: ZodType<T>, signal: AbortSignal): Promise<T> {
  const request = { url, headers: { accept: 'application/json' }, signal };
  return await client.read(request, ({ headers, body }) => {
    // A server cut off from the leader still answers stale reads, perhaps with an empty list.
    if (headers['x-nomad-knownleader'] === 'false')
      throw new MusterError(
        'unreachable',
        'Nomad has no leader, its answer may be out of date: check its servers',
      );
    return decodeJson(body, headers['content-type'], schema);
  });
}

/** Each service once, however often it is listed. */
function distinct(services: readonly ServiceName[]): readonly ServiceName[] {
  return [...new Map(services.map((service) => [`${service.namespace}/${service.name}`, service])).values()];
}
