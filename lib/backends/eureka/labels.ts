/**
 * Labels that Eureka targets carry. A `…Prefix` is followed by the name of an element, each character that a label name
 * can't hold replaced by `_`. Source: Prometheus configuration reference, eureka_sd_config.
 */
export const labels = {
  appName: '__meta_eureka_app_name',
  hostname: '__meta_eureka_app_instance_hostname',
  homepageUrl: '__meta_eureka_app_instance_homepage_url',
  statuspageUrl: '__meta_eureka_app_instance_statuspage_url',
  healthcheckUrl: '__meta_eureka_app_instance_healthcheck_url',
  ipAddr: '__meta_eureka_app_instance_ip_addr',
  vipAddress: '__meta_eureka_app_instance_vip_address',
  secureVipAddress: '__meta_eureka_app_instance_secure_vip_address',
  status: '__meta_eureka_app_instance_status',
  port: '__meta_eureka_app_instance_port',
  portEnabled: '__meta_eureka_app_instance_port_enabled',
  securePort: '__meta_eureka_app_instance_secure_port',
  securePortEnabled: '__meta_eureka_app_instance_secure_port_enabled',
  countryId: '__meta_eureka_app_instance_country_id',
  id: '__meta_eureka_app_instance_id',
  datacenterName: '__meta_eureka_app_instance_datacenterinfo_name',
  datacenterMetadataPrefix: '__meta_eureka_app_instance_datacenterinfo_metadata_',
  metadataPrefix: '__meta_eureka_app_instance_metadata_',
  /** The instance's ID, as every target's `instance`. */
  instance: 'instance',
} as const;
