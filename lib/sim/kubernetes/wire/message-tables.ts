/** Messages of every answer, from `meta/v1/generated.proto` of k8s.io/apimachinery; see `messages.ts` for the notation. */
export const metaTable = `
ObjectMeta: name 1 text, generateName 2 text, namespace 3 text, selfLink 4 text, uid 5 text, resourceVersion
  6 text, generation 7 int, creationTimestamp 8 time, deletionTimestamp 9 time?, deletionGracePeriodSeconds
  10 int?, labels 11 {text}, annotations 12 {text}, ownerReferences 13 OwnerReference[], finalizers 14
  text[], managedFields 17 ManagedFieldsEntry[]
OwnerReference: kind 1 text, name 3 text, uid 4 text, apiVersion 5 text, controller 6 bool?,
  blockOwnerDeletion 7 bool?
ManagedFieldsEntry: manager 1 text, operation 2 text, apiVersion 3 text, time 4 time?, fieldsType 6 text,
  fieldsV1 7 fieldsV1?, subresource 8 text
Status: metadata 1 ListMeta, status 2 text, message 3 text, reason 4 text, details 5 StatusDetails?, code 6
  int
ListMeta: selfLink 1 text, resourceVersion 2 text, continue 3 text, remainingItemCount 4 int?
StatusDetails: name 1 text, group 2 text, kind 3 text, causes 4 StatusCause[], retryAfterSeconds 5 int, uid
  6 text
StatusCause: reason 1 text, message 2 text, field 3 text
WatchEvent: type 1 text
`;

/** Messages of nodes, services, namespaces and endpoints, from `core/v1/generated.proto` of k8s.io/api. */
export const clusterTable = `
Node: metadata 1 ObjectMeta, spec 2 NodeSpec, status 3 NodeStatus
NodeSpec: podCIDR 1 text, externalID 2 text, providerID 3 text, unschedulable 4 bool, taints 5 Taint[],
  podCIDRs 7 text[]
Taint: key 1 text, value 2 text, effect 3 text, timeAdded 4 time?
NodeStatus: capacity 1 {quantity}, allocatable 2 {quantity}, phase 3 text, conditions 4 NodeCondition[],
  addresses 5 NodeAddress[], daemonEndpoints 6 NodeDaemonEndpoints, nodeInfo 7 NodeSystemInfo, images 8
  ContainerImage[], volumesInUse 9 text[], declaredFeatures 14 text[]
NodeCondition: type 1 text, status 2 text, lastHeartbeatTime 3 time, lastTransitionTime 4 time, reason 5
  text, message 6 text
NodeAddress: type 1 text, address 2 text
NodeDaemonEndpoints: kubeletEndpoint 1 DaemonEndpoint
DaemonEndpoint: Port 1 int
NodeSystemInfo: machineID 1 text, systemUUID 2 text, bootID 3 text, kernelVersion 4 text, osImage 5 text,
  containerRuntimeVersion 6 text, kubeletVersion 7 text, kubeProxyVersion 8 text, operatingSystem 9 text,
  architecture 10 text
ContainerImage: names 1 text[], sizeBytes 2 int
Service: metadata 1 ObjectMeta, spec 2 ServiceSpec, status 3 ServiceStatus
ServiceSpec: ports 1 ServicePort[], selector 2 {text}, clusterIP 3 text, type 4 text, externalIPs 5 text[],
  sessionAffinity 7 text, loadBalancerIP 8 text, loadBalancerSourceRanges 9 text[], externalName 10 text,
  externalTrafficPolicy 11 text, healthCheckNodePort 12 int, publishNotReadyAddresses 13 bool,
  sessionAffinityConfig 14 SessionAffinityConfig?, ipFamilyPolicy 17 text?, clusterIPs 18 text[], ipFamilies
  19 text[], allocateLoadBalancerNodePorts 20 bool?, loadBalancerClass 21 text?, internalTrafficPolicy 22
  text?, trafficDistribution 23 text?
ServicePort: name 1 text, protocol 2 text, port 3 int, targetPort 4 intOrString, nodePort 5 int, appProtocol
  6 text?
SessionAffinityConfig: clientIP 1 ClientIPConfig?
ClientIPConfig: timeoutSeconds 1 int?
ServiceStatus: loadBalancer 1 LoadBalancerStatus, conditions 2 Condition[]
LoadBalancerStatus: ingress 1 LoadBalancerIngress[]
LoadBalancerIngress: ip 1 text, hostname 2 text, ipMode 3 text?, ports 4 PortStatus[]
PortStatus: port 1 int, protocol 2 text, error 3 text?
Condition: type 1 text, status 2 text, observedGeneration 3 int, lastTransitionTime 4 time, reason 5 text,
  message 6 text
Namespace: metadata 1 ObjectMeta, spec 2 NamespaceSpec, status 3 NamespaceStatus
NamespaceSpec: finalizers 1 text[]
NamespaceStatus: phase 1 text, conditions 2 NamespaceCondition[]
NamespaceCondition: type 1 text, status 2 text, lastTransitionTime 4 time, reason 5 text, message 6 text
Endpoints: metadata 1 ObjectMeta, subsets 2 EndpointSubset[]
EndpointSubset: addresses 1 EndpointAddress[], notReadyAddresses 2 EndpointAddress[], ports 3 EndpointPort[]
EndpointAddress: ip 1 text, targetRef 2 ObjectReference?, hostname 3 text, nodeName 4 text?
ObjectReference: kind 1 text, namespace 2 text, name 3 text, uid 4 text, apiVersion 5 text, resourceVersion
  6 text, fieldPath 7 text
EndpointPort: name 1 text, port 2 int, protocol 3 text, appProtocol 4 text?
`;

