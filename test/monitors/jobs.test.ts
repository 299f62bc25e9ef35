import { describe, expect, test } from '@jest/globals';
import type { Lookup } from '../../lib/monitors/checks.ts';
import type { MonitorKind } from '../../lib/monitors/resources.ts';
import { readSettings, type Translation } from '../../lib/monitors/settings.ts';
import { readMonitor, translate } from '../../lib/monitors/translate.ts';

/**
 * What prometheus-operator 0.93 generates, derived from pkg/prometheus/promcfg.go, resource_selector.go and the documents
 * of its API. Each case states the whole scrape config.
 */
type Rules = readonly object[];

const first = { source_labels: ['job'], target_label: '__tmp_prometheus_job_name' };
const running = {
  action: 'drop',
  source_labels: ['__meta_kubernetes_pod_phase'],
  regex: '(Failed|Succeeded)',
};
const selected = (object: string, label: string, value: string, action = 'keep') => ({
  action,
  source_labels: [
    `__meta_kubernetes_${object}_label_${label}`,
    `__meta_kubernetes_${object}_labelpresent_${label}`,
  ],
  regex: `(${value});true`,
});
const copied = (source: string, target: string) => ({
  source_labels: [source],
  target_label: target,
  regex: '(.+)',
  replacement: '${1}',
});
const port = (name: string, label = '__meta_kubernetes_endpoint_port_name') => ({
  action: 'keep',
  source_labels: [label],
  regex: name,
});
const placeLabels = (kind = 'endpoint') => [
  ...[
    ['Node', 'node'],
    ['Pod', 'pod'],
  ].map(([object, label]) => ({
    source_labels: [
      `__meta_kubernetes_${kind}_address_target_kind`,
      `__meta_kubernetes_${kind}_address_target_name`,
    ],
    separator: ';',
    regex: `${object};(.*)`,
    replacement: '${1}',
    target_label: label,
  })),
  { source_labels: ['__meta_kubernetes_namespace'], target_label: 'namespace' },
  { source_labels: ['__meta_kubernetes_service_name'], target_label: 'service' },
  { source_labels: ['__meta_kubernetes_pod_name'], target_label: 'pod' },
  { source_labels: ['__meta_kubernetes_pod_container_name'], target_label: 'container' },
];
const serviceJob = {
  source_labels: ['__meta_kubernetes_service_name'],
  target_label: 'job',
  replacement: '${1}',
};
const endpointLabel = (name: string) => ({ target_label: 'endpoint', replacement: name });

/** The rules of a ServiceMonitor, with others in the places of the parts. */
const serviceRules = (
  parts: Partial<Record<'selector' | 'port' | 'place' | 'running' | 'copied' | 'job' | 'own', Rules>> = {},
) => [
  first,
  ...(parts.selector ?? [selected('service', 'app', 'web')]),
  ...(parts.port ?? [port('http')]),
  ...(parts.place ?? placeLabels()),
  ...(parts.running ?? [running]),
  ...(parts.copied ?? []),
  serviceJob,
  ...(parts.job ?? []),
  ...(parts.own ?? [endpointLabel('http')]),
];
const podPlace = [
  { source_labels: ['__meta_kubernetes_namespace'], target_label: 'namespace' },
  { source_labels: ['__meta_kubernetes_pod_container_name'], target_label: 'container' },
  { source_labels: ['__meta_kubernetes_pod_name'], target_label: 'pod' },
];
const podJob = { target_label: 'job', replacement: 'shop/front' };
const podRules = (
  parts: Partial<Record<'selector' | 'port' | 'running' | 'copied' | 'job' | 'own', Rules>> = {},
) => [
  first,
  ...(parts.running ?? [running]),
  ...(parts.selector ?? [selected('pod', 'app', 'web')]),
  ...(parts.port ?? [port('http', '__meta_kubernetes_pod_container_port_name')]),
  ...podPlace,
  ...(parts.copied ?? []),
  podJob,
  ...(parts.job ?? []),
  ...(parts.own ?? [endpointLabel('http')]),
];
const sd = (more: object = {}, role = 'endpoints') => ({
  kubernetes_sd_configs: [{ role, namespaces: { names: ['shop'] }, ...more }],
});
const serviceMonitor = (more: object = {}) => ({
  job_name: 'serviceMonitor/shop/front/0',
  honor_labels: false,
  ...sd(),
  relabel_configs: serviceRules(),
  ...more,
});
const podMonitor = (more: object = {}) => ({
  job_name: 'podMonitor/shop/front/0',
  honor_labels: false,
  ...sd({}, 'pod'),
  relabel_configs: podRules(),
  ...more,
});
const toProber = [
  { source_labels: ['__param_target'], target_label: 'instance' },
  { target_label: '__address__', replacement: 'blackbox.example.org:9115' },
];
const staticRules = (before: Rules = [], after: Rules = []) => [
  first,
  ...before,
  { source_labels: ['__address__'], target_label: '__param_target' },
  ...toProber,
  ...after,
];
const probe = (more: object = {}) => ({
  job_name: 'probe/shop/front',
  honor_timestamps: true,
  metrics_path: '/probe',
  static_configs: [{ targets: ['https://shop.example.org'], labels: { namespace: 'shop' } }],
  relabel_configs: staticRules(),
  ...more,
});
const ingressRules = (selector: Rules, after: Rules = []) => [
  first,
  ...selector,
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
  ...toProber,
  ...after,
];
const ingressProbe = (rules: Rules, more: object = {}) => ({
  job_name: 'probe/shop/front',
  honor_timestamps: true,
  metrics_path: '/probe',
  ...sd({}, 'ingress'),
  relabel_configs: rules,
  ...more,
});

const app = { matchLabels: { app: 'web' } };
const service = (endpoint: object = {}, spec: object = {}) => ({
  selector: app,
  endpoints: [{ port: 'http', ...endpoint }],
  ...spec,
});
const pod = (endpoint: object = {}, spec: object = {}) => ({
  selector: app,
  podMetricsEndpoints: [{ port: 'http', ...endpoint }],
  ...spec,
});
const prober = { url: 'blackbox.example.org:9115' };
const targets = { staticConfig: { static: ['https://shop.example.org'] } };

