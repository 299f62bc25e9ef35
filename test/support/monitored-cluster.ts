import type { CustomDefinition, GivenObjects, JsonObject } from '../../lib/sim/kubernetes.ts';
import { createAuthority } from './certificates.ts';

/**
 * A cluster with Monitors of the kinds that kube-prometheus and the applications beside it have, and what they select.
 * Addresses are of this machine, so that whoever scrapes them finds closed ports and nobody else.
 */
export interface MonitoredCluster {
  readonly objects: GivenObjects;
  readonly definitions: readonly CustomDefinition[];
  /** Monitors that become jobs. */
  readonly monitors: readonly JsonObject[];
  /** Monitors that cannot, by their name. */
  readonly impossible: readonly JsonObject[];
}

interface Port {
  readonly name: string;
  readonly port: number;
}

interface Workload {
  readonly namespace: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly podLabels?: Readonly<Record<string, string>>;
  readonly ports: readonly Port[];
  readonly pods: number;
  /** How many of its pods have failed. */
  readonly failed?: number;
}

const nodeNames = ['node-a', 'node-b', 'node-c'];

const k8s = (name: string, component = name) => ({
  'app.kubernetes.io/name': name,
  'app.kubernetes.io/component': component,
  'app.kubernetes.io/part-of': 'kube-prometheus',
});

const workloads: readonly Workload[] = [
  ...(
    [
      [
        'alertmanager-main',
        'alertmanager',
        [
          ['web', 9093],
          ['reloader-web', 8080],
        ],
        3,
      ],
      ['blackbox-exporter', 'blackbox-exporter', [['https', 9115]], 1],
      ['grafana', 'grafana', [['http', 3000]], 1],
      [
        'kube-state-metrics',
        'kube-state-metrics',
        [
          ['https-main', 8443],
          ['https-self', 9443],
        ],
        1,
      ],
      ['node-exporter', 'node-exporter', [['https', 9100]], 3],
      ['prometheus-adapter', 'prometheus-adapter', [['https', 6443]], 2],
      [
        'prometheus-k8s',
        'prometheus',
        [
          ['web', 9090],
          ['reloader-web', 8080],
        ],
        2,
      ],
      ['prometheus-operator', 'prometheus-operator', [['https', 8443]], 1],
    ] as const
  ).map(([name, app, ports, pods]) => ({
    ...{ namespace: 'monitoring', name, labels: k8s(app), pods },
    ports: ports.map(([port, number]) => ({ name: port, port: number })),
  })),
  {
    ...{ namespace: 'kube-system', name: 'kube-dns', labels: { 'k8s-app': 'kube-dns' }, pods: 2 },
    ports: [
      { name: 'dns', port: 53 },
      { name: 'metrics', port: 9153 },
    ],
  },
  ...['kube-controller-manager', 'kube-scheduler'].map((name) => ({
    ...{ namespace: 'kube-system', name, labels: { 'app.kubernetes.io/name': name }, pods: 1 },
    ports: [{ name: 'https-metrics', port: 10_257 }],
  })),
  {
    ...{ namespace: 'kube-system', name: 'kube-proxy', labels: {}, pods: 3 },
    podLabels: { 'k8s-app': 'kube-proxy' },
    ports: [{ name: 'metrics', port: 10_249 }],
  },
  ...(
    [
      ['shop', 'front', { app: 'front', team: 'web', tier: 'edge' }, 4],
      ['shop', 'cart', { app: 'cart', team: 'web', tier: 'core' }, 2],
      ['shop', 'orders', { app: 'orders', team: 'back', tier: 'core' }, 3],
      ['shop', 'batch', { app: 'batch', team: 'back', tier: 'batch' }, 2],
      ['billing', 'ledger', { app: 'ledger', team: 'money', tier: 'core' }, 2],
      ['billing', 'cart', { app: 'cart', team: 'money', tier: 'core' }, 1],
    ] as const
  ).map(([namespace, name, labels, pods]) => ({
    ...{ namespace, name, labels, pods, failed: name === 'batch' ? 1 : 0 },
    podLabels: { ...labels, 'rev.example.org/id': 'r7', 'istio.io/rev': 'stable' },
    ports: [
      { name: 'http', port: 8080 },
      { name: 'http-envoy-prom', port: 15_090 },
    ],
  })),
];

