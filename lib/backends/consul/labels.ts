/**
 * Labels that Consul targets carry. A `…Prefix` is followed by a key of a map, each character that a label name can't
 * hold replaced by `_`. Source: Prometheus configuration reference, consul_sd_config.
 */
export const labels = {
  service: '__meta_consul_service',
  datacenter: '__meta_consul_dc',
  nodeAddress: '__meta_consul_address',
  node: '__meta_consul_node',
  namespace: '__meta_consul_namespace',
  partition: '__meta_consul_partition',
  tags: '__meta_consul_tags',
  serviceAddress: '__meta_consul_service_address',
  servicePort: '__meta_consul_service_port',
  serviceId: '__meta_consul_service_id',
  health: '__meta_consul_health',
  nodeMetaPrefix: '__meta_consul_metadata_',
  serviceMetaPrefix: '__meta_consul_service_metadata_',
  taggedAddressPrefix: '__meta_consul_tagged_address_',
} as const;