const secretFile = (name: string, key: string) => `/secrets/secret/shop/${name}/${key}`;
const scrapeClass = (more: object, spec: object = {}) => ({
  scrapeClasses: [{ name: 'c', default: true, ...more }],
  ...spec,
});
const token = { name: 'token', key: 'value' };

interface Case {
  readonly settings?: object;
  readonly translation?: Partial<Translation>;
  readonly spec: object;
  readonly job: object;
}

const serviceCases: Readonly<Record<string, Case>> = {
  'a port by its name': { spec: service(), job: serviceMonitor() },
  'a port of the pod by its name': {
    spec: service({ port: null, targetPort: 'metrics' }),
    job: serviceMonitor({
      relabel_configs: serviceRules({
        port: [port('metrics', '__meta_kubernetes_pod_container_port_name')],
        own: [endpointLabel('metrics')],
      }),
    }),
  },
  'a port of the pod by its number': {
    spec: service({ port: '', targetPort: 9090 }),
    job: serviceMonitor({
      relabel_configs: serviceRules({
        port: [port('9090', '__meta_kubernetes_pod_container_port_number')],
        own: [endpointLabel('9090')],
      }),
    }),
  },
  neither: {
    spec: service({ port: '' }),
    job: serviceMonitor({ relabel_configs: serviceRules({ port: [], own: [] }) }),
  },
  'labels that are matched, in the order of their names': {
    spec: service({}, { selector: { matchLabels: { 'b/x.y': '2', a: '1' } } }),
    job: serviceMonitor({
      relabel_configs: serviceRules({
        selector: [selected('service', 'a', '1'), selected('service', 'b_x_y', '2')],
      }),
    }),
  },
  'expressions of all operators': {
    spec: service(
      {},
      {
        selector: {
          matchExpressions: [
            { key: 'tier', operator: 'In', values: ['a', 'b'] },
            { key: 'zone', operator: 'NotIn', values: ['x'] },
            { key: 'on', operator: 'Exists' },
            { key: 'off', operator: 'DoesNotExist' },
          ],
        },
      },
    ),
    job: serviceMonitor({
      relabel_configs: serviceRules({
        selector: [
          selected('service', 'tier', 'a|b'),
          selected('service', 'zone', 'x', 'drop'),
          { action: 'keep', source_labels: ['__meta_kubernetes_service_labelpresent_on'], regex: 'true' },
          { action: 'drop', source_labels: ['__meta_kubernetes_service_labelpresent_off'], regex: 'true' },
        ],
      }),
    }),
  },
  'everything, by an empty selector': {
    spec: service({}, { selector: {} }),
    job: serviceMonitor({ relabel_configs: serviceRules({ selector: [] }) }),
  },
  'a selector for the API server': {
    spec: service(
      {},
      {
        selectorMechanism: 'RoleSelector',
        selector: {
          matchLabels: { b: '2' },
          matchExpressions: [{ key: 'a', operator: 'In', values: ['y', 'x'] }],
        },
      },
    ),
    job: serviceMonitor({
      ...sd({
        selectors: [
          { role: 'endpoints', label: 'a in (x,y),b=2' },
          { role: 'service', label: 'a in (x,y),b=2' },
        ],
      }),
      relabel_configs: serviceRules({ selector: [] }),
    }),
  },
  'other namespaces, equal sets in equal order': {
    spec: service({}, { namespaceSelector: { matchNames: ['b', 'a', 'b'] } }),
    job: serviceMonitor(sd({ namespaces: { names: ['a', 'b'] } })),
  },
  'any namespace, whatever is named': {
    spec: service({}, { namespaceSelector: { any: true, matchNames: ['b'] } }),
    job: serviceMonitor({ kubernetes_sd_configs: [{ role: 'endpoints' }] }),
  },
  'its own namespace, where selectors of namespaces are ignored': {
    settings: { ignoreNamespaceSelectors: true },
    spec: service({}, { namespaceSelector: { any: true } }),
    job: serviceMonitor(),
  },
  'interval, timeout, path, scheme and parameters': {
    spec: service({
      interval: '20s',
      scrapeTimeout: '5s',
      path: '/stats',
      scheme: 'HTTPS',
      params: { b: ['2'], a: ['1', '3'] },
    }),
    job: {
      job_name: 'serviceMonitor/shop/front/0',
      honor_labels: false,
      ...sd(),
      scrape_interval: '20s',
      scrape_timeout: '5s',
      metrics_path: '/stats',
      params: { a: ['1', '3'], b: ['2'] },
      scheme: 'https',
      relabel_configs: serviceRules(),
    },
  },
  'honoured labels and timestamps': {
    spec: service({ honorLabels: true, honorTimestamps: false, trackTimestampsStaleness: true }),
    job: serviceMonitor({ honor_labels: true, honor_timestamps: false, track_timestamps_staleness: true }),
  },
  'labels and timestamps that may not be honoured': {
    settings: { overrideHonorLabels: true, overrideHonorTimestamps: true },
    spec: service({ honorLabels: true, honorTimestamps: true }),
    job: serviceMonitor({ honor_timestamps: false }),
  },
  'timestamps that may not be honoured, of which nothing is said': {
    settings: { overrideHonorTimestamps: true },
    spec: service(),
    job: serviceMonitor({ honor_timestamps: false }),
  },
  'labels of the service and of the pod': {
    spec: service({}, { targetLabels: ['team', 'a.b/c'], podTargetLabels: ['rev-1'] }),
    job: serviceMonitor({
      relabel_configs: serviceRules({
        copied: [
          copied('__meta_kubernetes_service_label_team', 'team'),
          copied('__meta_kubernetes_service_label_a_b_c', 'a_b_c'),
          copied('__meta_kubernetes_pod_label_rev_1', 'rev_1'),
        ],
      }),
    }),
  },
  'labels of pods that the Prometheus adds': {
    settings: { podTargetLabels: ['node-pool'] },
    spec: service({}, { podTargetLabels: ['rev'] }),
    job: serviceMonitor({
      relabel_configs: serviceRules({
        copied: [
          copied('__meta_kubernetes_pod_label_rev', 'rev'),
          copied('__meta_kubernetes_pod_label_node_pool', 'node_pool'),
        ],
      }),
    }),
  },
  'a label that names the job': {
    spec: service({}, { jobLabel: 'app.kubernetes.io/name' }),
    job: serviceMonitor({
      relabel_configs: serviceRules({
        job: [copied('__meta_kubernetes_service_label_app_kubernetes_io_name', 'job')],
      }),
    }),
  },
  'pods that have ended as well': {
    spec: service({ filterRunning: false }),
    job: serviceMonitor({ relabel_configs: serviceRules({ running: [] }) }),
  },
  'rules of its own': {
    spec: service({
      relabelings: [
        {
          sourceLabels: ['a', 'b'],
          separator: '',
          targetLabel: 'c',
          regex: '(.*)x',
          replacement: '',
          action: 'Replace',
        },
        { action: 'HashMod', sourceLabels: ['a'], modulus: 8, targetLabel: 'h' },
        { action: 'labeldrop', regex: 'pod_.+' },
      ],
      metricRelabelings: [{ sourceLabels: ['__name__'], regex: 'go_.*', action: 'drop' }],
    }),
    job: serviceMonitor({
      relabel_configs: serviceRules({
        own: [
          endpointLabel('http'),
          {
            source_labels: ['a', 'b'],
            separator: '',
            target_label: 'c',
            regex: '(.*)x',
            replacement: '',
            action: 'replace',
          },
          { source_labels: ['a'], target_label: 'h', modulus: 8, action: 'hashmod' },
          { regex: 'pod_.+', action: 'labeldrop' },
        ],
      }),
      metric_relabel_configs: [{ source_labels: ['__name__'], regex: 'go_.*', action: 'drop' }],
    }),
  },
  'a namespace label that is enforced after its own rules': {
    settings: { enforcedNamespaceLabel: 'tenant' },
    spec: service({ relabelings: [{ targetLabel: 'tenant', replacement: 'mine' }] }),
    job: serviceMonitor({
      relabel_configs: serviceRules({
        own: [
          endpointLabel('http'),
          { target_label: 'tenant', replacement: 'mine' },
          { target_label: 'tenant', replacement: 'shop' },
        ],
      }),
      metric_relabel_configs: [{ target_label: 'tenant', replacement: 'shop' }],
    }),
  },
  'an excluded Monitor without the enforced label': {
    settings: {
      enforcedNamespaceLabel: 'tenant',
      excludedFromEnforcement: [{ resource: 'servicemonitors', namespace: 'shop', name: 'front' }],
    },
    spec: service(),
    job: serviceMonitor(),
  },
  'an exclusion of another kind, which is none': {
    settings: {
      enforcedNamespaceLabel: 'tenant',
      excludedFromEnforcement: [{ resource: 'podmonitors', namespace: 'shop' }],
    },
    spec: service(),
    job: serviceMonitor({
      relabel_configs: serviceRules({
        own: [endpointLabel('http'), { target_label: 'tenant', replacement: 'shop' }],
      }),
      metric_relabel_configs: [{ target_label: 'tenant', replacement: 'shop' }],
    }),
  },
  'the exclusion of a whole namespace': {
    settings: {
      enforcedNamespaceLabel: 'tenant',
      excludedFromEnforcement: [
        { group: 'monitoring.coreos.com', resource: 'servicemonitors', namespace: 'shop', name: '' },
      ],
    },
    spec: service(),
    job: serviceMonitor(),
  },
  'limits of its own': {
    spec: service(
      {},
      {
        sampleLimit: 1,
        targetLimit: 2,
        labelLimit: 3,
        labelNameLengthLimit: 4,
        labelValueLengthLimit: 5,
        keepDroppedTargets: 6,
        bodySizeLimit: '7MB',
      },
    ),
    job: serviceMonitor({
      sample_limit: 1,
      target_limit: 2,
      label_limit: 3,
      label_name_length_limit: 4,
      label_value_length_limit: 5,
      keep_dropped_targets: 6,
      body_size_limit: '7MB',
    }),
  },
  'limits that are enforced, the smaller ones': {
    settings: { enforcedSampleLimit: 10, enforcedTargetLimit: 10, enforcedBodySizeLimit: '10MB' },
    spec: service({}, { sampleLimit: 5, targetLimit: 50, bodySizeLimit: '1GB' }),
    job: serviceMonitor({ sample_limit: 5, target_limit: 10, body_size_limit: '10MB' }),
  },
  'limits that are enforced where it has none': {
    settings: { enforcedSampleLimit: 10, enforcedBodySizeLimit: '10MB' },
    spec: service({}, { sampleLimit: 0 }),
    job: serviceMonitor({ body_size_limit: '10MB', sample_limit: 10 }),
  },
  'a size of its own below the enforced one': {
    settings: { enforcedBodySizeLimit: '1GB' },
    spec: service({}, { bodySizeLimit: '512MB' }),
    job: serviceMonitor({ body_size_limit: '512MB' }),
  },
  'limits before the version that knows them': {
    settings: { version: 'v2.26.0', enforcedSampleLimit: 10 },
    spec: service({}, { labelLimit: 3, keepDroppedTargets: 6, bodySizeLimit: '7MB' }),
    job: serviceMonitor({ sample_limit: 10 }),
  },
  'native histograms': {
    settings: { version: '3.8.0' },
    spec: service(
      {},
      {
        scrapeNativeHistograms: true,
        scrapeClassicHistograms: true,
        nativeHistogramBucketLimit: 160,
        nativeHistogramMinBucketFactor: '1100m',
        convertClassicHistogramsToNHCB: false,
      },
    ),
    job: serviceMonitor({
      scrape_native_histograms: true,
      native_histogram_bucket_limit: 160,
      native_histogram_min_bucket_factor: 1.1,
      always_scrape_classic_histograms: true,
      convert_classic_histograms_to_nhcb: false,
    }),
  },
  'histograms of a Prometheus 2': {
    settings: { version: '2.50.1' },
    spec: service(
      {},
      { scrapeNativeHistograms: true, scrapeClassicHistograms: true, convertClassicHistogramsToNHCB: true },
    ),
    job: serviceMonitor({ scrape_classic_histograms: true }),
  },
  protocols: {
    spec: service(
      {},
      {
        scrapeProtocols: ['OpenMetricsText1.0.0', 'PrometheusText1.0.0'],
        fallbackScrapeProtocol: 'PrometheusText0.0.4',
      },
    ),
    job: serviceMonitor({
      scrape_protocols: ['OpenMetricsText1.0.0', 'PrometheusText1.0.0'],
      fallback_scrape_protocol: 'PrometheusText0.0.4',
    }),
  },
  'protocols of a Prometheus 2': {
    settings: { version: '2.53.0' },
    spec: service(
      {},
      {
        scrapeProtocols: ['OpenMetricsText1.0.0', 'PrometheusText1.0.0'],
        fallbackScrapeProtocol: 'PrometheusText0.0.4',
      },
    ),
    job: serviceMonitor({ scrape_protocols: ['OpenMetricsText1.0.0'] }),
  },
  'endpoint slices, by the Prometheus': {
    settings: { serviceDiscoveryRole: 'EndpointSlice' },
    spec: service(),
    job: serviceMonitor({
      ...sd({}, 'endpointslice'),
      relabel_configs: serviceRules({
        port: [port('http', '__meta_kubernetes_endpointslice_port_name')],
        place: placeLabels('endpointslice'),
      }),
    }),
  },
  'endpoints, whatever the Prometheus prefers': {
    settings: { serviceDiscoveryRole: 'EndpointSlice' },
    spec: service({}, { serviceDiscoveryRole: 'Endpoints' }),
    job: serviceMonitor(),
  },
  'the labels of nodes': {
    spec: service({}, { attachMetadata: { node: true } }),
    job: serviceMonitor(sd({ attach_metadata: { node: true } })),
  },
  'the labels of nodes, by the scrape class': {
    settings: scrapeClass({ attachMetadata: { node: true } }),
    spec: service(),
    job: serviceMonitor(sd({ attach_metadata: { node: true } })),
  },
  'no labels of nodes, whatever the scrape class says': {
    settings: scrapeClass({ attachMetadata: { node: true } }),
    spec: service({}, { attachMetadata: { node: false } }),
    job: serviceMonitor(),
  },
  'the rules of its scrape class before its own': {
    settings: scrapeClass({
      relabelings: [{ targetLabel: 'class', replacement: 'c' }],
      metricRelabelings: [{ regex: 'x', action: 'labeldrop' }],
      fallbackScrapeProtocol: 'PrometheusText0.0.4',
    }),
    spec: service({
      relabelings: [{ targetLabel: 'own', replacement: '1' }],
      metricRelabelings: [{ regex: 'y', action: 'labeldrop' }],
    }),
    job: serviceMonitor({
      relabel_configs: serviceRules({
        own: [
          endpointLabel('http'),
          { target_label: 'class', replacement: 'c' },
          { target_label: 'own', replacement: '1' },
        ],
      }),
      fallback_scrape_protocol: 'PrometheusText0.0.4',
      metric_relabel_configs: [
        { regex: 'x', action: 'labeldrop' },
        { regex: 'y', action: 'labeldrop' },
      ],
    }),
  },
  'a scrape class by its name instead of the default': {
    settings: {
      scrapeClasses: [
        { name: 'd', default: true, relabelings: [{ targetLabel: 'class', replacement: 'd' }] },
        { name: 'e' },
      ],
    },
    spec: service({}, { scrapeClass: 'e' }),
    job: serviceMonitor(),
  },
  'TLS by Secrets and ConfigMaps, as files': {
    spec: service({
      scheme: 'https',
      tlsConfig: {
        ca: { configMap: { name: 'ca', key: 'ca.crt' } },
        cert: { secret: { name: 'client', key: 'tls.crt' } },
        keySecret: { name: 'client', key: 'tls.key' },
        serverName: 'front',
        insecureSkipVerify: false,
        minVersion: 'TLS12',
        maxVersion: 'TLS13',
      },
    }),
    job: serviceMonitor({
      scheme: 'https',
      tls_config: {
        insecure_skip_verify: false,
        ca_file: '/secrets/configmap/shop/ca/ca.crt',
        cert_file: secretFile('client', 'tls.crt'),
        key_file: secretFile('client', 'tls.key'),
        server_name: 'front',
        min_version: 'TLS12',
        max_version: 'TLS13',
      },
    }),
  },
  'TLS by files of the Prometheus, and empty objects as Go writes them': {
    spec: service({
      bearerTokenFile: '/var/run/token',
      tlsConfig: { ca: {}, cert: {}, caFile: '/var/run/ca.crt' },
    }),
    job: serviceMonitor({
      tls_config: { ca_file: '/var/run/ca.crt' },
      bearer_token_file: '/var/run/token',
    }),
  },
  'TLS by the scrape class': {
    settings: scrapeClass({ tlsConfig: { caFile: '/ca', certFile: '/cert', keyFile: '/key' } }),
    spec: service(),
    job: serviceMonitor({ tls_config: { ca_file: '/ca', cert_file: '/cert', key_file: '/key' } }),
  },
  'TLS of its own, and by the scrape class what it lacks': {
    settings: scrapeClass({
      tlsConfig: { caFile: '/ca', certFile: '/cert', keyFile: '/key', insecureSkipVerify: true },
    }),
    spec: service({ tlsConfig: { serverName: 'front', caFile: '/own' } }),
    job: serviceMonitor({
      tls_config: { ca_file: '/own', cert_file: '/cert', key_file: '/key', server_name: 'front' },
    }),
  },
  'basic authentication, as files': {
    spec: service({
      basicAuth: { username: { name: 'login', key: 'user' }, password: { name: 'login', key: 'password' } },
    }),
    job: serviceMonitor({
      basic_auth: {
        username_file: secretFile('login', 'user'),
        password_file: secretFile('login', 'password'),
      },
    }),
  },
  'authorization, as a file': {
    spec: service({ authorization: { type: ' Token ', credentials: token } }),
    job: serviceMonitor({
      authorization: { type: 'Token', credentials_file: secretFile('token', 'value') },
    }),
  },
  'authorization by the scrape class': {
    settings: scrapeClass({ authorization: { credentialsFile: '/token' } }),
    spec: service(),
    job: serviceMonitor({ authorization: { type: 'Bearer', credentials_file: '/token' } }),
  },
  'authorization of its own, whatever the scrape class says': {
    settings: scrapeClass({ authorization: { type: 'Other', credentialsFile: '/token' } }),
    spec: service({ authorization: { credentials: token } }),
    job: serviceMonitor({
      authorization: { type: 'Bearer', credentials_file: secretFile('token', 'value') },
    }),
  },
  'a bearer token, as a file': {
    spec: service({ bearerTokenSecret: token }),
    job: serviceMonitor({ bearer_token_file: secretFile('token', 'value') }),
  },
  'a bearer token without a name, which is none': {
    spec: service({ bearerTokenSecret: { key: '' } }),
    job: serviceMonitor(),
  },
  'OAuth 2': {
    spec: service({
      oauth2: {
        clientId: { configMap: { name: 'oauth', key: 'id' } },
        clientSecret: { name: 'oauth', key: 'secret' },
        tokenUrl: 'https://login.example.org/token',
        scopes: ['read'],
        endpointParams: { audience: 'metrics' },
        tlsConfig: { insecureSkipVerify: true },
        proxyUrl: 'http://proxy:3128',
      },
    }),
    job: serviceMonitor({
      oauth2: {
        client_id: 'id of oauth',
        client_secret_file: secretFile('oauth', 'secret'),
        token_url: 'https://login.example.org/token',
        scopes: ['read'],
        endpoint_params: { audience: 'metrics' },
        proxy_url: 'http://proxy:3128',
        tls_config: { insecure_skip_verify: true },
      },
    }),
  },
  'a proxy, redirects and HTTP/2': {
    spec: service({
      followRedirects: false,
      enableHttp2: false,
      proxyUrl: 'http://proxy:3128',
      noProxy: '10.0.0.0/8',
    }),
    job: serviceMonitor({
      follow_redirects: false,
      enable_http2: false,
      proxy_url: 'http://proxy:3128',
      no_proxy: '10.0.0.0/8',
    }),
  },
  'the proxy of the environment': {
    spec: service({ proxyFromEnvironment: true }),
    job: serviceMonitor({ proxy_from_environment: true }),
  },
  'redirects and HTTP/2 before the version that knows them': {
    settings: { version: '2.25.0' },
    spec: service({ followRedirects: false, enableHttp2: false }),
    job: serviceMonitor(),
  },
  'one of several shares': {
    translation: { shard: { index: 1, total: 3 } },
    spec: service(),
    job: serviceMonitor({
      relabel_configs: serviceRules({
        own: [
          endpointLabel('http'),
          {
            source_labels: ['__address__', '__tmp_hash'],
            target_label: '__tmp_hash',
            regex: '(.+);',
            replacement: '$1',
            action: 'replace',
          },
          { source_labels: ['__tmp_hash'], target_label: '__tmp_hash', modulus: 3, action: 'hashmod' },
          { source_labels: ['__tmp_hash', '__tmp_disable_sharding'], regex: '1;|.+;.+', action: 'keep' },
        ],
      }),
    }),
  },
  'one listing for all namespaces': {
    translation: { oneListing: true },
    spec: service({}, { namespaceSelector: { matchNames: ['b', 'a.b'] } }),
    job: serviceMonitor({
      kubernetes_sd_configs: [{ role: 'endpoints' }],
      relabel_configs: [
        first,
        { action: 'keep', source_labels: ['__meta_kubernetes_namespace'], regex: 'a\\.b|b' },
        ...serviceRules().slice(1),
      ],
    }),
  },
  'a cluster: its name in front, its label last, and the job label of the operator': {
    translation: { cluster: 'eu$1', connection: { kubeconfig_file: '/k' } },
    spec: service({ relabelings: [{ targetLabel: 'cluster', replacement: 'mine' }] }),
    job: serviceMonitor({
      job_name: 'eu$1/serviceMonitor/shop/front/0',
      kubernetes_sd_configs: [{ role: 'endpoints', kubeconfig_file: '/k', namespaces: { names: ['shop'] } }],
      relabel_configs: [
        { target_label: 'job', replacement: 'serviceMonitor/shop/front/0' },
        ...serviceRules({
          own: [
            endpointLabel('http'),
            { target_label: 'cluster', replacement: 'mine' },
            { target_label: 'cluster', replacement: 'eu$$1' },
          ],
        }),
      ],
    }),
  },
  'what the operator writes into its global section': {
    settings: {
      scrapeInterval: '30s',
      scrapeTimeout: '20s',
      scrapeProtocols: ['PrometheusText0.0.4'],
      sampleLimit: 9,
      enforcedSampleLimit: 7,
      bodySizeLimit: '5MB',
      convertClassicHistogramsToNHCB: true,
    },
    spec: service(),
    job: serviceMonitor({
      scrape_interval: '30s',
      scrape_timeout: '20s',
      sample_limit: 7,
      scrape_protocols: ['PrometheusText0.0.4'],
      body_size_limit: '5MB',
      convert_classic_histograms_to_nhcb: true,
    }),
  },
  'the global timeout, cut to an interval of its own': {
    settings: { scrapeInterval: '30s', scrapeTimeout: '20s' },
    spec: service({ interval: '15s' }),
    job: serviceMonitor({ scrape_interval: '15s', scrape_timeout: '15s' }),
  },
};