/** The cluster, always the same. */
export function monitoredCluster(): MonitoredCluster {
  let address = 10;
  const nextAddress = () => `127.10.0.${address++}`;
  const made = workloads.map((workload) => makeWorkload(workload, nextAddress));
  const own = [apiServer(), kubelet()];
  const objects: GivenObjects = {
    namespaces: ['default', 'kube-system', 'monitoring', 'shop', 'billing'].map((name) => ({
      metadata: { name, uid: `namespace-${name}`, labels: { 'kubernetes.io/metadata.name': name } },
    })),
    nodes: nodeNames.map((name, index) => ({
      metadata: { name, uid: name, labels: { 'topology.kubernetes.io/zone': `zone-${index % 2}` } },
      status: { addresses: [{ type: 'InternalIP', address: `127.10.1.${index + 1}` }] },
    })),
    pods: made.flatMap(({ pods }) => pods),
    services: [...made, ...own].map(({ service }) => service),
    endpoints: [...made, ...own].map(({ endpoints }) => endpoints),
    endpointslices: [...made, ...own].map(({ slice }) => slice),
    ingresses: ingresses(),
  };
  const custom = (kind: string, plural: string, all: readonly JsonObject[], version = 'v1') => ({
    ...{ group: 'monitoring.coreos.com', kind, plural, versions: [{ name: version, served: true }] },
    objects: all.filter((object) => object.kind === kind),
  });
  const core = (kind: string, plural: string, all: readonly JsonObject[]) => ({
    ...{ group: '', kind, plural, versions: [{ name: 'v1', served: true }], objects: all },
  });
  const all = [...monitors, ...impossible];
  return {
    objects,
    definitions: [
      custom('ServiceMonitor', 'servicemonitors', all),
      custom('PodMonitor', 'podmonitors', all),
      custom('Probe', 'probes', all),
      custom('ScrapeConfig', 'scrapeconfigs', scrapeConfigs, 'v1alpha1'),
      custom('Prometheus', 'prometheuses', [prometheus]),
      core('Secret', 'secrets', secrets()),
      core('ConfigMap', 'configmaps', [
        { metadata: { namespace: 'billing', name: 'oauth' }, data: { id: 'metrics-client' } },
      ]),
    ],
    monitors,
    impossible,
  };
}

function secrets(): readonly JsonObject[] {
  const base64 = (text: string) => Buffer.from(text).toString('base64');
  const secret = (namespace: string, name: string, data: Readonly<Record<string, string>>) => ({
    metadata: { namespace, name },
    data: Object.fromEntries(Object.entries(data).map(([key, text]) => [key, base64(text)])),
  });
  return [
    secret('billing', 'login', { user: 'prometheus', password: 'hush-password' }),
    secret('billing', 'token', { value: 'hush-token', client: 'hush-client' }),
    secret('shop', 'ca', { 'ca.crt': createAuthority().cert }),
  ];
}

function makeWorkload(workload: Workload, nextAddress: () => string) {
  const { namespace, name, labels, podLabels = labels, ports, pods: count, failed = 0 } = workload;
  const pods = Array.from({ length: count }, (_, index) => {
    const podIP = nextAddress();
    const nodeName = nodeNames[index % nodeNames.length] ?? '';
    return {
      metadata: {
        namespace,
        name: `${name}-${index}`,
        uid: `${namespace}-${name}-${index}`,
        labels: podLabels,
      },
      spec: {
        nodeName,
        containers: [
          {
            ...{ name: name.split('-')[0] ?? name, image: `registry.example.org/${name}:1` },
            ports: ports.map((port) => ({ name: port.name, containerPort: port.port, protocol: 'TCP' })),
          },
        ],
      },
      status: {
        ...{ phase: index < failed ? 'Failed' : 'Running', podIP, hostIP: '127.10.1.1' },
        podIPs: [{ ip: podIP }],
        conditions: [{ type: 'Ready', status: index < failed ? 'False' : 'True' }],
      },
    };
  });
  const backends = pods.map(({ metadata, spec, status }) => ({
    ip: status.podIP,
    nodeName: spec.nodeName,
    targetRef: { kind: 'Pod', namespace, name: metadata.name, uid: metadata.uid },
  }));
  return { pods, ...serviceOf(workload, backends) };
}

