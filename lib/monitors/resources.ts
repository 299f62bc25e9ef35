import * as z from 'zod';
import { listField, mapField, structField, textField } from '../http/json.ts';

/** Null and absent are one, as in Go. */
function optional<Value>(schema: z.ZodType<Value>) {
  return schema.nullish().transform((value) => value ?? undefined);
}

const text = optional(z.string());
const flag = optional(z.boolean());
const whole = optional(z.int());
const texts = listField(z.string());
const textMap = mapField(z.string());
const textsMap = mapField(listField(z.string()));

/** One key of a Secret or of a ConfigMap in the Monitor's namespace. */
const keySelector = z.object({ name: textField, key: textField });
export type KeySelector = z.output<typeof keySelector>;

/** Absent where it names neither: Go writes an empty object. */
const secretOrConfigMap = z
  .object({ secret: optional(keySelector), configMap: optional(keySelector) })
  .nullish()
  .transform((either) =>
    either?.secret === undefined && either?.configMap === undefined ? undefined : either,
  );
export type SecretOrConfigMap = NonNullable<z.output<typeof secretOrConfigMap>>;

/** `metav1.LabelSelector` */
const labelSelector = z.object({
  matchLabels: textMap,
  matchExpressions: listField(z.object({ key: textField, operator: textField, values: texts })),
});
export type LabelSelector = z.output<typeof labelSelector>;

const namespaceSelector = structField({ any: flag, matchNames: texts });
export type NamespaceSelector = z.output<typeof namespaceSelector>;

const relabelConfig = z.object({
  sourceLabels: texts,
  separator: text,
  targetLabel: textField,
  regex: textField,
  modulus: whole,
  replacement: text,
  action: textField,
});
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
export type Tls = z.output<typeof tlsConfig>;

const authorization = z.object({
  type: textField,
  credentials: optional(keySelector),
  credentialsFile: textField,
});
export type Authorization = z.output<typeof authorization>;

const proxyFields = {
  proxyUrl: text,
  noProxy: text,
  proxyFromEnvironment: flag,
  proxyConnectHeader: mapField(listField(keySelector)),
};
const proxyConfig = z.object(proxyFields);
export type ProxyKeys = z.output<typeof proxyConfig>;

const oauth2 = z.object({
  clientId: secretOrConfigMap,
  clientSecret: optional(keySelector),
  tokenUrl: textField,
  scopes: texts,
  endpointParams: textMap,
  tlsConfig: optional(tlsConfig),
  ...proxyFields,
});
export type OAuth2 = z.output<typeof oauth2>;

/** How a target is asked: the same keys in an endpoint and in a Probe. */
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
export type Http = z.output<typeof http>;

/** A port's number or name. */
const port = optional(z.union([z.int(), z.string()]));

