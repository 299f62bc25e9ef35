/** A prometheus.yml in the shape of real ones. */
export interface Shape {
  readonly name: string;
  readonly text: string;
  /** What Muster publishes, as `job/provider`. */
  readonly providers: readonly string[];
  /** What it leaves alone, without the words before it. */
  readonly left: string;
}

const shape = (name: string, providers: string, left: string, text: string): Shape => ({
  name,
  text,
  providers: providers === '' ? [] : providers.split(', '),
  left,
});

/** A job of the charts for Kubernetes, by its role. */
const chartJob = (job: string, role: string, rules = '') => `
  - job_name: ${job}
    scheme: https
    tls_config: { ca_file: /var/run/secrets/kubernetes.io/serviceaccount/ca.crt, insecure_skip_verify: true }
    bearer_token_file: /var/run/secrets/kubernetes.io/serviceaccount/token
    kubernetes_sd_configs:
      - role: ${role}
    relabel_configs:
      - action: labelmap
        regex: __meta_kubernetes_${role.replace(/slice$/, '')}_label_(.+)
${rules}`;

const keepScraped = `      - source_labels: [__meta_kubernetes_pod_annotation_prometheus_io_scrape]
        action: keep
        regex: true
      - source_labels: [__address__, __meta_kubernetes_pod_annotation_prometheus_io_port]
        action: replace
        regex: (.+?)(?::\\d+)?;(\\d+)
        replacement: $1:$2
        target_label: __address__
`;

const other = (key: string, body: string) =>
  shape(
    `a job of ${key}`,
    '',
    `${key} of cloud`,
    `scrape_configs:\n  - job_name: cloud\n    ${key}:\n      - ${body}\n`,
  );

const taken = (key: string, body: string) =>
  shape(
    `a job of ${key}`,
    `cloud/${key.replace(/_sd_configs$/, '')}-0`,
    '',
    `scrape_configs:\n  - job_name: cloud\n    ${key}:\n      - ${body}\n`,
  );

