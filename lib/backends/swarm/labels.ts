/**
 * Labels that targets of a classic, standalone Swarm carry; no Prometheus has such a discovery, the names are ours.
 * `nodeLabelPrefix` is followed by the name of an engine's label, each character that a label name can't hold replaced
 * by `_`.
 */
export const labels = {
  role: '__meta_swarm_role',
  strategy: '__meta_swarm_strategy',
  master: '__meta_swarm_master',
  nodeName: '__meta_swarm_node_name',
  nodeAddress: '__meta_swarm_node_address',
  nodeId: '__meta_swarm_node_id',
  nodeStatus: '__meta_swarm_node_status',
  nodeContainers: '__meta_swarm_node_containers',
  nodeContainersRunning: '__meta_swarm_node_containers_running',
  nodeContainersPaused: '__meta_swarm_node_containers_paused',
  nodeContainersStopped: '__meta_swarm_node_containers_stopped',
  nodeReservedCpus: '__meta_swarm_node_reserved_cpus',
  nodeTotalCpus: '__meta_swarm_node_total_cpus',
  nodeReservedMemory: '__meta_swarm_node_reserved_memory_bytes',
  nodeTotalMemory: '__meta_swarm_node_total_memory_bytes',
  nodeError: '__meta_swarm_node_error',
  nodeUpdatedAt: '__meta_swarm_node_updated_at',
  nodeServerVersion: '__meta_swarm_node_server_version',
  nodeLabelPrefix: '__meta_swarm_node_label_',
} as const;
