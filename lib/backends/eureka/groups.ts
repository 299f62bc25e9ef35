import {
  addressLabel,
  joinHostPort,
  type LabelSet,
  sanitizeLabelName,
  type TargetGroup,
  withoutEmpty,
} from '../../targets/group.ts';
import type { Application, Instance, Metadata } from './bodies.ts';

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
  return withoutEmpty({
    [addressLabel]: joinHostPort(instance.hostName, port?.number ?? '80'),
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