/**
 * Messages of slices, ingresses, replica sets and jobs, from `discovery/v1`, `networking/v1`, `apps/v1` and `batch/v1` of
 * k8s.io/api. Of the last two only what the simulated ones have.
 */
export const groupTable = `
EndpointSlice: metadata 1 ObjectMeta, endpoints 2 Endpoint[], ports 3 SlicePort[], addressType 4 text
SlicePort: name 1 text?, protocol 2 text?, port 3 int?, appProtocol 4 text?
Endpoint: addresses 1 text[], conditions 2 EndpointConditions, hostname 3 text?, targetRef 4
  ObjectReference?, deprecatedTopology 5 {text}, nodeName 6 text?, zone 7 text?, hints 8 EndpointHints?
EndpointConditions: ready 1 bool?, serving 2 bool?, terminating 3 bool?
EndpointHints: forZones 1 ForZone[], forNodes 2 ForNode[]
ForZone: name 1 text
ForNode: name 1 text
Ingress: metadata 1 ObjectMeta, spec 2 IngressSpec, status 3 IngressStatus
IngressSpec: defaultBackend 1 IngressBackend?, tls 2 IngressTLS[], rules 3 IngressRule[], ingressClassName 4
  text?
IngressBackend: resource 3 TypedLocalObjectReference?, service 4 IngressServiceBackend?
IngressServiceBackend: name 1 text, port 2 ServiceBackendPort
ServiceBackendPort: name 1 text, number 2 int
TypedLocalObjectReference: apiGroup 1 text?, kind 2 text, name 3 text
IngressTLS: hosts 1 text[], secretName 2 text
IngressRule: host 1 text, ingressRuleValue 2 IngressRuleValue inline
IngressRuleValue: http 1 HTTPIngressRuleValue?
HTTPIngressRuleValue: paths 1 HTTPIngressPath[]
HTTPIngressPath: path 1 text, backend 2 IngressBackend, pathType 3 text?
IngressStatus: loadBalancer 1 IngressLoadBalancerStatus
IngressLoadBalancerStatus: ingress 1 IngressLoadBalancerIngress[]
IngressLoadBalancerIngress: ip 1 text, hostname 2 text, ports 4 IngressPortStatus[]
IngressPortStatus: port 1 int, protocol 2 text, error 3 text?
ReplicaSet: metadata 1 ObjectMeta, spec 2 ReplicaSetSpec, status 3 ReplicaSetStatus
ReplicaSetSpec: replicas 1 int?, selector 2 LabelSelector?, minReadySeconds 4 int
ReplicaSetStatus: replicas 1 int, fullyLabeledReplicas 2 int, observedGeneration 3 int, readyReplicas 4 int,
  availableReplicas 5 int
Job: metadata 1 ObjectMeta, spec 2 JobSpec, status 3 JobStatus
JobSpec: parallelism 1 int?, completions 2 int?, selector 4 LabelSelector?, backoffLimit 7 int?
JobStatus: startTime 2 time?, completionTime 3 time?, active 4 int, succeeded 5 int, failed 6 int
`;
