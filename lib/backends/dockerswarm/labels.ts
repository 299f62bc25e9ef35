const prefix = '__meta_dockerswarm_';

/**
 * Labels that services, tasks and nodes of a swarm carry. A `…Prefix` is followed by the name of a label in Docker, each
 * character that a label name can't hold replaced by `_`. Source: Prometheus configuration reference,
 * dockerswarm_sd_config.
 */
export const labels = {
  serviceId: `${prefix}service_id`,
  serviceName: `${prefix}service_name`,
  serviceMode: `${prefix}service_mode`,
  serviceLabelPrefix: `${prefix}service_label_`,
  // Role services alone.
  serviceUpdatingStatus: `${prefix}service_updating_status`,
  serviceTaskContainerImage: `${prefix}service_task_container_image`,
  serviceTaskContainerHostname: `${prefix}service_task_container_hostname`,
  serviceEndpointPortName: `${prefix}service_endpoint_port_name`,
  serviceEndpointPortPublishMode: `${prefix}service_endpoint_port_publish_mode`,

  // Role tasks.
  taskId: `${prefix}task_id`,
  taskContainerId: `${prefix}task_container_id`,
  taskDesiredState: `${prefix}task_desired_state`,
  taskState: `${prefix}task_state`,
  taskSlot: `${prefix}task_slot`,
  taskPortPublishMode: `${prefix}task_port_publish_mode`,
  containerLabelPrefix: `${prefix}container_label_`,

  // Roles tasks and nodes.
  nodeId: `${prefix}node_id`,
  nodeHostname: `${prefix}node_hostname`,
  nodeAddress: `${prefix}node_address`,
  nodeAvailability: `${prefix}node_availability`,
  nodePlatformArchitecture: `${prefix}node_platform_architecture`,
  nodePlatformOs: `${prefix}node_platform_os`,
  nodeRole: `${prefix}node_role`,
  nodeStatus: `${prefix}node_status`,
  nodeLabelPrefix: `${prefix}node_label_`,
  // Role nodes alone.
  nodeEngineVersion: `${prefix}node_engine_version`,
  nodeManagerAddress: `${prefix}node_manager_address`,
  nodeManagerLeader: `${prefix}node_manager_leader`,
  nodeManagerReachability: `${prefix}node_manager_reachability`,

  // Roles services and tasks.
  networkId: `${prefix}network_id`,
  networkName: `${prefix}network_name`,
  networkScope: `${prefix}network_scope`,
  networkInternal: `${prefix}network_internal`,
  networkIngress: `${prefix}network_ingress`,
  networkLabelPrefix: `${prefix}network_label_`,
} as const;
