import { MusterError } from '../base/errors.ts';
import {
  authorizationKeys,
  credentialKeys,
  type Keys,
  present,
  protocolKeys,
  proxyKeys,
  tlsKeys,
} from './http.ts';
import {
  classAndOwnRules,
  finished,
  honorKeys,
  honorTimestamps,
  type Job,
  type JobInput,
  limitAndFormatKeys,
  metricRules,
  sizeLimit,
  unlessBlank,
} from './job-keys.ts';
import type {
  IngressTargets,
  MonitorName,
  NamespaceSelector,
  PodEndpoint,
  PodMonitorSpec,
  ProbeSpec,
  ScrapeClass,
  ServiceEndpoint,
  ServiceMonitorSpec,
  StaticTargets,
} from './resources.ts';
import {
  copyLabel,
  copyLabels,
  dropEnded,
  keepJobName,
  literalPattern,
  type Rule,
  selectorRules,
  selectorText,
  shardRules,
} from './rules.ts';
import { isSince, scrapeClassOf, type Translation } from './settings.ts';

/** The job of one endpoint of a ServiceMonitor. */
export function serviceMonitorJob(
  spec: ServiceMonitorSpec,
  endpoint: ServiceEndpoint,
  index: number,
  input: JobInput,
): Job {
  const { monitor, translation, http } = input;
  const { settings } = translation;
  const scrapeClass = scrapeClassOf(settings, spec.scrapeClass);
  const wanted = spec.serviceDiscoveryRole ?? settings.serviceDiscoveryRole;
  const isSlice = wanted === 'EndpointSlice' && isSince(settings, '2.21.0');
  const role = isSlice ? 'endpointslice' : 'endpoints';
  return finished({
    job_name: `serviceMonitor/${monitor.namespace}/${monitor.name}/${index}`,
    ...honorKeys(translation, endpoint),
    ...discovery(input, {
      role,
      roles: [role, 'service'],
      spec,
      scrapeClass,
      attachSince: '2.37.0',
    }),
    ...scrapeKeys(endpoint),
    ...protocolKeys(http, endpoint),
    ...proxyKeys(http, endpoint),
    ...tlsKeys(http, endpoint.tlsConfig, scrapeClass),
    ...credentialKeys(http, endpoint, endpoint.bearerTokenFile),
    ...authorizationKeys(http, unlessBlank(endpoint.authorization), scrapeClass),
    relabel_configs: [
      keepJobName,
      ...namespaceRules(translation, monitor, spec.namespaceSelector),
      ...(isRelabelled(spec) ? selectorRules('service', spec.selector) : []),
      ...servicePortRules(endpoint, isSlice),
      ...servicedLabels(isSlice),
      ...(endpoint.filterRunning === false ? [] : [dropEnded]),
      ...copyLabels('service', spec.targetLabels),
      ...copyLabels('pod', [...spec.podTargetLabels, ...settings.podTargetLabels]),
      { source_labels: ['__meta_kubernetes_service_name'], target_label: 'job', replacement: '${1}' },
      ...jobLabelRules('service', spec.jobLabel),
      ...endpointRules(endpoint),
      ...classAndOwnRules(input, scrapeClass, endpoint.relabelings),
      ...shardRules(translation.shard, '__address__'),
    ],
    ...limitAndFormatKeys(translation, spec, scrapeClass),
    body_size_limit: sizeLimit(translation, spec.bodySizeLimit),
    ...metricRules(input, scrapeClass, endpoint.metricRelabelings),
  });
}

