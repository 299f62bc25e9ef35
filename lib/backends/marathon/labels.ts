/**
 * Labels that Marathon targets carry. A `…Prefix` is followed by the name of a label in Marathon, each character that
 * a label name can't hold replaced by `_`. Source: Prometheus configuration reference, marathon_sd_config.
 */
export const labels = {
  app: '__meta_marathon_app',
  image: '__meta_marathon_image',
  task: '__meta_marathon_task',
  portIndex: '__meta_marathon_port_index',
  appLabelPrefix: '__meta_marathon_app_label_',
  portDefinitionLabelPrefix: '__meta_marathon_port_definition_label_',
  portMappingLabelPrefix: '__meta_marathon_port_mapping_label_',
} as const;