const podCases: Readonly<Record<string, Case>> = {
  'a port by its name': { spec: pod(), job: podMonitor() },
  'a port by its number': {
    spec: pod({ port: null, portNumber: 8080 }),
    job: podMonitor({
      relabel_configs: podRules({
        port: [port('8080', '__meta_kubernetes_pod_container_port_number')],
        own: [],
      }),
    }),
  },
  'the old key for a name': {
    spec: pod({ port: null, targetPort: 'web' }),
    job: podMonitor({
      relabel_configs: podRules({
        port: [port('web', '__meta_kubernetes_pod_container_port_name')],
        own: [endpointLabel('web')],
      }),
    }),
  },
  'the old key for a number': {
    spec: pod({ port: null, targetPort: 81 }),
    job: podMonitor({
      relabel_configs: podRules({
        port: [port('81', '__meta_kubernetes_pod_container_port_number')],
        own: [endpointLabel('81')],
      }),
    }),
  },
  'pods that have ended as well, of any namespace': {
    spec: pod({ filterRunning: false }, { namespaceSelector: { any: true } }),
    job: podMonitor({
      kubernetes_sd_configs: [{ role: 'pod' }],
      relabel_configs: podRules({ running: [] }),
    }),
  },
  expressions: {
    spec: pod({}, { selector: { matchExpressions: [{ key: 'on', operator: 'Exists' }] } }),
    job: podMonitor({
      relabel_configs: podRules({
        selector: [
          { action: 'keep', source_labels: ['__meta_kubernetes_pod_labelpresent_on'], regex: 'true' },
        ],
      }),
    }),
  },
  'a selector for the API server': {
    spec: pod({}, { selectorMechanism: 'RoleSelector' }),
    job: podMonitor({
      ...sd({ selectors: [{ role: 'pod', label: 'app=web' }] }, 'pod'),
      relabel_configs: podRules({ selector: [] }),
    }),
  },
  'a label that names the job, and labels of the pod': {
    spec: pod({}, { jobLabel: 'app', podTargetLabels: ['rev'] }),
    job: podMonitor({
      relabel_configs: podRules({
        copied: [copied('__meta_kubernetes_pod_label_rev', 'rev')],
        job: [copied('__meta_kubernetes_pod_label_app', 'job')],
      }),
    }),
  },
  'the labels of nodes, which an old version does not know': {
    settings: { version: '2.34.0' },
    spec: pod({}, { attachMetadata: { node: true } }),
    job: podMonitor(),
  },
  'the labels of nodes': {
    spec: pod({}, { attachMetadata: { node: true } }),
    job: podMonitor(sd({ attach_metadata: { node: true } }, 'pod')),
  },
  'everything about the scrape': {
    spec: pod({
      interval: '1m',
      path: '/m',
      scheme: 'http',
      params: {},
      honorLabels: true,
      enableHttp2: true,
      tlsConfig: { insecureSkipVerify: true },
      basicAuth: { username: { name: 'login', key: 'user' }, password: { name: 'login', key: 'password' } },
    }),
    job: podMonitor({
      honor_labels: true,
      scrape_interval: '1m',
      metrics_path: '/m',
      params: {},
      scheme: 'http',
      enable_http2: true,
      tls_config: { insecure_skip_verify: true },
      basic_auth: {
        username_file: secretFile('login', 'user'),
        password_file: secretFile('login', 'password'),
      },
    }),
  },
  'an empty TLS configuration, for which the scrape class counts': {
    settings: scrapeClass({ tlsConfig: { insecureSkipVerify: true } }),
    spec: pod({ tlsConfig: { ca: {}, cert: {} } }),
    job: podMonitor({ tls_config: { insecure_skip_verify: true } }),
  },
  'a namespace label that is enforced': {
    settings: { enforcedNamespaceLabel: 'tenant' },
    spec: pod(),
    job: podMonitor({
      relabel_configs: podRules({
        own: [endpointLabel('http'), { target_label: 'tenant', replacement: 'shop' }],
      }),
      metric_relabel_configs: [{ target_label: 'tenant', replacement: 'shop' }],
    }),
  },
  limits: {
    settings: { enforcedTargetLimit: 3 },
    spec: pod({}, { targetLimit: 4, sampleLimit: 0 }),
    job: podMonitor({ sample_limit: 0, target_limit: 3 }),
  },
};

