import * as z from 'zod';
import { listField, mapField, structField, textField } from '../http/json.ts';

/** As in Go, null counts as absent. */
function optional<Value>(schema: z.ZodType<Value>) {
  return schema.nullish().transform((value) => value ?? undefined);
}

const text = optional(z.string());
const flag = optional(z.boolean());
const whole = optional(z.int());
const strings = listField(z.string());
const stringMap = mapField(z.string());
const stringsMap = mapField(listField(z.string()));

const keySelector = z.object({ name: textField, key: textField });
/** A key of a Secret or a ConfigMap in the Monitor's namespace. */
export type KeySelector = z.output<typeof keySelector>;

const secretOrConfigMap = z
  .object({ secret: optional(keySelector), configMap: optional(keySelector) })
  .nullish()
  .transform((either) =>
    either?.secret === undefined && either?.configMap === undefined ? undefined : either,
  );
/** A key of a Secret or of a ConfigMap; undefined if Go wrote an empty object. */
export type SecretOrConfigMap = NonNullable<z.output<typeof secretOrConfigMap>>;

const labelSelector = z.object({
  matchLabels: stringMap,
  matchExpressions: listField(z.object({ key: textField, operator: textField, values: strings })),
});
/** `metav1.LabelSelector`. */
export type LabelSelector = z.output<typeof labelSelector>;

const namespaceSelector = structField({ any: flag, matchNames: strings });
/** Namespaces: any, or by name. */
export type NamespaceSelector = z.output<typeof namespaceSelector>;

const relabelConfig = z.object({
  sourceLabels: strings,
  separator: text,
  targetLabel: textField,
  regex: textField,
  modulus: whole,
  replacement: text,
  action: textField,
});
/** A relabelling rule, in the operator's words. */
export type Relabeling = z.output<typeof relabelConfig>;
const relabelings = listField(relabelConfig);

const tlsConfig = z.object({
  ca: secretOrConfigMap,
  cert: secretOrConfigMap,
  keySecret: optional(keySelector),
  serverName: text,
  insecureSkipVerify: flag,
  minVersion: text,
  maxVersion: text,
  caFile: textField,
  certFile: textField,
  keyFile: textField,
});
/** TLS options; `ca`, `cert` and `keySecret` refer to Secrets and ConfigMaps, the `…File` keys to files. */
export type Tls = z.output<typeof tlsConfig>;

const authorization = z.object({
  type: textField,
  credentials: optional(keySelector),
  credentialsFile: textField,
});
/** The header `Authorization`. */
export type Authorization = z.output<typeof authorization>;

const proxyFields = {
  proxyUrl: text,
  noProxy: text,
  proxyFromEnvironment: flag,
  proxyConnectHeader: mapField(listField(keySelector)),
};
const proxyConfig = z.object(proxyFields);
/** The keys of a proxy. */
export type ProxyKeys = z.output<typeof proxyConfig>;

const oauth2 = z.object({
  clientId: secretOrConfigMap,
  clientSecret: optional(keySelector),
  tokenUrl: textField,
  scopes: strings,
  endpointParams: stringMap,
  tlsConfig: optional(tlsConfig),
  ...proxyFields,
});
/** OAuth 2 options. */
export type OAuth2 = z.output<typeof oauth2>;

/** The keys of an HTTP client, the same in an endpoint and in a Probe. */
const httpFields = {
  authorization: optional(authorization),
  basicAuth: optional(z.object({ username: optional(keySelector), password: optional(keySelector) })),
  oauth2: optional(oauth2),
  bearerTokenSecret: optional(keySelector),
  followRedirects: flag,
  enableHttp2: flag,
  tlsConfig: optional(tlsConfig),
};
const http = z.object(httpFields);
/** The HTTP client of an endpoint, a Probe or an SD config. */
export type Http = z.output<typeof http>;

/** The number or the name of a port. */
const port = optional(z.union([z.int(), z.string()]));

const endpointFields = {
  targetPort: port,
  path: textField,
  scheme: text,
  params: optional(stringsMap),
  interval: textField,
  scrapeTimeout: textField,
  honorLabels: flag,
  honorTimestamps: flag,
  trackTimestampsStaleness: flag,
  metricRelabelings: relabelings,
  relabelings,
  filterRunning: flag,
  ...httpFields,
  ...proxyFields,
};

const serviceEndpoint = z.object({ port: textField, bearerTokenFile: textField, ...endpointFields });
const podEndpoint = z.object({ port: textField, portNumber: whole, ...endpointFields });
/** An endpoint of a ServiceMonitor. */
export type ServiceEndpoint = z.output<typeof serviceEndpoint>;
/** An endpoint of a PodMonitor. */
export type PodEndpoint = z.output<typeof podEndpoint>;

