import {
  addressLabel,
  joinHostPort,
  type LabelSet,
  sanitizeLabelName,
  type TargetGroup,
  withoutEmpty,
} from '../../targets/group.ts';
import type { Application, Instance, Metadata } from './bodies.ts';
import { labels } from './labels.ts';

/** A target group for each application: a target for each of its instances, whatever their status. */
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

/** Of names that become one the last in the answer wins. */
function metadataLabels(prefix: string, metadata: Metadata): LabelSet {
  return Object.fromEntries(metadata.map(([name, content]) => [prefix + sanitizeLabelName(name), content]));
}
