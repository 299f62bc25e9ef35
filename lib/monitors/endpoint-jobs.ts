import * as client from './http.ts';
import * as job from './job-keys.ts';
import type {
  PodEndpoint,
  PodMonitorSpec,
  ScrapeClass,
  ServiceEndpoint,
  ServiceMonitorSpec,
} from './resources.ts';
import {
  copyLabel,
  copyLabels,
  dropEnded,
  keepJobName,
  type Rule,
  selectorRules,
  selectorText,
  shardRules,
} from './rules.ts';
import { isSince, scrapeClassOf } from './settings.ts';

/** The job of one endpoint of a ServiceMonitor, by its index from 0. Throws `config`. */
export function serviceMonitorJob(
  spec: ServiceMonitorSpec,
  endpoint: ServiceEndpoint,
  index: number,
  input: job.JobInput,
): job.Job {
  const { http } = input;
  const { settings } = input.translation;
  const scrapeClass = scrapeClassOf(settings, spec.scrapeClass);
  const wanted = spec.serviceDiscoveryRole ?? settings.serviceDiscoveryRole;
  const isSlice = wanted === 'EndpointSlice' && isSince(settings, '2.21.0');
  const role = isSlice ? 'endpointslice' : 'endpoints';
  return endpointJob(
    'service',
    { spec, endpoint, index, scrapeClass, input },
    {
      discovery: { role, roles: [role, 'service'], attachSince: '2.37.0' },
      client: {
        ...client.proxyKeys(http, endpoint),
        ...client.tlsKeys(http, endpoint.tlsConfig, scrapeClass),
        ...client.credentialKeys(http, endpoint, endpoint.bearerTokenFile),
      },
      rules: [
        ...(isRelabelled(spec) ? selectorRules('service', spec.selector) : []),
        ...servicePortRules(endpoint, isSlice),
        ...servicedLabels(isSlice),
        ...(endpoint.filterRunning === false ? [] : [dropEnded]),
        ...copyLabels('service', spec.targetLabels),
        ...copyLabels('pod', [...spec.podTargetLabels, ...settings.podTargetLabels]),
        { source_labels: ['__meta_kubernetes_service_name'], target_label: 'job', replacement: '${1}' },
      ],
    },
  );
}

/** The job of one endpoint of a PodMonitor, by its index from 0. Throws `config`. */
export function podMonitorJob(
  spec: PodMonitorSpec,
  endpoint: PodEndpoint,
  index: number,
  input: job.JobInput,
): job.Job {
  const { monitor, http } = input;
  const { settings } = input.translation;
  const scrapeClass = scrapeClassOf(settings, spec.scrapeClass);
  return endpointJob(
    'pod',
    { spec, endpoint, index, scrapeClass, input },
    {
      discovery: { role: 'pod', roles: ['pod'], attachSince: '2.35.0' },
      client: {
        ...client.tlsKeys(http, job.unlessBlank(endpoint.tlsConfig), scrapeClass),
        ...client.credentialKeys(http, endpoint),
        ...client.proxyKeys(http, endpoint),
      },
      rules: [
        ...(endpoint.filterRunning === false ? [] : [dropEnded]),
        ...(isRelabelled(spec) ? selectorRules('pod', spec.selector) : []),
        ...podPortRules(endpoint),
        { source_labels: ['__meta_kubernetes_namespace'], target_label: 'namespace' },
        { source_labels: ['__meta_kubernetes_pod_container_name'], target_label: 'container' },
        { source_labels: ['__meta_kubernetes_pod_name'], target_label: 'pod' },
        ...copyLabels('pod', [...spec.podTargetLabels, ...settings.podTargetLabels]),
        { target_label: 'job', replacement: `${monitor.namespace}/${monitor.name}` },
      ],
    },
  );
}

/** An endpoint of a ServiceMonitor or a PodMonitor. */
interface EndpointInput {
  readonly spec: ServiceMonitorSpec | PodMonitorSpec;
  readonly endpoint: ServiceEndpoint | PodEndpoint;
  readonly index: number;
  readonly scrapeClass: ScrapeClass | undefined;
  readonly input: job.JobInput;
}

/** The parts of such a job that depend on the kind of Monitor. */
interface EndpointParts {
  readonly discovery: Discovery;
  /** Keys of the HTTP client, in the operator's order. */
  readonly client: client.Keys;
  readonly rules: readonly Rule[];
}

function endpointJob(
  object: 'service' | 'pod',
  { spec, endpoint, index, scrapeClass, input }: EndpointInput,
  parts: EndpointParts,
): job.Job {
  const { monitor, translation, http } = input;
  return job.finished({
    job_name: `${object}Monitor/${monitor.namespace}/${monitor.name}/${index}`,
    ...job.honorKeys(translation, endpoint),
    ...discoveryKeys(input, spec, scrapeClass, parts.discovery),
    ...scrapeKeys(endpoint),
    ...client.protocolKeys(http, endpoint),
    ...parts.client,
    ...client.authorizationKeys(http, job.unlessBlank(endpoint.authorization), scrapeClass),
    relabel_configs: [
      keepJobName,
      ...job.namespaceRules(translation, monitor, spec.namespaceSelector),
      ...parts.rules,
      ...jobLabelRules(object, spec.jobLabel),
      ...endpointRules(endpoint),
      ...job.classAndOwnRules(input, scrapeClass, endpoint.relabelings),
      ...shardRules(translation.shard, '__address__'),
    ],
    ...job.limitAndFormatKeys(translation, spec, scrapeClass),
    body_size_limit: job.sizeLimit(translation, spec.bodySizeLimit),
    ...job.metricRules(input, scrapeClass, endpoint.metricRelabelings),
  });
}

/** How the objects of a Monitor are listed. */
interface Discovery {
  readonly role: string;
  /** Roles of the objects to which the selector applies on the API server. */
  readonly roles: readonly string[];
  /** The first version of Prometheus that has `attach_metadata` for the role. */
  readonly attachSince: string;
}

function discoveryKeys(
  { translation, monitor }: job.JobInput,
  spec: ServiceMonitorSpec | PodMonitorSpec,
  scrapeClass: ScrapeClass | undefined,
  { role, roles, attachSince }: Discovery,
): client.Keys {
  const { node } = spec.attachMetadata ?? scrapeClass?.attachMetadata ?? { node: false };
  const label = selectorText(spec.selector, 'selector');
  return {
    kubernetes_sd_configs: [
      client.present({
        role,
        ...translation.connection,
        ...job.namespaceKeys(translation, monitor, spec.namespaceSelector),
        attach_metadata: node === true && isSince(translation.settings, attachSince) ? { node } : undefined,
        selectors: isRelabelled(spec) ? undefined : roles.map((one) => ({ role: one, label })),
      }),
    ],
  };
}

function isRelabelled({ selectorMechanism }: Pick<ServiceMonitorSpec, 'selectorMechanism'>): boolean {
  return selectorMechanism !== 'RoleSelector';
}

function scrapeKeys(
  endpoint: Pick<ServiceEndpoint, 'interval' | 'scrapeTimeout' | 'path' | 'params' | 'scheme'>,
): client.Keys {
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
