/** Labels that DNS targets carry. Source: Prometheus configuration reference, dns_sd_config. */
export const labels = {
  name: '__meta_dns_name',
  srvTarget: '__meta_dns_srv_record_target',
  srvPort: '__meta_dns_srv_record_port',
  mxTarget: '__meta_dns_mx_record_target',
  nsTarget: '__meta_dns_ns_record_target',
} as const;
