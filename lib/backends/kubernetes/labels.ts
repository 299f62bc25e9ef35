import { sanitizeLabelName } from '../../targets/group.ts';
import type { LabelsSince } from '../mechanism.ts';

const prefix = '__meta_kubernetes_';

/**
 * Labels that Kubernetes targets carry, beside those made of an object's own labels and annotations (`metaLabels`).
 * Source: Prometheus configuration reference, kubernetes_sd_config, as of August 2026.
 */
export const labels = {
  namespace: `${prefix}namespace`,
  /** Name of the node. */
  instance: 'instance',

  node: {
    name: `${prefix}node_name`,
    providerId: `${prefix}node_provider_id`,
    /** Followed by the type, as in `node_address_InternalIP`. */
    addressPrefix: `${prefix}node_address_`,
    /** Followed by the type in small letters, as in `node_condition_ready`. */
    conditionPrefix: `${prefix}node_condition_`,
  },

  service: {
    name: `${prefix}service_name`,
    type: `${prefix}service_type`,
    clusterIp: `${prefix}service_cluster_ip`,
    loadBalancerIp: `${prefix}service_loadbalancer_ip`,
    externalName: `${prefix}service_external_name`,
    portName: `${prefix}service_port_name`,
    portNumber: `${prefix}service_port_number`,
    portProtocol: `${prefix}service_port_protocol`,
  },

  pod: {
    name: `${prefix}pod_name`,
    ip: `${prefix}pod_ip`,
    ready: `${prefix}pod_ready`,
    phase: `${prefix}pod_phase`,
    nodeName: `${prefix}pod_node_name`,
    hostIp: `${prefix}pod_host_ip`,
    uid: `${prefix}pod_uid`,
    controllerKind: `${prefix}pod_controller_kind`,
    controllerName: `${prefix}pod_controller_name`,
    cronJobName: `${prefix}pod_cronjob_name`,
    deploymentName: `${prefix}pod_deployment_name`,
    jobName: `${prefix}pod_job_name`,
    containerName: `${prefix}pod_container_name`,
    containerId: `${prefix}pod_container_id`,
    containerImage: `${prefix}pod_container_image`,
    containerInit: `${prefix}pod_container_init`,
    containerPortName: `${prefix}pod_container_port_name`,
    containerPortNumber: `${prefix}pod_container_port_number`,
    containerPortProtocol: `${prefix}pod_container_port_protocol`,
  },

  endpoints: {
    name: `${prefix}endpoints_name`,
    nodeName: `${prefix}endpoint_node_name`,
    hostname: `${prefix}endpoint_hostname`,
    ready: `${prefix}endpoint_ready`,
    portName: `${prefix}endpoint_port_name`,
    portProtocol: `${prefix}endpoint_port_protocol`,
    targetKind: `${prefix}endpoint_address_target_kind`,
    targetName: `${prefix}endpoint_address_target_name`,
  },

  endpointslice: {
    name: `${prefix}endpointslice_name`,
    addressType: `${prefix}endpointslice_address_type`,
    port: `${prefix}endpointslice_port`,
    portName: `${prefix}endpointslice_port_name`,
    portProtocol: `${prefix}endpointslice_port_protocol`,
    portAppProtocol: `${prefix}endpointslice_port_app_protocol`,
    ready: `${prefix}endpointslice_endpoint_conditions_ready`,
    serving: `${prefix}endpointslice_endpoint_conditions_serving`,
    terminating: `${prefix}endpointslice_endpoint_conditions_terminating`,
    zone: `${prefix}endpointslice_endpoint_zone`,
    hostname: `${prefix}endpointslice_endpoint_hostname`,
    nodeName: `${prefix}endpointslice_endpoint_node_name`,
    targetKind: `${prefix}endpointslice_address_target_kind`,
    targetName: `${prefix}endpointslice_address_target_name`,
    /** Followed by the key. */
    topologyPrefix: `${prefix}endpointslice_endpoint_topology_`,
    topologyPresentPrefix: `${prefix}endpointslice_endpoint_topology_present_`,
  },

  ingress: {
    name: `${prefix}ingress_name`,
    scheme: `${prefix}ingress_scheme`,
    host: `${prefix}ingress_host`,
    path: `${prefix}ingress_path`,
    className: `${prefix}ingress_class_name`,
  },
} as const;

/** Labels that are newer than Prometheus 3.5, with the version that added them. Source: Prometheus, CHANGELOG. */
export const labelsSince: LabelsSince = {
  [`${prefix}namespace_annotation_`]: '3.6',
  [`${prefix}namespace_annotationpresent_`]: '3.6',
  [`${prefix}namespace_label_`]: '3.6',
  [`${prefix}namespace_labelpresent_`]: '3.6',
  [labels.pod.cronJobName]: '3.11',
  [labels.pod.deploymentName]: '3.11',
  [labels.pod.jobName]: '3.11',
  [labels.node.conditionPrefix]: '3.12',
};

/** The two label names of a key. */
export interface KeyNames {
  /** Label with the value. */
  readonly value: string;
  /** Label that is `true`, even if the value is empty. */
  readonly present: string;
}

/** Returns the label names of the keys of one kind of object. */
export interface MetaNames {
  /** For a label's key: `<role>_label_<key>` and `<role>_labelpresent_<key>`. */
  readonly label: (key: string) => KeyNames;
  /** For an annotation's key: `<role>_annotation_<key>` and `<role>_annotationpresent_<key>`. */
  readonly annotation: (key: string) => KeyNames;
}

/** Label names of labels and annotations, by kind of object. */
export const metaNames = {
  namespace: metaNamesOf('namespace'),
  node: metaNamesOf('node'),
  service: metaNamesOf('service'),
  pod: metaNamesOf('pod'),
  endpoints: metaNamesOf('endpoints'),
  endpointslice: metaNamesOf('endpointslice'),
  ingress: metaNamesOf('ingress'),
} as const;

/** Label names of an endpoint's topology, which preceded the field `zone`. */
export const topologyNames = keyNames(
  labels.endpointslice.topologyPrefix,
  labels.endpointslice.topologyPresentPrefix,
);

function metaNamesOf(role: string): MetaNames {
  return {
    label: keyNames(`${prefix}${role}_label_`, `${prefix}${role}_labelpresent_`),
    annotation: keyNames(`${prefix}${role}_annotation_`, `${prefix}${role}_annotationpresent_`),
  };
}

/** More keys than a normal cluster has. More keys only make it slower. */
const maxKeys = 20_000;

/** Caches the names, since the same few keys repeat with every object. */
function keyNames(valuePrefix: string, presentPrefix: string): (key: string) => KeyNames {
  const known = new Map<string, KeyNames>();
  return (key) => {
    const found = known.get(key);
    if (found !== undefined) return found;
    const tail = sanitizeLabelName(key);
    const names = { value: valuePrefix + tail, present: presentPrefix + tail };
    if (known.size >= maxKeys) known.clear();
    known.set(key, names);
    return names;
  };
}