const endpointFields = {
  targetPort: port,
  path: textField,
  scheme: text,
  params: optional(textsMap),
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
export type ServiceEndpoint = z.output<typeof serviceEndpoint>;
export type PodEndpoint = z.output<typeof podEndpoint>;

const limitFields = {
  sampleLimit: whole,
  targetLimit: whole,
  labelLimit: whole,
  labelNameLengthLimit: whole,
  labelValueLengthLimit: whole,
  keepDroppedTargets: whole,
};
export const limitNames = [
  'sampleLimit',
  'targetLimit',
  'labelLimit',
  'labelNameLengthLimit',
  'labelValueLengthLimit',
  'keepDroppedTargets',
] as const;

/** What all kinds have. */
const commonFields = {
  ...limitFields,
  scrapeProtocols: texts,
  fallbackScrapeProtocol: text,
  scrapeNativeHistograms: flag,
  scrapeClassicHistograms: flag,
  nativeHistogramBucketLimit: whole,
  /** A quantity of Kubernetes. */
  nativeHistogramMinBucketFactor: port,
  convertClassicHistogramsToNHCB: flag,
  scrapeClass: text,
};
export type Common = z.output<z.ZodObject<typeof commonFields>>;

const attachMetadata = optional(z.object({ node: flag }));

const monitorFields = {
  ...commonFields,
  jobLabel: textField,
  podTargetLabels: texts,
  selector: structField(labelSelector.shape),
  selectorMechanism: text,
  namespaceSelector,
  attachMetadata,
  bodySizeLimit: textField,
};

/** Spec of a ServiceMonitor. Source: prometheus-operator 0.93, pkg/apis/monitoring/v1. */
export const serviceMonitorSpec = z.object({
  ...monitorFields,
  targetLabels: texts,
  endpoints: listField(serviceEndpoint),
  serviceDiscoveryRole: text,
});
export type ServiceMonitorSpec = z.output<typeof serviceMonitorSpec>;

/** Spec of a PodMonitor. */
export const podMonitorSpec = z.object({ ...monitorFields, podMetricsEndpoints: listField(podEndpoint) });
export type PodMonitorSpec = z.output<typeof podMonitorSpec>;

const staticTargets = z.object({ static: texts, labels: textMap, relabelingConfigs: relabelings });
const ingressTargets = z.object({
  selector: structField(labelSelector.shape),
  namespaceSelector,
  relabelingConfigs: relabelings,
});
export type StaticTargets = z.output<typeof staticTargets>;
export type IngressTargets = z.output<typeof ingressTargets>;

/** Spec of a Probe. */
export const probeSpec = z.object({
  ...commonFields,
  ...httpFields,
  jobName: textField,
  prober: structField({ url: textField, scheme: text, path: textField, ...proxyFields }),
  module: textField,
  params: listField(z.object({ name: textField, values: texts })),
  targets: structField({ staticConfig: optional(staticTargets), ingress: optional(ingressTargets) }),
  interval: textField,
  scrapeTimeout: textField,
  metricRelabelings: relabelings,
});
export type ProbeSpec = z.output<typeof probeSpec>;

/** The HTTP client of an SD config. A ScrapeConfig spells one of its keys in another way. */
const sdHttpFields = { ...httpFields, ...proxyFields, enableHTTP2: flag };
const refreshInterval = textField;

const scrapeFields = {
  ...commonFields,
  ...sdHttpFields,
  jobName: text,
  staticConfigs: listField(z.object({ targets: texts, labels: textMap })),
  fileSDConfigs: listField(z.object({ files: texts, refreshInterval })),
  httpSDConfigs: listField(z.object({ url: textField, refreshInterval, ...sdHttpFields })),
  kubernetesSDConfigs: listField(
    z.object({
      apiServer: text,
      role: textField,
      namespaces: optional(z.object({ names: texts, ownNamespace: flag })),
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
      services: texts,
      tags: texts,
      tagSeparator: text,
      nodeMeta: textMap,
      filter: text,
      healthFilter: text,
      allowStale: flag,
      refreshInterval,
      ...sdHttpFields,
    }),
  ),
  dnsSDConfigs: listField(z.object({ names: texts, refreshInterval, type: text, port: whole })),
  relabelings,
  metricRelabelings: relabelings,
  metricsPath: text,
  scrapeInterval: textField,
  scrapeTimeout: textField,
  scheme: text,
  params: textsMap,
  honorLabels: flag,
  honorTimestamps: flag,
  trackTimestampsStaleness: flag,
  enableCompression: flag,
  bodySizeLimit: textField,
  nameValidationScheme: text,
  nameEscapingScheme: text,
};

/** Spec of a ScrapeConfig (v1alpha1). SD configs of other mechanisms stay in it as they are. */
export const scrapeConfigSpec = z.looseObject(scrapeFields);
export type ScrapeConfigSpec = z.output<typeof scrapeConfigSpec>;

/** Its SD configs that are not translated, by their keys. */
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
export type ScrapeClass = z.output<typeof scrapeClass>;

const selector = optional(labelSelector);

/** Of the spec of a Prometheus (or PrometheusAgent) what the jobs of its Monitors depend on. */
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
  scrapeProtocols: texts,
  scrapeClasses: listField(scrapeClass),
  serviceDiscoveryRole: text,
  podTargetLabels: texts,
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
export const prometheusSpec = z.object(prometheusFields);
export type PrometheusSpec = z.output<typeof prometheusSpec>;

/** The kinds, with what they are called where. */
export const monitorKinds = {
  ServiceMonitor: { resource: 'servicemonitors', prefix: 'serviceMonitor', version: 'v1' },
  PodMonitor: { resource: 'podmonitors', prefix: 'podMonitor', version: 'v1' },
  Probe: { resource: 'probes', prefix: 'probe', version: 'v1' },
  ScrapeConfig: { resource: 'scrapeconfigs', prefix: 'scrapeConfig', version: 'v1alpha1' },
} as const;
export type MonitorKind = keyof typeof monitorKinds;

/** A Monitor by its name. */
export interface MonitorName {
  readonly kind: MonitorKind;
  readonly namespace: string;
  readonly name: string;
}