const probeCases: Readonly<Record<string, Case>> = {
  'static targets': { spec: { prober, targets }, job: probe() },
  'labels of static targets': {
    spec: {
      prober,
      targets: { staticConfig: { static: ['a'], labels: { env: 'x', namespace: 'own' } } },
    },
    job: probe({ static_configs: [{ targets: ['a'], labels: { namespace: 'own', env: 'x' } }] }),
  },
  'a module, and parameters beside it': {
    spec: {
      prober,
      targets,
      module: 'http_2xx',
      params: [
        { name: 'module', values: ['other'] },
        { name: 'debug', values: ['true'] },
      ],
    },
    job: probe({ params: { module: ['http_2xx'], debug: ['true'] } }),
  },
  'a module by a parameter': {
    spec: { prober, targets, params: [{ name: 'module', values: ['icmp'] }] },
    job: probe({ params: { module: ['icmp'] } }),
  },
  "a job's name": {
    spec: { prober, targets, jobName: 'blackbox' },
    job: probe({ relabel_configs: staticRules([{ target_label: 'job', replacement: 'blackbox' }]) }),
  },
  'scheme, path, interval and timeout': {
    spec: {
      prober: { ...prober, scheme: 'HTTPS', path: '/p', proxyUrl: 'http://proxy:3128' },
      targets,
      interval: '1m',
      scrapeTimeout: '30s',
    },
    job: probe({
      metrics_path: '/p',
      scrape_interval: '1m',
      scrape_timeout: '30s',
      scheme: 'https',
      proxy_url: 'http://proxy:3128',
    }),
  },
  'rules of static targets': {
    spec: {
      prober,
      targets: {
        staticConfig: {
          ...targets.staticConfig,
          relabelingConfigs: [{ targetLabel: 'a', replacement: 'b' }],
        },
      },
      metricRelabelings: [{ regex: 'x', action: 'labeldrop' }],
    },
    job: probe({
      relabel_configs: staticRules([], [{ target_label: 'a', replacement: 'b' }]),
      metric_relabel_configs: [{ regex: 'x', action: 'labeldrop' }],
    }),
  },
  'credentials and TLS': {
    spec: {
      prober,
      targets,
      authorization: { credentials: token },
      tlsConfig: { ca: { secret: { name: 'ca', key: 'ca.crt' } } },
      followRedirects: false,
    },
    job: probe({
      follow_redirects: false,
      tls_config: { ca_file: secretFile('ca', 'ca.crt') },
      authorization: { type: 'Bearer', credentials_file: secretFile('token', 'value') },
    }),
  },
  'timestamps that may not be honoured, limits and the size that is enforced': {
    settings: { overrideHonorTimestamps: true, enforcedSampleLimit: 4, enforcedBodySizeLimit: '1MB' },
    spec: { prober, targets, sampleLimit: 9 },
    job: probe({ honor_timestamps: false, sample_limit: 4, body_size_limit: '1MB' }),
  },
  'ingresses that are selected': {
    spec: { prober, targets: { ingress: { selector: app } } },
    job: ingressProbe(ingressRules([selected('ingress', 'app', 'web')])),
  },
  'ingresses of other namespaces, by expressions': {
    spec: {
      prober,
      targets: {
        ingress: {
          selector: { matchExpressions: [{ key: 'on', operator: 'DoesNotExist' }] },
          namespaceSelector: { any: true },
          relabelingConfigs: [{ targetLabel: 'a', replacement: 'b' }],
        },
      },
    },
    job: ingressProbe(
      ingressRules(
        [{ action: 'drop', source_labels: ['__meta_kubernetes_ingress_labelpresent_on'], regex: 'true' }],
        [{ target_label: 'a', replacement: 'b' }],
      ),
      { kubernetes_sd_configs: [{ role: 'ingress' }] },
    ),
  },
  'static targets, although there is an ingress': {
    spec: { prober, targets: { ...targets, ingress: { selector: app } } },
    job: probe(),
  },
  'one of several shares, by what is probed': {
    translation: { shard: { index: 0, total: 2 } },
    spec: { prober, targets },
    job: probe({
      relabel_configs: staticRules(
        [],
        [
          {
            source_labels: ['__param_target', '__tmp_hash'],
            target_label: '__tmp_hash',
            regex: '(.+);',
            replacement: '$1',
            action: 'replace',
          },
          { source_labels: ['__tmp_hash'], target_label: '__tmp_hash', modulus: 2, action: 'hashmod' },
          { source_labels: ['__tmp_hash', '__tmp_disable_sharding'], regex: '0;|.+;.+', action: 'keep' },
        ],
      ),
    }),
  },
  'a cluster, with the job label that the operator sets': {
    translation: { cluster: 'eu', connection: { kubeconfig_file: '/k' } },
    spec: { prober, targets },
    job: probe({
      job_name: 'eu/probe/shop/front',
      relabel_configs: [
        { target_label: 'job', replacement: 'probe/shop/front' },
        ...staticRules([], [{ target_label: 'cluster', replacement: 'eu' }]),
      ],
    }),
  },
};