/** The job of one endpoint of a PodMonitor. */
export function podMonitorJob(
  spec: PodMonitorSpec,
  endpoint: PodEndpoint,
  index: number,
  input: JobInput,
): Job {
  const { monitor, translation, http } = input;
  const { settings } = translation;
  const scrapeClass = scrapeClassOf(settings, spec.scrapeClass);
  return finished({
    job_name: `podMonitor/${monitor.namespace}/${monitor.name}/${index}`,
    ...honorKeys(translation, endpoint),
    ...discovery(input, { role: 'pod', roles: ['pod'], spec, scrapeClass, attachSince: '2.35.0' }),
    ...scrapeKeys(endpoint),
    ...protocolKeys(http, endpoint),
    ...tlsKeys(http, unlessBlank(endpoint.tlsConfig), scrapeClass),
    ...credentialKeys(http, endpoint),
    ...proxyKeys(http, endpoint),
    ...authorizationKeys(http, unlessBlank(endpoint.authorization), scrapeClass),
    relabel_configs: [
      keepJobName,
      ...namespaceRules(translation, monitor, spec.namespaceSelector),
      ...(endpoint.filterRunning === false ? [] : [dropEnded]),
      ...(isRelabelled(spec) ? selectorRules('pod', spec.selector) : []),
      ...podPortRules(endpoint),
      { source_labels: ['__meta_kubernetes_namespace'], target_label: 'namespace' },
      { source_labels: ['__meta_kubernetes_pod_container_name'], target_label: 'container' },
      { source_labels: ['__meta_kubernetes_pod_name'], target_label: 'pod' },
      ...copyLabels('pod', [...spec.podTargetLabels, ...settings.podTargetLabels]),
      { target_label: 'job', replacement: `${monitor.namespace}/${monitor.name}` },
      ...jobLabelRules('pod', spec.jobLabel),
      ...endpointRules(endpoint),
      ...classAndOwnRules(input, scrapeClass, endpoint.relabelings),
      ...shardRules(translation.shard, '__address__'),
    ],
    ...limitAndFormatKeys(translation, spec, scrapeClass),
    body_size_limit: sizeLimit(translation, spec.bodySizeLimit),
    ...metricRules(input, scrapeClass, endpoint.metricRelabelings),
  });
}

/** The job of a Probe. Static targets come before an ingress. Throws `config` for a Probe without either. */
export function probeJob(spec: ProbeSpec, input: JobInput): Job {
  const { monitor, translation, http } = input;
  const { prober, targets } = spec;
  const scrapeClass = scrapeClassOf(translation.settings, spec.scrapeClass);
  const probed = probedTargets(targets, input, scrapeClass, input.addressAt(prober.url, 'prober.url'));
  const params = [
    ...(spec.module === '' ? [] : [['module', [spec.module]]]),
    ...spec.params
      .filter(({ name }) => spec.module === '' || name !== 'module')
      .map(({ name, values }) => [name, values]),
  ];
  return finished({
    job_name: `probe/${monitor.namespace}/${monitor.name}`,
    ...honorTimestamps(translation, true),
    metrics_path: prober.path || '/probe',
    scrape_interval: spec.interval || undefined,
    scrape_timeout: spec.scrapeTimeout || undefined,
    scheme: prober.scheme?.toLowerCase(),
    params: params.length > 0 ? Object.fromEntries(params) : undefined,
    ...limitAndFormatKeys(translation, spec, scrapeClass),
    body_size_limit: sizeLimit(translation, ''),
    ...proxyKeys(http, prober),
    ...protocolKeys(http, spec),
    ...tlsKeys(http, unlessBlank(spec.tlsConfig), scrapeClass),
    ...probed.discovery,
    relabel_configs: [
      keepJobName,
      ...(spec.jobName === '' ? [] : [{ target_label: 'job', replacement: spec.jobName }]),
      ...probed.rules,
      ...shardRules(translation.shard, '__param_target'),
    ],
    ...credentialKeys(http, spec),
    ...authorizationKeys(http, unlessBlank(spec.authorization), scrapeClass),
    ...metricRules(input, scrapeClass, spec.metricRelabelings),
  });
}

interface Probed {
  readonly discovery: Keys;
  readonly rules: readonly Rule[];
}