/** 3.5.3 is what they are held against; the reference is the one of 3.14. */
export const shapes: readonly Shape[] = [
  shape(
    'the first file that the guide shows',
    '',
    'static_configs of prometheus',
    `# my global config
global:
  scrape_interval: 15s # Set the scrape interval to every 15 seconds.
  evaluation_interval: 15s
rule_files:
  # - "first_rules.yml"
scrape_configs:
  # The job name is added as a label.
  - job_name: "prometheus"

    # scheme defaults to 'http'.

    static_configs:
      - targets: ["localhost:9090"]
        labels:
          app: "prometheus"
`,
  ),
  shape(
    'an alertmanager without any job',
    '',
    'static_configs of the alertmanagers',
    `alerting:
  alertmanagers:
    - static_configs:
        - targets:
            - alertmanager:9093
      timeout: 10s
`,
  ),
  shape(
    'alertmanagers that Kubernetes and DNS find',
    '',
    'static_configs of prometheus; kubernetes_sd_configs of the alertmanagers; dns_sd_configs of the alertmanagers',
    `alerting:
  alert_relabel_configs: [{ regex: replica, action: labeldrop }]
  alertmanagers:
    - kubernetes_sd_configs: [{ role: endpoints, namespaces: { names: [monitoring] } }]
      relabel_configs: [{ source_labels: [__meta_kubernetes_service_name], regex: alertmanager, action: keep }]
    - dns_sd_configs: [{ names: [_am._tcp.example.com] }]
      api_version: v2
scrape_configs:
  - job_name: prometheus
    static_configs: [{ targets: ['localhost:9090'] }]
`,
  ),
  shape(
    'the jobs of the chart for Kubernetes',
    'apiservers/kubernetes-0, nodes/kubernetes-0, cadvisor/kubernetes-0, endpoints/kubernetes-0, pods/kubernetes-0',
    'static_configs of prometheus',
    `global: { scrape_interval: 1m, scrape_timeout: 10s, evaluation_interval: 1m }
rule_files: [/etc/config/recording_rules.yml, /etc/config/alerting_rules.yml]
scrape_configs:
  - job_name: prometheus
    static_configs:
    - targets:
      - localhost:9090
${chartJob('apiservers', 'endpoints')}${chartJob('nodes', 'node')}${chartJob('cadvisor', 'node', "      - { target_label: __metrics_path__, source_labels: [__meta_kubernetes_node_name], regex: (.+), replacement: '/api/v1/nodes/$1/proxy/metrics/cadvisor' }\n")}${chartJob('endpoints', 'endpointslice')}${chartJob('pods', 'pod', keepScraped)}`,
  ),
  shape(
    'a mesh in Kubernetes',
    'istiod/kubernetes-0, envoy-stats/kubernetes-0',
    '',
    `scrape_configs:
- job_name: 'istiod'
  kubernetes_sd_configs:
  - role: endpoints
    namespaces:
      names:
      - istio-system
  relabel_configs:
  - source_labels: [__meta_kubernetes_service_name, __meta_kubernetes_endpoint_port_name]
    action: keep
    regex: istiod;http-monitoring
- job_name: 'envoy-stats'
  metrics_path: /stats/prometheus
  kubernetes_sd_configs:
  - role: pod
  relabel_configs:
  - source_labels: [__meta_kubernetes_pod_container_port_name]
    action: keep
    regex: '.*-envoy-prom'
`,
  ),
  shape(
    'a cluster behind its ingress, with a selector',
    'web/kubernetes-0',
    '',
    `scrape_configs:
  - job_name: web
    kubernetes_sd_configs:
      - role: ingress
        api_server: https://k8s.example.com:6443
        bearer_token_file: /etc/token
        tls_config: { ca_file: /etc/ca.crt, server_name: kubernetes }
        selectors: [{ role: ingress, label: 'app=web', field: metadata.name!=old }]
        attach_metadata: { node: false }
`,
  ),
  shape(
    'a stack of Docker Swarm',
    'tasks/dockerswarm-0, nodes/dockerswarm-0',
    'static_configs of prometheus',
    `scrape_configs:
  - job_name: prometheus
    static_configs: [{targets: ["localhost:9090"]}]
  - job_name: tasks
    dockerswarm_sd_configs:
      - host: unix:///var/run/docker.sock
        role: tasks
        filters: [{name: desired-state, values: [running]}]
    relabel_configs:
      - source_labels: [__meta_dockerswarm_service_label_prometheus_job]
        regex: .+
        action: keep
  - job_name: nodes
    dockerswarm_sd_configs: [{host: "unix:///var/run/docker.sock", role: nodes, port: 9323}]
`,
  ),
  shape(
    'containers of Docker',
    'containers/docker-0',
    '',
    `scrape_configs:
  - job_name: containers
    docker_sd_configs:
      - host: unix:///var/run/docker.sock
        match_first_network: true
        host_networking_host: localhost
        filters: [{ name: label, values: [scrape=true] }]
`,
  ),
  shape(
    'exporters by DNS, records of two types',
    'node/dns-0, node/dns-1',
    '',
    `scrape_configs:
  - job_name: node
    dns_sd_configs:
      - names: ['tasks.node-exporter']
        type: A
        port: 9100
      - names: ['_node._tcp.example.com']
        refresh_interval: 45s
`,
  ),
  shape(
    'federation',
    '',
    'static_configs of federate',
    `scrape_configs:
  - job_name: 'federate'
    scrape_interval: 15s
    honor_labels: true
    metrics_path: '/federate'
    params:
      'match[]':
        - '{job="prometheus"}'
        - '{__name__=~"job:.*"}'
    static_configs:
      - targets: ['source-1:9090', 'source-2:9090']
`,
  ),
  shape(
    'federation of what DNS finds',
    'federate/dns-0',
    '',
    `scrape_configs:
  - job_name: federate
    honor_labels: true
    metrics_path: /federate
    params: { 'match[]': ['{job=~".+"}'] }
    dns_sd_configs: [{ names: [prometheus.internal], type: A, port: 9090 }]
`,
  ),
  shape(
    'probes by blackbox, static',
    '',
    'static_configs of blackbox',
    `scrape_configs:
  - job_name: blackbox
    metrics_path: /probe
    params: {module: [http_2xx]}
    static_configs:
      - targets:
        - http://prometheus.io
        - https://example.com:8080
    relabel_configs:
      - source_labels: [__address__]
        target_label: __param_target
      - source_labels: [__param_target]
        target_label: instance
      - target_label: __address__
        replacement: 127.0.0.1:9115
`,
  ),
  shape(
    'probes by blackbox, of files and services',
    'services/kubernetes-0',
    'file_sd_configs of urls',
    `scrape_configs:
  - job_name: urls
    metrics_path: /probe
    params: { module: [tcp_connect] }
    file_sd_configs:
      - files: ['/etc/prometheus/urls/*.json']
        refresh_interval: 5m
  - job_name: services
    metrics_path: /probe
    params: { module: [http_2xx] }
    kubernetes_sd_configs: [{ role: service }]
    relabel_configs:
      - { source_labels: [__meta_kubernetes_service_annotation_probe], regex: 'true', action: keep }
      - { source_labels: [__address__], target_label: __param_target }
      - { target_label: __address__, replacement: 'blackbox:9115' }
`,
  ),
  shape(
    'one job of three kinds',
    'node/dns-0',
    'static_configs of node; file_sd_configs of node',
    `scrape_configs:
  - job_name: node
    static_configs: [{ targets: [a:9100] }]
    dns_sd_configs: [{ names: [node.example.com], type: A, port: 9100 }]
    file_sd_configs: [{ files: [node/*.yml] }]
`,
  ),
  shape(
    'jobs without any target, and an empty list',
    '',
    '',
    'scrape_configs:\n  - job_name: later\n  - job_name: also\n    static_configs: []\n    file_sd_configs:\n',
  ),
  shape('no jobs', '', '', 'global:\n  external_labels: {cluster: a, replica: "0"}\nscrape_configs:\n'),
  shape(
    'a section without a value',
    '',
    'static_configs of a',
    'global:\nscrape_configs: [{job_name: a, static_configs: [{}]}]\nrule_files:\n',
  ),
  shape(
    'anchors and aliases',
    'a/dns-0, b/dns-0',
    'static_configs of c',
    `scrape_configs:
  - job_name: a
    dns_sd_configs: &sd
      - names: [a.example.com]
    relabel_configs: &rules
      - &drop { action: labeldrop, regex: 'tmp_.*' }
  - job_name: b
    dns_sd_configs: *sd
    relabel_configs: *rules
  - job_name: c
    static_configs: [{ targets: [x:1] }]
    relabel_configs: [*drop]
`,
  ),
  shape(
    'merge keys',
    'b/dns-0, c/dns-0',
    'static_configs of a',
    `scrape_configs:
  - &base
    job_name: a
    scrape_interval: 30s
    static_configs: [{ targets: [x:1] }]
  - <<: *base
    job_name: b
    static_configs:
    dns_sd_configs: [{ names: [b.example.com] }]
  - job_name: c
    <<: { honor_labels: true }
    dns_sd_configs: [{ names: [c.example.com] }]
`,
  ),
  shape(
    'lines that end as on Windows',
    'b/dns-0',
    'static_configs of a',
    'scrape_configs:\r\n  - job_name: a\r\n    static_configs:\r\n      - targets: ["x:1"]\r\n  - job_name: b\r\n    dns_sd_configs:\r\n      - names: [b.example.com]\r\n',
  ),
  shape(
    'a byte order mark',
    '',
    'static_configs of a',
    '\uFEFFscrape_configs:\n  - job_name: a\n    static_configs: [{ targets: ["x:1"] }]\n',
  ),
  shape(
    'flow style on one line',
    'b/dns-0',
    'static_configs of a',
    '{global: {scrape_interval: 5s}, scrape_configs: [{job_name: a, static_configs: [{targets: ["x:1"]}]}, {job_name: b, dns_sd_configs: [{names: [y]}]}]}',
  ),
  shape(
    'JSON',
    'b/dns-0',
    'static_configs of a',
    JSON.stringify({
      scrape_configs: [
        { job_name: 'a', static_configs: [{ targets: ['x:1'] }] },
        { job_name: 'b', dns_sd_configs: [{ names: ['y'] }] },
      ],
    }),
  ),
  shape(
    'flow style that is indented by tabs and hangs',
    'a/dns-0',
    '',
    'scrape_configs: [\n{\n\tjob_name: a,\n\tdns_sd_configs: [\n\t\t{ names: [ x ] }\n\t]\n}\n]\n',
  ),
  shape(
    'comments in every place',
    'b/dns-0',
    'static_configs of a',
    `# top
---
# before
scrape_configs: # the jobs
  # of the first
  - job_name: a # its name
    # nothing
    static_configs: # by hand

      # one
      - targets: # of them
          - x:1 # port 1
          # - y:1
  # the second
  -
    job_name: 'b' # "quoted"
    dns_sd_configs: # Muster's
      - # here
        names: [ # flow
          b.example.com, # comma
        ]
# bottom
`,
  ),
  shape(
    'a document between its marks, with a directive',
    '',
    'static_configs of a',
    '%YAML 1.1\n---\nscrape_configs:\n- job_name: a\n  static_configs:\n  - targets:\n    - x:1\n...\n',
  ),
  shape(
    'texts in all forms',
    'a b/dns-0',
    '',
    `scrape_configs:
  - job_name: "a\\u0020b"
    dns_sd_configs:
      - names:
          - |-
            one.example.com
          - >-
            two.example.com
          - 'three''s'
`,
  ),
  shape(
    'numbers, booleans and dates as names of jobs',
    '0123/dns-0, 1.10/dns-0',
    'static_configs of true, 2024-01-01',
    `scrape_configs:
  - { job_name: 0123, dns_sd_configs: [{ names: [a] }] }
  - { job_name: 1.10, dns_sd_configs: [{ names: [b] }] }
  - { job_name: true, static_configs: [{ targets: [a] }] }
  - { job_name: 2024-01-01, static_configs: [{ targets: [a] }] }
`,
  ),
  shape(
    'jobs whose names differ in case alone, of which one is ours',
    'api/dns-0',
    'static_configs of API',
    `scrape_configs:
  - { job_name: api, dns_sd_configs: [{ names: [a] }] }
  - { job_name: API, static_configs: [{ targets: [a] }] }
`,
  ),
  shape(
    'a job with a name of its own length that is not ours',
    '',
    `static_configs of ${'serviceMonitor/'.repeat(20)}`,
    `scrape_configs: [{ job_name: ${'serviceMonitor/'.repeat(20)}, static_configs: [{ targets: [a] }] }]`,
  ),
  shape(
    'every key of a scrape',
    '',
    'static_configs of all',
    `scrape_configs:
  - job_name: all
    scrape_interval: 1m
    scrape_timeout: 10s
    scrape_protocols: [OpenMetricsText1.0.0, PrometheusText0.0.4]
    fallback_scrape_protocol: PrometheusText0.0.4
    always_scrape_classic_histograms: true
    convert_classic_histograms_to_nhcb: true
    honor_labels: true
    honor_timestamps: false
    track_timestamps_staleness: true
    enable_compression: false
    body_size_limit: 10MB
    sample_limit: 1
    target_limit: 2
    label_limit: 3
    label_name_length_limit: 4
    label_value_length_limit: 5
    keep_dropped_targets: 6
    native_histogram_bucket_limit: 7
    native_histogram_min_bucket_factor: 1.1
    metric_name_validation_scheme: legacy
    metric_name_escaping_scheme: underscores
    scrape_failure_log_file: failures.log
    basic_auth: { username: a, password: b }
    follow_redirects: false
    enable_http2: false
    proxy_url: http://proxy:3128
    no_proxy: example.com
    proxy_connect_header: { a: [b] }
    http_headers: { X-A: { values: [b] } }
    metric_relabel_configs: [{ source_labels: [__name__], regex: go_.*, action: drop }]
    static_configs: [{ targets: [a] }]
`,
  ),
  shape(
    'keys that are newer than 3.5',
    '',
    'static_configs of a',
    'scrape_configs: [{ job_name: a, scrape_native_histograms: true, extra_scrape_metrics: true, static_configs: [{}] }]',
  ),
  shape(
    'every section',
    '',
    'static_configs of a',
    `global: { scrape_interval: 1m, query_log_file: q.log, external_labels: { a: b } }
runtime: { gogc: 75 }
storage: { tsdb: { out_of_order_time_window: 30m }, exemplars: { max_exemplars: 1 } }
tracing: { endpoint: 'otel:4317', insecure: true }
otlp: { promote_resource_attributes: [service.name] }
remote_write: [{ url: 'http://a/write', name: a, write_relabel_configs: [{ regex: b, action: labeldrop }] }]
remote_read: [{ url: 'http://a/read', read_recent: true }]
scrape_configs: [{ job_name: a, static_configs: [{ targets: [a] }] }]
`,
  ),
  shape(
    'credentials of the scrape by OAuth 2',
    'a/marathon-0',
    '',
    `scrape_configs:
  - job_name: a
    oauth2: { client_id: a, client_secret: b, token_url: 'https://idp/token', scopes: [c], endpoint_params: { d: e } }
    marathon_sd_configs:
      - servers: ['https://marathon.example.com:8443']
        auth_token: secret
`,
  ),
  shape(
    'a registry in ZooKeeper',
    'finagle/nerve-0, finagle/serverset-0',
    '',
    `scrape_configs:
  - job_name: finagle
    serverset_sd_configs: [{ servers: ['zk1:2181', 'zk2:2181'], paths: [/discovery/web] }]
    nerve_sd_configs: [{ servers: ['zk1:2181'], paths: [/nerve/services], timeout: 10s }]
`,
  ),
  shape(
    'Consul with tags, a token and a filter',
    'consul/consul-0',
    'static_configs of consul',
    `scrape_configs:
  - job_name: consul
    static_configs: [{ targets: ['localhost:9107'] }]
    consul_sd_configs:
      - server: consul.example.com:8500
        token: secret
        tags: [prod]
        services: [web, api]
        datacenter: dc1
        allow_stale: true
        refresh_interval: 30s
    relabel_configs:
      - source_labels: [__meta_consul_tags]
        regex: .*,prod,.*
        action: keep
      - source_labels: [__meta_consul_service]
        target_label: job
`,
  ),
  shape(
    'all actions of rules',
    'a/dns-0',
    '',
    `scrape_configs:
  - job_name: a
    dns_sd_configs: [{ names: [a] }]
    relabel_configs:
      - { source_labels: [a, b], separator: '', regex: '(?i:x)', target_label: c, replacement: '\${1}' }
      - { source_labels: [a], modulus: 8, target_label: __tmp, action: hashmod }
      - { source_labels: [__tmp], regex: 3, action: keep }
      - { source_labels: [a], target_label: b, action: lowercase }
      - { source_labels: [a], target_label: b, action: keepequal }
      - { regex: 'x_(.*)', replacement: 'y_$1', action: labelmap }
      - { regex: 'z.*', action: labelkeep }
`,
  ),
  shape(
    'SD configs that a merge key brings to other jobs',
    'a/dns-0, b/dns-0, c/dns-0, d/dns-0',
    'file_sd_configs of d; static_configs of e',
    `scrape_configs:
  - &base
    job_name: a
    scrape_interval: 30s
    dns_sd_configs: # shared
      - names: [a.example.com] # one
    relabel_configs: [{ source_labels: [__meta_dns_name], target_label: name }]
  # the second has all of the first
  - <<: *base
    job_name: b # but its name

  - { <<: *base, job_name: c }
  - honor_labels: true
    file_sd_configs: [{ files: [d/*.yml] }]
    <<: *base
    job_name: d
  - <<: *base
    job_name: e
    dns_sd_configs: [] # none
    static_configs: [{ targets: [x:1] }]
`,
  ),
  shape(
    'an SD config that an alertmanager shares with a job',
    'a/dns-0',
    'static_configs of b; dns_sd_configs of the alertmanagers',
    `scrape_configs:
  - job_name: a
    dns_sd_configs: &sd
      - &one
        names: [a.example.com]
        refresh_interval: 45s
  - job_name: b
    static_configs: [{ targets: [x:1] }]
alerting:
  alertmanagers:
    - dns_sd_configs: *sd
    - dns_sd_configs: [*one]
    - dns_sd_configs: *sd
`,
  ),
  shape(
    'SD configs first in their jobs, beside those of files',
    'a/dns-0, b/dns-0, b/kubernetes-0, c/dns-0, d/dns-0, e/dns-0',
    'file_sd_configs of a, c, e; static_configs of b',
    `scrape_configs:
- dns_sd_configs:
  - names: [a]
  job_name: a # first
  file_sd_configs: # by hand
  - files:
    - a/*.json # theirs
    # the end
  honor_labels: true
- dns_sd_configs: [{ names: [b] }]
  # between
  job_name: b
  static_configs: [{ targets: [b] }]
  kubernetes_sd_configs:
  - role: pod
- {file_sd_configs: [{files: [c/*.json]},], dns_sd_configs: [{names: [c]}], job_name: c,}
- {
    dns_sd_configs: [
      {names: [d]} # d
    ], # all of d
    job_name: d, # d again
  }
- dns_sd_configs: [{names: [e]}]
  job_name: e
  file_sd_configs: &files [{files: [e/*.json]}]
`,
  ),
  shape(
    'comments on Windows',
    'a/dns-0, b/dns-0',
    '',
    '# top\r\nscrape_configs:\r\n# one\r\n- job_name: a # a\r\n\r\n  # sd\r\n  dns_sd_configs: # here\r\n  # inside\r\n  - names: [a] # names\r\n    # more\r\n    refresh_interval: 1m\r\n  # rules\r\n  relabel_configs: # of a\r\n  - {regex: a, action: labeldrop}\r\n\r\n- job_name: b\r\n  dns_sd_configs: [{names: [b]}] # last\r\n# end',
  ),
  shape(
    'inline credentials of all kinds',
    'a/marathon-0, b/http-0, c/kubernetes-0, d/http-0, d/http-1',
    '',
    `scrape_configs:
  - job_name: a
    basic_auth: { username: me, password: scrape-password }
    marathon_sd_configs:
      - servers: ['https://marathon.example.com:8443'] # all
        auth_token: "token-of-marathon" # secret
  - job_name: b
    http_sd_configs:
      - url: https://sd.example.com/b
        basic_auth:
          username: me
          password: password-of-b # secret
        http_headers:
          X-Key: { secrets: [header-of-b], values: [plain] }
        tls_config: { ca_file: ca.crt, insecure_skip_verify: true }
  - job_name: c
    kubernetes_sd_configs:
      - role: node
        api_server: https://k8s.example.com
        bearer_token: |-
          token-of-kubernetes
  - job_name: d
    http_sd_configs:
      - url: https://sd.example.com/d
        authorization: { credentials: ' with space ' }
        proxy_url: 'http://me:password-of-proxy@proxy:3128'
      - url: https://sd.example.com/d2
        oauth2: { client_id: me, client_secret: secret-of-d, token_url: 'https://idp.example.com/token' }
`,
  ),
  shape(
    'an Eureka, a list by HTTP and texts that need their quotes',
    'spring/eureka-0, "it\'s: #1"/http-0, 路/dns-0',
    'static_configs of spring',
    `scrape_configs:
  - job_name: spring
    metrics_path: '/actuator/prometheus'
    eureka_sd_configs: [{ server: 'http://eureka:8761/eureka' }]
    relabel_configs:
      - source_labels: [__address__, __metrics_path__, __param_x]
        target_label: where
    params: { x: [y] }
    static_configs: [{ targets: [x:1] }]
  - job_name: '"it''s: #1"'
    http_sd_configs: [{ url: 'http://127.0.0.1/?a=b#c' }]
  - job_name: "\\u8def"
    dns_sd_configs:
    - names:
      - "a\\
        b"
      - 'one
        two'
`,
  ),
  taken('aws_sd_configs', '{ role: ec2, region: eu-west-1 }'),
  taken('ec2_sd_configs', '{ region: eu-west-1, filters: [{ name: "tag:a", values: [b] }] }'),
  other('azure_sd_configs', '{ subscription_id: a, authentication_method: ManagedIdentity }'),
  other('gce_sd_configs', '{ project: a, zone: b }'),
  other('openstack_sd_configs', '{ role: instance, region: a }'),
  other('digitalocean_sd_configs', '{ authorization: { credentials: a } }'),
  other('hetzner_sd_configs', '{ role: hcloud, authorization: { credentials: a } }'),
  other('linode_sd_configs', '{ authorization: { credentials: a } }'),
  other(
    'scaleway_sd_configs',
    '{ role: instance, project_id: 11111111-1111-1111-1111-111111111111, access_key: SCWXXXXXXXXXXXXXXXXX, secret_key: 11111111-1111-1111-1111-111111111111 }',
  ),
  other('puppetdb_sd_configs', "{ url: 'https://p', query: 'resources { }' }"),
  taken('lightsail_sd_configs', '{ region: eu-west-1 }'),
  other('kuma_sd_configs', "{ server: 'http://kuma:5676' }"),
  other('uyuni_sd_configs', '{ server: https://uyuni, username: a, password: b }'),
  other('vultr_sd_configs', '{ authorization: { credentials: a } }'),
];
