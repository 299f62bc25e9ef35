/** Top-level keys of prometheus.yml that Muster leaves alone. Source: the configuration reference of Prometheus 3.14. */
export const prometheusKeys = [
  'runtime',
  'alerting',
  'rule_files',
  'scrape_config_files',
  'storage',
  'tracing',
  'remote_write',
  'remote_read',
  'otlp',
];

/** Keys of a scrape config that concern the scrape alone. Source: the same reference. */
export const scrapeKeys = [
  'honor_labels',
  'honor_timestamps',
  'track_timestamps_staleness',
  'params',
  'scrape_interval',
  'scrape_timeout',
  'scrape_protocols',
  'fallback_scrape_protocol',
  'scrape_native_histograms',
  'always_scrape_classic_histograms',
  // Its name before Prometheus 3.
  'scrape_classic_histograms',
  'convert_classic_histograms_to_nhcb',
  'scrape_failure_log_file',
  'metrics_path',
  'scheme',
  'enable_compression',
  'body_size_limit',
  'sample_limit',
  'target_limit',
  'label_limit',
  'label_name_length_limit',
  'label_value_length_limit',
  'native_histogram_bucket_limit',
  'native_histogram_min_bucket_factor',
  'keep_dropped_targets',
  'metric_name_escaping_scheme',
  'extra_scrape_metrics',
  'metric_relabel_configs',
  // The scrape's own HTTP client. Source: prometheus/common, HTTPClientConfig.
  'basic_auth',
  'authorization',
  'oauth2',
  'bearer_token',
  'bearer_token_file',
  'tls_config',
  'follow_redirects',
  'enable_http2',
  'http_headers',
  'proxy_url',
  'no_proxy',
  'proxy_from_environment',
  'proxy_connect_header',
];

/** SD configs that Muster has no need to read: Prometheus has their targets without a listing. */
export const stayingKeys = ['static_configs', 'file_sd_configs'];

/**
 * Prometheus's other mechanisms, Muster's among them, and those which Muster alone has (`swarm`): a function takes the
 * stanzas of all but its own as they are. Source: the mechanisms that Prometheus 3.14 registers.
 */
export const mechanismKeys = [
  'aws',
  'azure',
  'consul',
  'digitalocean',
  'dns',
  'docker',
  'dockerswarm',
  'ec2',
  'ecs',
  'elasticache',
  'eureka',
  'gce',
  'hetzner',
  'http',
  'ionos',
  'kubernetes',
  'kuma',
  'lightsail',
  'linode',
  'marathon',
  'msk',
  'nerve',
  'nomad',
  'oci',
  'openstack',
  'outscale',
  'ovhcloud',
  'puppetdb',
  'rds',
  'scaleway',
  'serverset',
  'stackit',
  'swarm',
  'triton',
  'uyuni',
  'vultr',
].map((name) => `${name}_sd_configs`);

/** All keys of SD configs. */
export const sdKeys = [...stayingKeys, ...mechanismKeys];