/** A type and not an interface, since it becomes JSON. */
type BackendAddress = {
  readonly ip: string;
  readonly nodeName?: string;
  readonly targetRef?: {
    readonly kind: string;
    readonly namespace?: string;
    readonly name: string;
    readonly uid: string;
  };
};

function serviceOf(
  { namespace, name, labels, ports }: Pick<Workload, 'namespace' | 'name' | 'labels' | 'ports'>,
  backends: readonly BackendAddress[],
) {
  const numbered = ports.map((port) => ({ ...port, protocol: 'TCP' }));
  return {
    service: {
      metadata: { namespace, name, uid: `service-${namespace}-${name}`, labels },
      spec: { type: 'ClusterIP', clusterIP: '127.10.2.1', ports: numbered },
    },
    endpoints: {
      metadata: { namespace, name, uid: `endpoints-${namespace}-${name}`, labels },
      subsets: [{ addresses: backends, ports: numbered }],
    },
    slice: {
      metadata: {
        ...{ namespace, name: `${name}-x1`, uid: `slice-${namespace}-${name}` },
        labels: { ...labels, 'kubernetes.io/service-name': name },
      },
      addressType: 'IPv4',
      endpoints: backends.map(({ ip, ...backend }) => ({
        ...{ addresses: [ip], conditions: { ready: true, serving: true, terminating: false } },
        ...backend,
      })),
      ports: numbered,
    },
  };
}

function apiServer() {
  const labels = { component: 'apiserver', provider: 'kubernetes' };
  const ports = [{ name: 'https', port: 6443 }];
  return serviceOf({ namespace: 'default', name: 'kubernetes', labels, ports }, [{ ip: '127.10.1.9' }]);
}

function kubelet() {
  const labels = { 'app.kubernetes.io/name': 'kubelet', 'k8s-app': 'kubelet' };
  const ports = [
    { name: 'https-metrics', port: 10_250 },
    { name: 'http-metrics', port: 10_255 },
  ];
  const backends = nodeNames.map((name, index) => ({
    ...{ ip: `127.10.1.${index + 1}`, nodeName: name },
    targetRef: { kind: 'Node', name, uid: name },
  }));
  return serviceOf({ namespace: 'kube-system', name: 'kubelet', labels, ports }, backends);
}

function ingresses(): readonly JsonObject[] {
  const ingress = (namespace: string, name: string, labels: JsonObject, host: string) => ({
    metadata: { namespace, name, uid: `ingress-${namespace}-${name}`, labels },
    spec: {
      tls: [{ hosts: [host] }],
      rules: [
        {
          host,
          http: {
            paths: [
              { path: '/', pathType: 'Prefix' },
              { path: '/api', pathType: 'Prefix' },
            ],
          },
        },
      ],
    },
  });
  return [
    ingress('shop', 'front', { probe: 'yes' }, 'shop.example.org'),
    ingress('shop', 'admin', {}, 'admin.example.org'),
    ingress('billing', 'ledger', { probe: 'yes' }, 'ledger.example.org'),
  ];
}

const monitor = (
  kind: string,
  namespace: string,
  name: string,
  spec: JsonObject,
  labels: JsonObject = {},
) => ({
  kind,
  metadata: { namespace, name, uid: `${kind}-${namespace}-${name}`, labels: { release: 'k8s', ...labels } },
  spec,
});
const serviceMonitor = (namespace: string, name: string, spec: JsonObject) =>
  monitor('ServiceMonitor', namespace, name, spec);

const tokenFile = '/var/run/secrets/kubernetes.io/serviceaccount/token';
const secured = (port: string, more: JsonObject = {}) => ({
  ...{ port, scheme: 'https', interval: '30s', bearerTokenFile: tokenFile },
  tlsConfig: { insecureSkipVerify: true },
  ...more,
});
const ofSystem = { namespaceSelector: { matchNames: ['kube-system'] }, jobLabel: 'app.kubernetes.io/name' };
const kubePrometheus = (name: string, app: string, endpoints: readonly JsonObject[], more: JsonObject = {}) =>
  serviceMonitor('monitoring', name, { selector: { matchLabels: k8s(app) }, endpoints, ...more });

