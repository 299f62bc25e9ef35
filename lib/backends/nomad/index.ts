import type { ZodType } from 'zod';
import * as z from 'zod';
import { MusterError } from '../../base/errors.ts';
import * as field from '../../config/fields.ts';
import { withHttpClient } from '../../config/http-client.ts';
import type { KeyTexts } from '../../config/key-texts.ts';
import { httpSdConfig, ownFields, serverUrl } from '../../config/sd-config.ts';
import type { HttpClient } from '../../http/client.ts';
import { decodeJson, intField, listBody, listField, structField, textField } from '../../http/json.ts';
import { type LabelSet, type TargetGroup, targetAt } from '../../targets/group.ts';
import { backendNames, listEach } from '../listing.ts';
import type { Mechanism } from '../mechanism.ts';

/** Labels that Nomad targets carry. Source: Prometheus configuration reference, nomad_sd_config. */
const labels = {
  address: '__meta_nomad_address',
  datacenter: '__meta_nomad_dc',
  namespace: '__meta_nomad_namespace',
  nodeId: '__meta_nomad_node_id',
  service: '__meta_nomad_service',
  serviceAddress: '__meta_nomad_service_address',
  serviceId: '__meta_nomad_service_id',
  servicePort: '__meta_nomad_service_port',
  tags: '__meta_nomad_tags',
} as const;

/** An element of `nomad_sd_configs`. Source: Prometheus configuration reference, nomad_sd_config. */
export const nomadConfig = httpSdConfig('1m', {
  ...ownFields,
  allow_stale: field.bool(true),
  namespace: field.text('default'),
  region: field.text('global'),
  server: serverUrl.prefault('http://localhost:4646'),
  tag_separator: field.text(','),
}).transform(withHttpClient);

/** One SD config after defaults and checks. */
type NomadConfig = z.output<typeof nomadConfig>;

/** Instances of the services that Nomad itself keeps, since 1.3: a group for each service that has any. */
export const nomad: Mechanism<NomadConfig> = {
  name: 'nomad',
  configKey: 'nomad_sd_configs',
  schema: nomadConfig,
  incidental: ['allow_stale', 'tag_separator'],
  server: ({ server }) => server,
  async *discover(config, input) {
    const { signal } = input;
    const client = await input.openHttp(config.http);
    const listed = await get(client, url(config, '/v1/services', config.namespace), serviceList, signal);
    const services = distinct(
      listed.flatMap(({ Namespace, Services }) =>
        Services.map(({ ServiceName }) => ({ namespace: Namespace, name: ServiceName })),
      ),
    );
    yield* listEach(services, input, async (service, own) => {
      // Nomad lists the services of all namespaces at once, but finds a service only in its own.
      const namespace = config.namespace === everyNamespace ? service.namespace : config.namespace;
      const path = `/v1/service/${encodeURIComponent(service.name)}`;
      const instances = await get(client, url(config, path, namespace), registrationList, own);
      return buildServiceGroup(service, instances, config.tag_separator);
    });
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
    // A server without a leader still answers stale reads, perhaps with an empty list.
    if (headers['x-nomad-knownleader'] === 'false')
      throw new MusterError(
        'unreachable',
        'Nomad has no leader, so its answer may be out of date: check its servers',
      );
    return decodeJson(body, headers['content-type'], schema);
  });
}

/** Each service once, however often it is listed. */
function distinct(services: readonly ServiceName[]): readonly ServiceName[] {
  return [...new Map(services.map((service) => [`${service.namespace}/${service.name}`, service])).values()];
}

/** The name of a service in Nomad. */
export interface ServiceName {
  readonly namespace: string;
  readonly name: string;
}

/** The target group of one service: a target for each instance. */
export function buildServiceGroup(
  { namespace, name }: ServiceName,
  registrations: readonly Registration[],
  tagSeparator: string,
): TargetGroup {
  return {
    source: `${namespace}/${name}`,
    labels: {},
    targets: registrations.map((registration) => buildTarget(registration, tagSeparator)),
  };
}

function buildTarget(registration: Registration, separator: string): LabelSet {
  const { Address, Port, Tags } = registration;
  return targetAt(Address, Port, {
    [labels.address]: Address,
    [labels.datacenter]: registration.Datacenter,
    [labels.namespace]: registration.Namespace,
    [labels.nodeId]: registration.NodeID,
    [labels.service]: registration.ServiceName,
    [labels.serviceAddress]: Address,
    [labels.serviceId]: registration.ID,
    [labels.servicePort]: String(Port),
    // Separators at both ends, so that a rule can match `,tag,` anywhere in the list.
    [labels.tags]: Tags.length === 0 ? '' : separator + Tags.join(separator) + separator,
  });
}

const service = z.object({ ServiceName: z.string().min(1) });

/** `GET /v1/services`: the names of the services, by namespace. Source: Nomad's API documentation, Services. */
export const serviceList = listBody(structField({ Namespace: textField, Services: listField(service) }));

const registration = z.object({
  ID: textField,
  ServiceName: textField,
  Namespace: textField,
  NodeID: textField,
  Datacenter: textField,
  Tags: listField(textField),
  Address: textField,
  Port: intField,
});

/** `GET /v1/service/:name`: the instances of a service. */
export const registrationList = listBody(registration);

/** An instance of a service. */
export type Registration = z.infer<typeof registration>;

/** `GET /v1/status/peers`: addresses of the region's servers. */
export const raftPeers = listBody(z.string().min(1));

/** The keys of `nomad_sd_configs`. */
export const nomadTexts: KeyTexts = {
  server: ['URL of the Nomad server.', 'http://nomad.internal:4646'],
  namespace: ['Namespace to list; `*` for all.', 'web'],
  region: ['Region to list.', 'eu'],
  tag_separator: ['Separator of the tags in `__meta_nomad_tags`.', ','],
  allow_stale: ['Let any server answer, not only the leader.', false],
};