const limitFields = {
  sampleLimit: whole,
  targetLimit: whole,
  labelLimit: whole,
  labelNameLengthLimit: whole,
  labelValueLengthLimit: whole,
  keepDroppedTargets: whole,
};
/** Names of the limits, in a Monitor and in the settings. */
export const limitNames = [
  'sampleLimit',
  'targetLimit',
  'labelLimit',
  'labelNameLengthLimit',
  'labelValueLengthLimit',
  'keepDroppedTargets',
] as const;

/** The keys that all kinds have. */
const commonFields = {
  ...limitFields,
  scrapeProtocols: strings,
  fallbackScrapeProtocol: text,
  scrapeNativeHistograms: flag,
  scrapeClassicHistograms: flag,
  nativeHistogramBucketLimit: whole,
  /** A quantity of Kubernetes. */
  nativeHistogramMinBucketFactor: port,
  convertClassicHistogramsToNHCB: flag,
  scrapeClass: text,
};
/** The keys that all kinds have. */
export type Common = z.output<z.ZodObject<typeof commonFields>>;

const attachMetadata = optional(z.object({ node: flag }));

const monitorFields = {
  ...commonFields,
  jobLabel: textField,
  podTargetLabels: strings,
  selector: structField(labelSelector.shape),
  selectorMechanism: text,
  namespaceSelector,
  attachMetadata,
  bodySizeLimit: textField,
};

/** Spec of a ServiceMonitor. Source: prometheus-operator 0.93, pkg/apis/monitoring/v1. */
export const serviceMonitorSpec = z.object({
  ...monitorFields,
  targetLabels: strings,
  endpoints: listField(serviceEndpoint),
  serviceDiscoveryRole: text,
});
/** Spec of a ServiceMonitor. */
export type ServiceMonitorSpec = z.output<typeof serviceMonitorSpec>;

/** Spec of a PodMonitor. Source: as above. */
export const podMonitorSpec = z.object({ ...monitorFields, podMetricsEndpoints: listField(podEndpoint) });
/** Spec of a PodMonitor. */
export type PodMonitorSpec = z.output<typeof podMonitorSpec>;

const staticTargets = z.object({ static: strings, labels: stringMap, relabelingConfigs: relabelings });
const ingressTargets = z.object({
  selector: structField(labelSelector.shape),
  namespaceSelector,
  relabelingConfigs: relabelings,
});
/** The static targets of a Probe. */
export type StaticTargets = z.output<typeof staticTargets>;
/** The ingresses that a Probe selects. */
export type IngressTargets = z.output<typeof ingressTargets>;

/** Spec of a Probe. Source: as above. */
export const probeSpec = z.object({
  ...commonFields,
  ...httpFields,
  jobName: textField,
  prober: structField({ url: textField, scheme: text, path: textField, ...proxyFields }),
  module: textField,
  params: listField(z.object({ name: textField, values: strings })),
  targets: structField({ staticConfig: optional(staticTargets), ingress: optional(ingressTargets) }),
  interval: textField,
  scrapeTimeout: textField,
  metricRelabelings: relabelings,
});
/** Spec of a Probe. */
export type ProbeSpec = z.output<typeof probeSpec>;

/** The HTTP client of an SD config. A ScrapeConfig spells `enableHttp2` in another way. */
const sdHttpFields = { ...httpFields, ...proxyFields, enableHTTP2: flag };
const refreshInterval = textField;

const scrapeFields = {
  ...commonFields,
  ...sdHttpFields,
  jobName: text,
  staticConfigs: listField(z.object({ targets: strings, labels: stringMap })),
  fileSDConfigs: listField(z.object({ files: strings, refreshInterval })),
  httpSDConfigs: listField(z.object({ url: textField, refreshInterval, ...sdHttpFields })),
  kubernetesSDConfigs: listField(
    z.object({
      apiServer: text,
      role: textField,
      namespaces: optional(z.object({ names: strings, ownNamespace: flag })),
      attachMetadata,
      selectors: listField(z.object({ role: textField, label: text, field: text })),
      ...sdHttpFields,
    }),
  ),
  consulSDConfigs: listField(
    z.object({
      server: textField,
      pathPrefix: text,
      tokenRef: optional(keySelector),
      datacenter: text,
      namespace: text,
      partition: text,
      scheme: text,
      services: strings,
      tags: strings,
      tagSeparator: text,
      nodeMeta: stringMap,
      filter: text,
      healthFilter: text,
      allowStale: flag,
      refreshInterval,
      ...sdHttpFields,
    }),
  ),
  dnsSDConfigs: listField(z.object({ names: strings, refreshInterval, type: text, port: whole })),
  relabelings,
  metricRelabelings: relabelings,
  metricsPath: text,
  scrapeInterval: textField,
  scrapeTimeout: textField,
  scheme: text,
  params: stringsMap,
  honorLabels: flag,
  honorTimestamps: flag,
  trackTimestampsStaleness: flag,
  enableCompression: flag,
  bodySizeLimit: textField,
  nameValidationScheme: text,
  nameEscapingScheme: text,
};