const monitors: readonly JsonObject[] = [
  kubePrometheus('alertmanager-main', 'alertmanager', [
    { port: 'web', interval: '30s' },
    { port: 'reloader-web', interval: '30s' },
  ]),
  kubePrometheus('blackbox-exporter', 'blackbox-exporter', [secured('https', { path: '/metrics' })]),
  kubePrometheus('grafana', 'grafana', [{ port: 'http', interval: '15s' }]),
  kubePrometheus(
    'kube-state-metrics',
    'kube-state-metrics',
    [
      secured('https-main', {
        ...{ honorLabels: true, scrapeTimeout: '30s' },
        relabelings: [{ regex: '(pod|service|endpoint|namespace)', action: 'labeldrop' }],
      }),
      secured('https-self'),
    ],
    { jobLabel: 'app.kubernetes.io/name' },
  ),
  kubePrometheus(
    'node-exporter',
    'node-exporter',
    [
      secured('https', {
        interval: '15s',
        relabelings: [
          {
            ...{ action: 'replace', regex: '(.*)', replacement: '$1' },
            ...{ sourceLabels: ['__meta_kubernetes_pod_node_name'], targetLabel: 'instance' },
          },
        ],
      }),
    ],
    { jobLabel: 'app.kubernetes.io/name' },
  ),
  kubePrometheus('prometheus-adapter', 'prometheus-adapter', [
    secured('https', {
      metricRelabelings: [{ sourceLabels: ['__name__'], regex: 'apiserver_.*', action: 'drop' }],
    }),
  ]),
  kubePrometheus('prometheus-k8s', 'prometheus', [
    { port: 'web', interval: '30s' },
    { port: 'reloader-web', interval: '30s' },
  ]),
  kubePrometheus('prometheus-operator', 'prometheus-operator', [secured('https', { honorLabels: true })]),
  serviceMonitor('monitoring', 'coredns', {
    ...{ selector: { matchLabels: { 'k8s-app': 'kube-dns' } }, jobLabel: 'app.kubernetes.io/name' },
    namespaceSelector: { matchNames: ['kube-system'] },
    endpoints: [{ port: 'metrics', interval: '15s', bearerTokenFile: tokenFile }],
  }),
  serviceMonitor('monitoring', 'kube-apiserver', {
    ...{
      selector: { matchLabels: { component: 'apiserver', provider: 'kubernetes' } },
      jobLabel: 'component',
    },
    namespaceSelector: { matchNames: ['default'] },
    endpoints: [
      secured('https', {
        tlsConfig: {
          ...{ ca: {}, cert: {}, serverName: 'kubernetes' },
          caFile: '/var/run/secrets/kubernetes.io/serviceaccount/ca.crt',
        },
      }),
    ],
  }),
  serviceMonitor('monitoring', 'kube-controller-manager', {
    ...ofSystem,
    selector: { matchLabels: { 'app.kubernetes.io/name': 'kube-controller-manager' } },
    endpoints: [secured('https-metrics')],
  }),
  serviceMonitor('monitoring', 'kube-scheduler', {
    ...ofSystem,
    selector: { matchLabels: { 'app.kubernetes.io/name': 'kube-scheduler' } },
    endpoints: [
      secured('https-metrics'),
      secured('https-metrics', { path: '/metrics/slis', interval: '5s' }),
    ],
  }),
  serviceMonitor('monitoring', 'kubelet', {
    ...ofSystem,
    selector: { matchLabels: { 'app.kubernetes.io/name': 'kubelet' } },
    endpoints: ['/metrics', '/metrics/cadvisor', '/metrics/probes'].map((path) =>
      secured('https-metrics', {
        ...{ path, honorLabels: true, honorTimestamps: path !== '/metrics/cadvisor' },
        relabelings: [{ action: 'replace', sourceLabels: ['__metrics_path__'], targetLabel: 'metrics_path' }],
      }),
    ),
  }),
  monitor('PodMonitor', 'kube-system', 'kube-proxy', {
    selector: { matchLabels: { 'k8s-app': 'kube-proxy' } },
    jobLabel: 'k8s-app',
    podMetricsEndpoints: [
      {
        ...{ port: 'metrics', interval: '30s' },
        relabelings: [
          { action: 'replace', sourceLabels: ['__meta_kubernetes_pod_node_name'], targetLabel: 'instance' },
        ],
      },
    ],
  }),
  monitor('PodMonitor', 'monitoring', 'envoy', {
    selector: { matchExpressions: [{ key: 'istio.io/rev', operator: 'Exists' }] },
    namespaceSelector: { any: true },
    jobLabel: 'envoy-stats',
    podMetricsEndpoints: [
      {
        ...{ path: '/stats/prometheus', interval: '15s' },
        relabelings: [
          {
            action: 'keep',
            sourceLabels: ['__meta_kubernetes_pod_container_port_name'],
            regex: '.*-envoy-prom',
          },
          { action: 'labelmap', regex: '__meta_kubernetes_pod_label_(.+)' },
        ],
      },
    ],
  }),
  monitor('PodMonitor', 'shop', 'front', {
    selector: { matchLabels: { app: 'front' } },
    podTargetLabels: ['team', 'rev.example.org/id'],
    podMetricsEndpoints: [{ portNumber: 8080, path: '/internal' }],
  }),
  monitor('PodMonitor', 'shop', 'batch', {
    selector: { matchLabels: { tier: 'batch' } },
    podMetricsEndpoints: [{ port: 'http', filterRunning: false }],
  }),
  monitor('PodMonitor', 'billing', 'by-role', {
    ...{ selector: { matchLabels: { team: 'money' } }, selectorMechanism: 'RoleSelector' },
    attachMetadata: { node: true },
    podMetricsEndpoints: [
      {
        port: 'http',
        relabelings: [
          { sourceLabels: ['__meta_kubernetes_node_label_topology_kubernetes_io_zone'], targetLabel: 'zone' },
        ],
      },
    ],
  }),
  monitor('Probe', 'shop', 'pages', {
    ...{ jobName: 'pages', module: 'http_2xx', interval: '1m' },
    prober: { url: 'blackbox.monitoring.svc:9115' },
    targets: {
      staticConfig: {
        static: ['https://shop.example.org', 'https://admin.example.org'],
        labels: { kind: 'page' },
      },
    },
  }),
  monitor('Probe', 'shop', 'ingresses', {
    prober: { url: 'blackbox.monitoring.svc:9115', scheme: 'https', path: '/check' },
    tlsConfig: { ca: { secret: { name: 'ca', key: 'ca.crt' } } },
    targets: {
      ingress: { selector: { matchLabels: { probe: 'yes' } }, namespaceSelector: { any: true } },
    },
  }),
  serviceMonitor('shop', 'front', {
    selector: { matchLabels: { app: 'front' } },
    ...{ jobLabel: 'app', targetLabels: ['team'], podTargetLabels: ['rev.example.org/id'] },
    endpoints: [{ targetPort: 8080 }],
  }),
  serviceMonitor('shop', 'core', {
    selector: {
      matchExpressions: [
        { key: 'tier', operator: 'In', values: ['core', 'edge'] },
        { key: 'team', operator: 'NotIn', values: ['money'] },
        { key: 'legacy', operator: 'DoesNotExist' },
      ],
    },
    endpoints: [{ port: 'http', path: '/core', params: { format: ['prometheus'] } }],
  }),
  serviceMonitor('shop', 'slices', {
    ...{ selector: { matchLabels: { app: 'orders' } }, serviceDiscoveryRole: 'EndpointSlice' },
    endpoints: [{ port: 'http', path: '/slices' }],
  }),
  serviceMonitor('shop', 'everywhere', {
    ...{ selector: { matchLabels: { app: 'cart' } }, namespaceSelector: { any: true } },
    endpoints: [{ port: 'http', path: '/everywhere' }],
  }),
  serviceMonitor('shop', 'two-namespaces', {
    ...{ selector: {}, namespaceSelector: { matchNames: ['shop', 'billing'] } },
    endpoints: [{ port: 'http', path: '/two', interval: '2m', scrapeTimeout: '1m' }],
  }),
  serviceMonitor('billing', 'login', {
    selector: { matchLabels: { app: 'ledger' } },
    endpoints: [
      {
        ...{ port: 'http', path: '/login' },
        basicAuth: { username: { name: 'login', key: 'user' }, password: { name: 'login', key: 'password' } },
      },
      { port: 'http', path: '/token', authorization: { credentials: { name: 'token', key: 'value' } } },
    ],
  }),
  serviceMonitor('billing', 'oauth', {
    selector: { matchLabels: { app: 'ledger' } },
    endpoints: [
      {
        ...{ port: 'http', path: '/oauth' },
        oauth2: {
          clientId: { configMap: { name: 'oauth', key: 'id' } },
          clientSecret: { name: 'token', key: 'client' },
          tokenUrl: 'http://127.0.0.1:1/token',
        },
      },
    ],
  }),
  serviceMonitor('billing', 'by-role', {
    ...{ selector: { matchLabels: { app: 'cart' } }, selectorMechanism: 'RoleSelector' },
    endpoints: [{ port: 'http', path: '/by-role' }],
  }),
  serviceMonitor('billing', 'limits', {
    ...{ selector: {}, sampleLimit: 5000, targetLimit: 50, bodySizeLimit: '20MB' },
    attachMetadata: { node: true },
    endpoints: [
      {
        ...{ port: 'http', path: '/limits', honorTimestamps: false },
        relabelings: [
          { sourceLabels: ['__meta_kubernetes_node_label_topology_kubernetes_io_zone'], targetLabel: 'zone' },
          { sourceLabels: ['__address__'], modulus: 4, targetLabel: 'shard', action: 'HashMod' },
        ],
      },
    ],
  }),
  serviceMonitor('billing', 'odd-labels', {
    selector: { matchLabels: { app: 'ledger' } },
    endpoints: [
      {
        ...{ port: 'http', path: '/odd' },
        relabelings: [
          { targetLabel: 'note', replacement: 'yes: "quoted", #1, ünï' },
          { targetLabel: 'cluster', replacement: 'mine' },
          { targetLabel: 'octal', replacement: '0o17' },
          { targetLabel: 'on', replacement: 'off' },
        ],
      },
    ],
  }),
];