const scrapeRules = (...own: Rules) => [first, ...own];
const scrapeConfig = (more: object = {}) => ({
  job_name: 'scrapeConfig/shop/front',
  relabel_configs: scrapeRules(),
  ...more,
});
const outside = { connection: { kubeconfig_file: '/k' } };

const scrapeCases: Readonly<Record<string, Case>> = {
  nothing: { spec: {}, job: scrapeConfig() },
  'static targets': {
    spec: {
      staticConfigs: [
        { targets: ['a.example.org:80'], labels: { env: 'x' } },
        { targets: ['b.example.org'] },
      ],
    },
    translation: outside,
    job: scrapeConfig({
      static_configs: [
        { targets: ['a.example.org:80'], labels: { env: 'x' } },
        { targets: ['b.example.org'] },
      ],
    }),
  },
  files: {
    spec: { fileSDConfigs: [{ files: ['/etc/sd/a.json'], refreshInterval: '1m' }] },
    translation: { ...outside, files: new Map([['/etc/sd', '/here']]) },
    job: scrapeConfig({ file_sd_configs: [{ files: ['/here/a.json'], refresh_interval: '1m' }] }),
  },
  'HTTP, with credentials as files': {
    spec: {
      httpSDConfigs: [
        {
          url: 'https://sd.example.org/targets?x=1',
          authorization: { credentials: token },
          tlsConfig: { insecureSkipVerify: true },
          proxyUrl: 'http://proxy:3128',
          followRedirects: false,
          enableHTTP2: false,
        },
      ],
    },
    translation: outside,
    job: scrapeConfig({
      http_sd_configs: [
        {
          url: 'https://sd.example.org/targets?x=1',
          authorization: { type: 'Bearer', credentials_file: secretFile('token', 'value') },
          tls_config: { insecure_skip_verify: true },
          proxy_url: 'http://proxy:3128',
          follow_redirects: false,
          enable_http2: false,
        },
      ],
    }),
  },
  'HTTP of an address inside the cluster': {
    spec: { httpSDConfigs: [{ url: 'http://sd.shop.svc:8080/t' }] },
    translation: { ...outside, addresses: new Map([['sd.shop.svc:8080', 'sd.example.org']]) },
    job: scrapeConfig({ http_sd_configs: [{ url: 'http://sd.example.org/t' }] }),
  },
  'Kubernetes of its own cluster': {
    spec: {
      kubernetesSDConfigs: [
        {
          role: 'EndpointSlice',
          namespaces: { names: ['a'] },
          selectors: [{ role: 'Service', label: 'a=b' }],
          attachMetadata: { node: true },
        },
        { role: 'Node', attachMetadata: { node: true } },
      ],
    },
    translation: outside,
    job: scrapeConfig({
      kubernetes_sd_configs: [
        {
          role: 'endpointslice',
          kubeconfig_file: '/k',
          namespaces: { names: ['a'] },
          selectors: [{ role: 'service', label: 'a=b' }],
          attach_metadata: { node: true },
        },
        { role: 'node', kubeconfig_file: '/k' },
      ],
    }),
  },
  'Kubernetes of another cluster': {
    spec: {
      kubernetesSDConfigs: [
        {
          role: 'Pod',
          apiServer: 'https://k8s.example.org',
          basicAuth: {
            username: { name: 'login', key: 'user' },
            password: { name: 'login', key: 'password' },
          },
        },
      ],
    },
    translation: outside,
    job: scrapeConfig({
      kubernetes_sd_configs: [
        {
          role: 'pod',
          api_server: 'https://k8s.example.org',
          basic_auth: {
            username_file: secretFile('login', 'user'),
            password_file: secretFile('login', 'password'),
          },
        },
      ],
    }),
  },
  Consul: {
    spec: {
      consulSDConfigs: [
        {
          server: 'consul.example.org:8500',
          scheme: 'HTTPS',
          pathPrefix: '/c',
          datacenter: 'dc1',
          services: ['web'],
          tags: ['prod'],
          tagSeparator: ';',
          nodeMeta: { rack: '1' },
          filter: 'x',
          healthFilter: 'y',
          allowStale: false,
          refreshInterval: '30s',
          enableHTTP2: true,
        },
      ],
    },
    job: scrapeConfig({
      consul_sd_configs: [
        {
          server: 'consul.example.org:8500',
          path_prefix: '/c',
          datacenter: 'dc1',
          scheme: 'https',
          services: ['web'],
          tags: ['prod'],
          tag_separator: ';',
          node_meta: { rack: '1' },
          filter: 'x',
          health_filter: 'y',
          allow_stale: false,
          refresh_interval: '30s',
          enable_http2: true,
        },
      ],
    }),
  },
  DNS: {
    spec: {
      dnsSDConfigs: [
        { names: ['_web._tcp.example.org'], type: 'SRV' },
        { names: ['b.example.org'], type: 'A', port: 80 },
      ],
    },
    translation: outside,
    job: scrapeConfig({
      dns_sd_configs: [
        { names: ['_web._tcp.example.org'], type: 'SRV' },
        { names: ['b.example.org'], type: 'A', port: 80 },
      ],
    }),
  },
  'everything about the scrape': {
    spec: {
      metricsPath: '/m',
      scrapeInterval: '1m',
      scrapeTimeout: '30s',
      scheme: 'HTTPS',
      params: { b: ['2'], a: ['1'] },
      honorLabels: true,
      honorTimestamps: true,
      trackTimestampsStaleness: true,
      enableCompression: false,
      enableHTTP2: false,
      sampleLimit: 5,
      bodySizeLimit: '1MB',
      basicAuth: { username: { name: 'login', key: 'user' }, password: { name: 'login', key: 'password' } },
      tlsConfig: { serverName: 'x' },
      nameValidationScheme: 'Legacy',
      nameEscapingScheme: 'AllowUTF8',
      metricRelabelings: [{ regex: 'x', action: 'labeldrop' }],
    },
    job: scrapeConfig({
      metrics_path: '/m',
      scrape_interval: '1m',
      scrape_timeout: '30s',
      scheme: 'https',
      params: { a: ['1'], b: ['2'] },
      honor_labels: true,
      honor_timestamps: true,
      track_timestamps_staleness: true,
      enable_compression: false,
      enable_http2: false,
      sample_limit: 5,
      body_size_limit: '1MB',
      basic_auth: {
        username_file: secretFile('login', 'user'),
        password_file: secretFile('login', 'password'),
      },
      tls_config: { server_name: 'x' },
      metric_name_validation_scheme: 'legacy',
      metric_name_escaping_scheme: 'allow-utf-8',
      metric_relabel_configs: [{ regex: 'x', action: 'labeldrop' }],
    }),
  },
  'labels and timestamps of which it says nothing, whatever may not be honoured': {
    settings: { overrideHonorLabels: true, overrideHonorTimestamps: true },
    spec: {},
    job: scrapeConfig(),
  },
  'the rules of the scrape class, then the name of the job, then its own': {
    settings: scrapeClass({ relabelings: [{ targetLabel: 'class', replacement: 'c' }] }),
    spec: { jobName: 'own', relabelings: [{ targetLabel: 'a', replacement: 'b' }] },
    job: scrapeConfig({
      relabel_configs: scrapeRules(
        { target_label: 'class', replacement: 'c' },
        { target_label: 'job', action: 'replace', replacement: 'own' },
        { target_label: 'a', replacement: 'b' },
      ),
    }),
  },
  'an enforced label behind rules of its own': {
    settings: { enforcedNamespaceLabel: 'tenant' },
    spec: { relabelings: [{ targetLabel: 'a', replacement: 'b' }] },
    job: scrapeConfig({
      relabel_configs: scrapeRules(
        { target_label: 'a', replacement: 'b' },
        { target_label: 'tenant', replacement: 'shop' },
      ),
      metric_relabel_configs: [{ target_label: 'tenant', replacement: 'shop' }],
    }),
  },
  'no enforced label without rules of its own': {
    settings: { enforcedNamespaceLabel: 'tenant' },
    spec: {},
    job: scrapeConfig({ metric_relabel_configs: [{ target_label: 'tenant', replacement: 'shop' }] }),
  },
  'a share of its own, which stays': {
    translation: { shard: { index: 0, total: 2 } },
    spec: {
      relabelings: [{ sourceLabels: ['a'], targetLabel: '__tmp_hash', modulus: 4, action: 'HashMod' }],
    },
    job: scrapeConfig({
      relabel_configs: scrapeRules({
        source_labels: ['a'],
        target_label: '__tmp_hash',
        modulus: 4,
        action: 'hashmod',
      }),
    }),
  },
};

