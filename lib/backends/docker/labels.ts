import type { LabelsSince } from '../mechanism.ts';

const prefix = '__meta_docker_';

/**
 * Labels that containers of a Docker Engine carry. A `…Prefix` is followed by the name of a label in Docker, each
 * character that a label name can't hold replaced by `_`. Source: Prometheus configuration reference,
 * docker_sd_config, as of August 2026.
 */
export const labels = {
  containerId: `${prefix}container_id`,
  containerName: `${prefix}container_name`,
  containerImage: `${prefix}container_image`,
  containerImageId: `${prefix}container_image_id`,
  containerNetworkMode: `${prefix}container_network_mode`,
  containerLabelPrefix: `${prefix}container_label_`,
  networkId: `${prefix}network_id`,
  networkName: `${prefix}network_name`,
  networkScope: `${prefix}network_scope`,
  networkInternal: `${prefix}network_internal`,
  networkIngress: `${prefix}network_ingress`,
  networkLabelPrefix: `${prefix}network_label_`,
  networkIp: `${prefix}network_ip`,
  portPrivate: `${prefix}port_private`,
  portPublic: `${prefix}port_public`,
  portPublicIp: `${prefix}port_public_ip`,
} as const;

/** The labels that came after Prometheus 3.5. Source: its repository. */
export const labelsSince: LabelsSince = {
  [labels.containerImage]: '3.15',
  [labels.containerImageId]: '3.15',
};
