/**
 * Labels that members of serversets carry. A `…Prefix` is followed by the name of an additional endpoint, each
 * character that a label name can't hold replaced by `_`. Source: Prometheus configuration reference,
 * serverset_sd_config.
 */
export const serversetLabels = {
  path: '__meta_serverset_path',
  host: '__meta_serverset_endpoint_host',
  port: '__meta_serverset_endpoint_port',
  additionalHostPrefix: '__meta_serverset_endpoint_host_',
  additionalPortPrefix: '__meta_serverset_endpoint_port_',
  status: '__meta_serverset_status',
  shard: '__meta_serverset_shard',
} as const;

/** Labels that Nerve's services carry. Source: Prometheus configuration reference, nerve_sd_config. */
export const nerveLabels = {
  path: '__meta_nerve_path',
  host: '__meta_nerve_endpoint_host',
  port: '__meta_nerve_endpoint_port',
  name: '__meta_nerve_endpoint_name',
} as const;