const lookup: Lookup = ({ name, key }) => ({
  text: name === 'ca' || name === 'client' ? '' : `${key} of ${name}`,
});

function jobOf(kind: MonitorKind, { spec, settings = {}, translation = {} }: Omit<Case, 'job'>) {
  const monitor = readMonitor({ kind, namespace: 'shop', name: 'front' }, spec);
  return translate(
    [monitor],
    {
      settings: readSettings(settings),
      connection: {},
      secretsFolder: '/secrets',
      files: new Map(),
      addresses: new Map(),
      oneListing: false,
      ...translation,
    },
    lookup,
  );
}

describe.each([
  ['ServiceMonitor', serviceCases],
  ['PodMonitor', podCases],
  ['Probe', probeCases],
  ['ScrapeConfig', scrapeCases],
] as const)('the job of a %s is that of the operator', (kind, cases) => {
  test.each(Object.entries(cases))('%s', (_, { job, ...given }) => {
    const { jobs, leftOut } = jobOf(kind, given);
    expect({ jobs, leftOut }).toEqual({ jobs: [job], leftOut: [] });
  });
});

test('the keys of a job stand in the order of the operator', () => {
  const { jobs } = jobOf('ServiceMonitor', {
    settings: { scrapeInterval: '30s' },
    spec: service({ path: '/m', scheme: 'http' }, { sampleLimit: 1 }),
  });
  expect(jobs.map((job) => Object.keys(job))).toEqual([
    [
      'job_name',
      'honor_labels',
      'kubernetes_sd_configs',
      'metrics_path',
      'scheme',
      'relabel_configs',
      'sample_limit',
      'scrape_interval',
    ],
  ]);
});

test('keys that the version does not have are named', () => {
  const spec = service(
    { enableHttp2: false },
    { scrapeNativeHistograms: true, scrapeClassicHistograms: true, keepDroppedTargets: 5 },
  );
  expect(
    ['3.5.0', 'v2.30.0', '3.8.0'].map(
      (version) => jobOf('ServiceMonitor', { settings: { version }, spec }).notes,
    ),
  ).toEqual([
    ['ServiceMonitor shop/front: Prometheus 3.5.0 has no scrape_native_histograms'],
    [
      'ServiceMonitor shop/front: Prometheus v2.30.0 has no enable_http2, keep_dropped_targets, scrape_native_histograms, always_scrape_classic_histograms',
    ],
    [],
  ]);
});