const scrapeConfigs: readonly JsonObject[] = [
  monitor('ScrapeConfig', 'monitoring', 'nodes', {
    jobName: 'nodes',
    kubernetesSDConfigs: [{ role: 'Node' }],
    relabelings: [{ action: 'LabelMap', regex: '__meta_kubernetes_node_label_(.+)' }],
  }),
  monitor('ScrapeConfig', 'shop', 'database', {
    staticConfigs: [{ targets: ['127.10.3.1:9104'], labels: { db: 'orders' } }],
  }),
];

const impossible: readonly JsonObject[] = [
  serviceMonitor('shop', 'bad-rule', {
    selector: {},
    endpoints: [{ port: 'http', relabelings: [{ regex: '(', action: 'drop' }] }],
  }),
  serviceMonitor('shop', 'no-secret', {
    selector: {},
    endpoints: [{ port: 'http', authorization: { credentials: { name: 'gone', key: 'token' } } }],
  }),
  serviceMonitor('shop', 'own-file', {
    selector: {},
    endpoints: [{ port: 'http', tlsConfig: { caFile: '/etc/prometheus/own/ca.crt' } }],
  }),
  monitor('Probe', 'shop', 'own-prober', {
    prober: { url: 'prober.shop.svc' },
    targets: { staticConfig: { static: ['https://shop.example.org'] } },
  }),
];

/** Not selected by the Prometheus below, beside those without the label. */
const prometheus = {
  kind: 'Prometheus',
  metadata: { namespace: 'monitoring', name: 'k8s', uid: 'prometheus-k8s' },
  spec: {
    ...{ version: 'v3.5.3', replicas: 2, scrapeInterval: '45s' },
    ...{ serviceMonitorSelector: { matchLabels: { release: 'k8s' } }, serviceMonitorNamespaceSelector: {} },
    ...{ podMonitorSelector: {}, podMonitorNamespaceSelector: {} },
    ...{
      probeSelector: {},
      probeNamespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'shop' } },
    },
    additionalScrapeConfigs: { name: 'more', key: 'more.yml' },
    ...{ scrapeConfigSelector: {}, scrapeConfigNamespaceSelector: {} },
    ...{ enforcedSampleLimit: 100_000, podTargetLabels: ['istio.io/rev'] },
  },
};
