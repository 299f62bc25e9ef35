/** Labels that Nomad targets carry. Source: Prometheus configuration reference, nomad_sd_config. */
export const labels = {
  address: '__meta_nomad_address',
  datacenter: '__meta_nomad_dc',
  namespace: '__meta_nomad_namespace',
  nodeId: '__meta_nomad_node_id',
  service: '__meta_nomad_service',
  serviceAddress: '__meta_nomad_service_address',
  serviceId: '__meta_nomad_service_id',
  servicePort: '__meta_nomad_service_port',
  tags: '__meta_nomad_tags',
} as const;