/** Spec of a ScrapeConfig (v1alpha1). SD configs of other mechanisms stay in it unread. */
export const scrapeConfigSpec = z.looseObject(scrapeFields);
/** Spec of a ScrapeConfig. */
export type ScrapeConfigSpec = z.output<typeof scrapeConfigSpec>;

/** Keys of its SD configs that are not translated. */
export function otherSdConfigs(spec: ScrapeConfigSpec): readonly string[] {
  return Object.entries(spec)
    .filter(([key, value]) => /SDConfigs$/.test(key) && !(key in scrapeFields) && isFilled(value))
    .map(([key]) => key);
}

function isFilled(value: unknown): boolean {
  return Array.isArray(value) ? value.length > 0 : value !== undefined && value !== null;
}

const scrapeClass = z.object({
  name: z.string(),
  default: flag,
  fallbackScrapeProtocol: text,
  tlsConfig: optional(tlsConfig),
  authorization: optional(authorization),
  relabelings,
  metricRelabelings: relabelings,
  attachMetadata,
});
/** A scrape class of a Prometheus. */
export type ScrapeClass = z.output<typeof scrapeClass>;

const selector = optional(labelSelector);

/** The fields in the spec of a Prometheus (or PrometheusAgent) on which the jobs of its Monitors depend. */
export const prometheusFields = {
  serviceMonitorSelector: selector,
  serviceMonitorNamespaceSelector: selector,
  podMonitorSelector: selector,
  podMonitorNamespaceSelector: selector,
  probeSelector: selector,
  probeNamespaceSelector: selector,
  scrapeConfigSelector: selector,
  scrapeConfigNamespaceSelector: selector,
  version: optional(z.union([z.string(), z.number().transform(String)])),
  shards: whole,
  additionalScrapeConfigs: optional(keySelector),
  scrapeInterval: textField,
  scrapeTimeout: textField,
  scrapeProtocols: strings,
  scrapeClasses: listField(scrapeClass),
  serviceDiscoveryRole: text,
  podTargetLabels: strings,
  overrideHonorLabels: flag,
  overrideHonorTimestamps: flag,
  ignoreNamespaceSelectors: flag,
  arbitraryFSAccessThroughSMs: structField({ deny: flag }),
  enforcedNamespaceLabel: textField,
  excludedFromEnforcement: listField(
    z.object({ group: textField, resource: textField, namespace: textField, name: textField }),
  ),
  enforcedBodySizeLimit: textField,
  enforcedSampleLimit: whole,
  enforcedTargetLimit: whole,
  enforcedLabelLimit: whole,
  enforcedLabelNameLengthLimit: whole,
  enforcedLabelValueLengthLimit: whole,
  enforcedKeepDroppedTargets: whole,
  bodySizeLimit: textField,
  ...limitFields,
  scrapeNativeHistograms: flag,
  scrapeClassicHistograms: flag,
  convertClassicHistogramsToNHCB: flag,
};
/** The spec of a Prometheus or PrometheusAgent: the fields that are read. Source: as above. */
export const prometheusSpec = z.object(prometheusFields);
/** The spec of a Prometheus or PrometheusAgent. */
export type PrometheusSpec = z.output<typeof prometheusSpec>;

/** The kinds of Monitors, with their names in the API. */
export const monitorKinds = {
  ServiceMonitor: { resource: 'servicemonitors', prefix: 'serviceMonitor', version: 'v1' },
  PodMonitor: { resource: 'podmonitors', prefix: 'podMonitor', version: 'v1' },
  Probe: { resource: 'probes', prefix: 'probe', version: 'v1' },
  ScrapeConfig: { resource: 'scrapeconfigs', prefix: 'scrapeConfig', version: 'v1alpha1' },
} as const;
/** A kind of Monitor. */
export type MonitorKind = keyof typeof monitorKinds;

/** The name of a Monitor. */
export interface MonitorName {
  readonly kind: MonitorKind;
  readonly namespace: string;
  readonly name: string;
}
