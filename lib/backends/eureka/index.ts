import type { z } from 'zod';
import { MusterError } from '../../base/errors.ts';
import { withHttpClient } from '../../config/http-client.ts';
import type { KeyTexts } from '../../config/key-texts.ts';
import { httpSdConfig, ownFields, serverUrl } from '../../config/sd-config.ts';
import {
  type LabelSet,
  sanitizeLabelName,
  type TargetGroup,
  targetAt,
  withoutEmpty,
} from '../../targets/group.ts';
import type { Mechanism } from '../mechanism.ts';
import { otherType, parseXml, type XmlElement } from './xml.ts';

/**
 * Labels that Eureka targets carry. A `…Prefix` is followed by the name of an element, each character that a label name
 * cannot hold replaced by `_`. Source: Prometheus configuration reference, eureka_sd_config.
 */
const labels = {
  appName: '__meta_eureka_app_name',
  hostname: '__meta_eureka_app_instance_hostname',
  homepageUrl: '__meta_eureka_app_instance_homepage_url',
  statuspageUrl: '__meta_eureka_app_instance_statuspage_url',
  healthcheckUrl: '__meta_eureka_app_instance_healthcheck_url',
  ipAddr: '__meta_eureka_app_instance_ip_addr',
  vipAddress: '__meta_eureka_app_instance_vip_address',
  secureVipAddress: '__meta_eureka_app_instance_secure_vip_address',
  status: '__meta_eureka_app_instance_status',
  port: '__meta_eureka_app_instance_port',
  portEnabled: '__meta_eureka_app_instance_port_enabled',
  securePort: '__meta_eureka_app_instance_secure_port',
  securePortEnabled: '__meta_eureka_app_instance_secure_port_enabled',
  countryId: '__meta_eureka_app_instance_country_id',
  id: '__meta_eureka_app_instance_id',
  datacenterName: '__meta_eureka_app_instance_datacenterinfo_name',
  datacenterMetadataPrefix: '__meta_eureka_app_instance_datacenterinfo_metadata_',
  metadataPrefix: '__meta_eureka_app_instance_metadata_',
  /** The instance's ID, as every target's `instance`. */
  instance: 'instance',
} as const;

/** An element of `eureka_sd_configs`. Source: Prometheus configuration reference, eureka_sd_config. */
export const eurekaConfig = httpSdConfig('30s', { ...ownFields, server: serverUrl }).transform(
  withHttpClient,
);

/** One SD config after defaults and checks. */
type EurekaConfig = z.output<typeof eurekaConfig>;

/** Instances that are registered with Eureka: a group for each application that has any. */
export const eureka: Mechanism<EurekaConfig> = {
  name: 'eureka',
  configKey: 'eureka_sd_configs',
  schema: eurekaConfig,
  server: ({ server }) => server,
  async *discover(config, { openHttp, signal, onProgress }) {
    const client = await openHttp(config.http);
    const applications = await client.read(
      { url: new URL(`${config.server}/apps`), headers: { accept: 'application/xml' }, signal },
      ({ body, headers }) => readApplications(body, headers['content-type']),
    );
    const groups = buildGroups(applications);
    onProgress?.({ read: groups.length, total: groups.length });
    yield groups.filter(({ targets }) => targets.length > 0);
    return undefined;
  },
};

/** A target group for each application: a target for each of its instances, in any status. */
export function buildGroups(applications: readonly Application[]): TargetGroup[] {
  return [...Map.groupBy(applications, ({ name }) => name)].map(([name, same]) => ({
    source: name,
    labels: withoutEmpty({ [labels.appName]: name }),
    targets: same.flatMap(({ instances }) => instances.map(buildTarget)),
  }));
}

function buildTarget(instance: Instance): LabelSet {
  const { port, securePort, datacenter } = instance;
  return targetAt(instance.hostName, port?.number ?? '80', {
    [labels.instance]: instance.instanceId,
    [labels.hostname]: instance.hostName,
    [labels.homepageUrl]: instance.homePageUrl,
    [labels.statuspageUrl]: instance.statusPageUrl,
    [labels.healthcheckUrl]: instance.healthCheckUrl,
    [labels.ipAddr]: instance.ipAddr,
    [labels.vipAddress]: instance.vipAddress,
    [labels.secureVipAddress]: instance.secureVipAddress,
    [labels.status]: instance.status,
    [labels.countryId]: instance.countryId,
    [labels.id]: instance.instanceId,
    ...(port && { [labels.port]: port.number, [labels.portEnabled]: String(port.enabled) }),
    ...(securePort && {
      [labels.securePort]: securePort.number,
      [labels.securePortEnabled]: String(securePort.enabled),
    }),
    [labels.datacenterName]: datacenter.name,
    ...metadataLabels(labels.datacenterMetadataPrefix, datacenter.metadata),
    ...metadataLabels(labels.metadataPrefix, instance.metadata),
  });
}

/** Where two names become one label, the last in the answer wins. */
function metadataLabels(prefix: string, metadata: Metadata): LabelSet {
  return Object.fromEntries(metadata.map(([name, content]) => [prefix + sanitizeLabelName(name), content]));
}

