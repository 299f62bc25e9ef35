/**
 * Labels that Muster adds to the targets of an HTTP endpoint; all others are the endpoint's own. Source: Prometheus
 * configuration reference, http_sd_config.
 */
export const labels = {
  url: '__meta_url',
} as const;