function probedTargets(
  { staticConfig, ingress }: ProbeSpec['targets'],
  input: JobInput,
  scrapeClass: ScrapeClass | undefined,
  prober: string,
): Probed {
  if (staticConfig !== undefined) return staticProbe(staticConfig, input, scrapeClass, prober);
  if (ingress !== undefined) return ingressProbe(ingress, input, scrapeClass, prober);
  throw new MusterError('config', 'targets: one of staticConfig and ingress is needed');
}

function staticProbe(
  { static: targets, labels, relabelingConfigs }: StaticTargets,
  input: JobInput,
  scrapeClass: ScrapeClass | undefined,
  prober: string,
): Probed {
  const own = Object.fromEntries([['namespace', input.monitor.namespace], ...labels]);
  return {
    discovery: { static_configs: [{ targets, labels: own }] },
    rules: [
      { source_labels: ['__address__'], target_label: '__param_target' },
      { source_labels: ['__param_target'], target_label: 'instance' },
      { target_label: '__address__', replacement: prober },
      ...classAndOwnRules(input, scrapeClass, relabelingConfigs),
    ],
  };
}

function ingressProbe(
  { selector, namespaceSelector, relabelingConfigs }: IngressTargets,
  input: JobInput,
  scrapeClass: ScrapeClass | undefined,
  prober: string,
): Probed {
  const { translation, monitor } = input;
  return {
    discovery: {
      kubernetes_sd_configs: [
        {
          role: 'ingress',
          ...translation.connection,
          ...namespaceKeys(translation, monitor, namespaceSelector),
        },
      ],
    },
    rules: [
      ...namespaceRules(translation, monitor, namespaceSelector),
      ...selectorRules('ingress', selector),
      {
        source_labels: ['__meta_kubernetes_ingress_scheme', '__address__', '__meta_kubernetes_ingress_path'],
        separator: ';',
        regex: '(.+);(.+);(.+)',
        target_label: '__param_target',
        replacement: '${1}://${2}${3}',
        action: 'replace',
      },
      { source_labels: ['__meta_kubernetes_namespace'], target_label: 'namespace' },
      { source_labels: ['__meta_kubernetes_ingress_name'], target_label: 'ingress' },
      {
        source_labels: ['__address__'],
        separator: ';',
        regex: '(.*)',
        target_label: '__tmp_ingress_address',
        replacement: '$1',
        action: 'replace',
      },
      { source_labels: ['__param_target'], target_label: 'instance' },
      { target_label: '__address__', replacement: prober },
      ...classAndOwnRules(input, scrapeClass, relabelingConfigs),
    ],
  };
}

interface Discovered {
  readonly role: string;
  /** The objects that a selector of the API server concerns. */
  readonly roles: readonly string[];
  readonly spec: Pick<
    ServiceMonitorSpec,
    'namespaceSelector' | 'selector' | 'selectorMechanism' | 'attachMetadata'
  >;
  readonly scrapeClass: ScrapeClass | undefined;
  readonly attachSince: string;
}

function discovery({ translation, monitor }: JobInput, discovered: Discovered): Keys {
  const { role, roles, spec, scrapeClass, attachSince } = discovered;
  const { node } = spec.attachMetadata ?? scrapeClass?.attachMetadata ?? { node: false };
  const label = selectorText(spec.selector, 'selector');
  return {
    kubernetes_sd_configs: [
      present({
        role,
        ...translation.connection,
        ...namespaceKeys(translation, monitor, spec.namespaceSelector),
        attach_metadata: node === true && isSince(translation.settings, attachSince) ? { node } : undefined,
        selectors: isRelabelled(spec) ? undefined : roles.map((one) => ({ role: one, label })),
      }),
    ],
  };
}

function isRelabelled({ selectorMechanism }: Pick<ServiceMonitorSpec, 'selectorMechanism'>): boolean {
  return selectorMechanism !== 'RoleSelector';
}

/** Each namespace once and in order, so that equal sets make equal SD configs; empty for all. */
function namespacesOf(
  { settings }: Translation,
  { namespace }: MonitorName,
  { any, matchNames }: NamespaceSelector,
): readonly string[] {
  if (settings.ignoreNamespaceSelectors === true) return [namespace];
  if (any === true) return [];
  return matchNames.length === 0 ? [namespace] : [...new Set(matchNames)].sort();
}