/** An application and its instances: the fields that are read. */
export interface Application {
  readonly name: string;
  readonly instances: readonly Instance[];
}

/** A port as written; `0` where its element is empty. */
interface Port {
  readonly number: string;
  readonly enabled: boolean;
}

/** Elements of any name. The content includes markup and entities, as in Prometheus. */
export type Metadata = readonly (readonly [name: string, content: string])[];

/** An instance of an application; absent texts are empty. */
export interface Instance {
  readonly hostName: string;
  readonly homePageUrl: string;
  readonly statusPageUrl: string;
  readonly healthCheckUrl: string;
  readonly ipAddr: string;
  readonly vipAddress: string;
  readonly secureVipAddress: string;
  readonly status: string;
  readonly port: Port | undefined;
  readonly securePort: Port | undefined;
  readonly datacenter: { readonly name: string; readonly metadata: Metadata };
  readonly metadata: Metadata;
  readonly countryId: string;
  readonly instanceId: string;
}

/**
 * The answer to `GET /apps`. Throws `malformed` when it is not XML, or has a bad number. Source: Eureka's REST
 * operations.
 */
export function readApplications(body: Uint8Array, contentType: string | undefined): readonly Application[] {
  const root = parseXml(body, contentType);
  if (root.name !== 'applications')
    throw new MusterError(
      'malformed',
      `expected XML, got ${otherType(contentType) ?? `a document that is not Eureka's list of applications`}`,
    );
  const top = { elements: [root], path: 'applications' };
  integers(find(top, 'versions__delta'));
  return each(find(top, 'application')).map((application) => ({
    name: textOf(application, 'name'),
    instances: each(find(application, 'instance')).map(readInstance),
  }));
}

/** Elements of one name and parent. The last one counts, but the children of all count together, as in Go. */
interface Found {
  readonly elements: readonly XmlElement[];
  /** The path that errors name. */
  readonly path: string;
}

function readInstance(instance: Found): Instance {
  const datacenter = find(instance, 'dataCenterInfo');
  booleans(find(instance, 'isCoordinatingDiscoveryServer'));
  return {
    hostName: textOf(instance, 'hostName'),
    homePageUrl: textOf(instance, 'homePageUrl'),
    statusPageUrl: textOf(instance, 'statusPageUrl'),
    healthCheckUrl: textOf(instance, 'healthCheckUrl'),
    ipAddr: textOf(instance, 'ipAddr'),
    vipAddress: textOf(instance, 'vipAddress'),
    secureVipAddress: textOf(instance, 'secureVipAddress'),
    status: textOf(instance, 'status'),
    port: portOf(find(instance, 'port')),
    securePort: portOf(find(instance, 'securePort')),
    datacenter: { name: textOf(datacenter, 'name'), metadata: metadataOf(datacenter) },
    metadata: metadataOf(instance),
    countryId: integers(find(instance, 'countryId')).at(-1) ?? '0',
    instanceId: textOf(instance, 'instanceId'),
  };
}

function find({ elements, path }: Found, name: string): Found {
  const children = elements.flatMap((element) => element.children.filter((child) => child.name === name));
  return { elements: children, path: `${path}.${name}` };
}

function each({ elements, path }: Found): readonly Found[] {
  return elements.map((element, index) => ({ elements: [element], path: `${path}[${index}]` }));
}

function textOf(parent: Found, name: string): string {
  return find(parent, name).elements.at(-1)?.text ?? '';
}

function metadataOf(parent: Found): Metadata {
  const { elements } = find(parent, 'metadata');
  return elements.flatMap(({ children }) => children.map(({ name, inner }) => [name, inner] as const));
}

function portOf(port: Found): Port | undefined {
  const number = integers(port).at(-1);
  const enabled = port.elements.flatMap(({ attributes }) => attributes.get('enabled') ?? []);
  const flags = enabled.map((text) => booleanOf(text, `${port.path}.enabled`));
  return number === undefined ? undefined : { number, enabled: flags.at(-1) ?? false };
}

/** 64-bit integers in their shortest form. Throws `malformed` for other text. */
function integers({ elements, path }: Found): readonly string[] {
  return elements.map(({ text }) => {
    const digits = text.trim();
    const value = /^[+-]?\d{1,30}$/.test(digits) ? BigInt(digits.replace('+', '')) : undefined;
    if (text === '') return '0';
    if (value === undefined || BigInt.asIntN(64, value) !== value) throw unexpected(path, 'a whole number');
    return String(value);
  });
}

function booleans({ elements, path }: Found): readonly boolean[] {
  return elements.map(({ text }) => booleanOf(text, path));
}

function booleanOf(text: string, path: string): boolean {
  const word = text.trim();
  if (/^(?:1|t|T|true|TRUE|True)$/.test(word)) return true;
  if (text === '' || /^(?:0|f|F|false|FALSE|False)$/.test(word)) return false;
  throw unexpected(path, 'true or false');
}

function unexpected(path: string, what: string): MusterError {
  return new MusterError('malformed', `unexpected XML: ${path}: expected ${what}`);
}

/** The keys of `eureka_sd_configs`. */
export const eurekaTexts: KeyTexts = {
  server: ['URL of the Eureka server.', 'http://eureka.internal:8761/eureka'],
};