function namespaceKeys(translation: Translation, monitor: MonitorName, selector: NamespaceSelector): Keys {
  const names = translation.oneListing ? [] : namespacesOf(translation, monitor, selector);
  return names.length === 0 ? {} : { namespaces: { names } };
}

/** Where the whole cluster is listed, what else its SD config would not have listed is dropped. */
function namespaceRules(
  translation: Translation,
  monitor: MonitorName,
  selector: NamespaceSelector,
): readonly Rule[] {
  const names = translation.oneListing ? namespacesOf(translation, monitor, selector) : [];
  if (names.length === 0) return [];
  const regex = names.map(literalPattern).join('|');
  return [{ action: 'keep', source_labels: ['__meta_kubernetes_namespace'], regex }];
}

function scrapeKeys(
  endpoint: Pick<ServiceEndpoint, 'interval' | 'scrapeTimeout' | 'path' | 'params' | 'scheme'>,
): Keys {
  return {
    scrape_interval: endpoint.interval || undefined,
    scrape_timeout: endpoint.scrapeTimeout || undefined,
    metrics_path: endpoint.path || undefined,
    params: endpoint.params && Object.fromEntries([...endpoint.params].sort(([a], [b]) => (a < b ? -1 : 1))),
    scheme: endpoint.scheme?.toLowerCase(),
  };
}

function keepPort(label: string, port: string | number): Rule {
  return { action: 'keep', source_labels: [label], regex: String(port) };
}

function servicePortRules({ port, targetPort }: ServiceEndpoint, isSlice: boolean): readonly Rule[] {
  if (port !== '')
    return [keepPort(`__meta_kubernetes_${isSlice ? 'endpointslice' : 'endpoint'}_port_name`, port)];
  return targetPortRules(targetPort);
}

function podPortRules({ port, portNumber, targetPort }: PodEndpoint): readonly Rule[] {
  if (port !== '') return [keepPort('__meta_kubernetes_pod_container_port_name', port)];
  if (portNumber) return [keepPort('__meta_kubernetes_pod_container_port_number', portNumber)];
  return targetPortRules(targetPort);
}

function targetPortRules(port: string | number | undefined): readonly Rule[] {
  if (!port) return [];
  const by = typeof port === 'string' ? 'name' : 'number';
  return [keepPort(`__meta_kubernetes_pod_container_port_${by}`, port)];
}

function endpointRules({ port, targetPort }: Pick<ServiceEndpoint, 'port' | 'targetPort'>): readonly Rule[] {
  const name = port || String(targetPort ?? '');
  return name === '' ? [] : [{ target_label: 'endpoint', replacement: name }];
}

function servicedLabels(isSlice: boolean): readonly Rule[] {
  const address = `__meta_kubernetes_${isSlice ? 'endpointslice' : 'endpoint'}_address_target`;
  const behind = (kind: string, label: string): Rule => ({
    source_labels: [`${address}_kind`, `${address}_name`],
    separator: ';',
    regex: `${kind};(.*)`,
    replacement: '${1}',
    target_label: label,
  });
  return [
    behind('Node', 'node'),
    behind('Pod', 'pod'),
    { source_labels: ['__meta_kubernetes_namespace'], target_label: 'namespace' },
    { source_labels: ['__meta_kubernetes_service_name'], target_label: 'service' },
    { source_labels: ['__meta_kubernetes_pod_name'], target_label: 'pod' },
    { source_labels: ['__meta_kubernetes_pod_container_name'], target_label: 'container' },
  ];
}

function jobLabelRules(object: 'service' | 'pod', label: string): readonly Rule[] {
  const [rule] = label === '' ? [] : copyLabels(object, [label]);
  const [source] = rule === undefined || !Array.isArray(rule.source_labels) ? [] : rule.source_labels;
  return source === undefined ? [] : [copyLabel(String(source), 'job')];
}
