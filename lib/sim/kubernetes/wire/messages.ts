/** A protobuf message of the Kubernetes API: the JSON names of its fields, and their numbers. */
export interface Message {
  readonly name: string;
  /** In the order of their numbers. An API server writes them in this order. */
  readonly fields: readonly Field[];
  /** All names that an object of this kind may have in JSON, with those of inline messages. */
  readonly names: ReadonlySet<string>;
}

/** A field of a message. */
export interface Field {
  readonly name: string;
  readonly number: number;
  readonly type: Scalar | Message;
  /**
   * - `always`: written even where JSON leaves it out, since it is no pointer in Go.
   * - `optional`: written where it is present.
   * - `inline`: a message of its own whose fields lie among those of the outer object in JSON.
   */
  readonly form: 'always' | 'optional' | 'list' | 'map' | 'inline';
}

type Scalar = (typeof scalars)[number];
const scalars = ['text', 'bytes', 'int', 'bool', 'time', 'quantity', 'intOrString', 'fieldsV1'] as const;

/** The message with that name. Throws an Error if the tables have none. */
export function messageNamed(name: string, known = messages): Message {
  const message = known.get(name);
  if (message === undefined) throw new Error(`the tables have no message ${name}`);
  return message;
}

/** All messages by name: those of the simulated API server, and those of the given tables. */
export function messagesWith(...tables: readonly string[]): ReadonlyMap<string, Message> {
  return readTables(metaTable, podTable, clusterTable, groupTable, ...tables);
}

/**
 * Reads tables of the form `Name: field number type, …`, a row going on where the next line is indented. A type is a
 * scalar or the name of a message; `?` marks an optional field, `[]` a list, `{…}` a map from text, and the word
 * `inline` a message without a name of its own in JSON.
 */
function readTables(...tables: readonly string[]): ReadonlyMap<string, Message> {
  const rows = tables.flatMap((table) =>
    table
      .trim()
      .replace(/\n {2}/g, ' ')
      .split('\n'),
  );
  const drafts = new Map(
    rows.map((row) => {
      const [name = '', fields = ''] = row.split(': ');
      const drafted: Field[] = [];
      return [name, { name, row: fields, fields: drafted, names: new Set<string>() }];
    }),
  );
  for (const draft of drafts.values()) {
    for (const text of draft.row.split(', ')) {
      const [, name = '', number, open, type = '', close, inline] =
        /^(\w+) (\d+) (\{?)(\w+)(\}|\[\]|\?)?( inline)?$/.exec(text) ?? [];
      const form = inline ? 'inline' : open ? 'map' : close === '[]' ? 'list' : close ? 'optional' : 'always';
      const scalar = scalars.find((each) => each === type);
      const known = scalar ?? drafts.get(type);
      if (known === undefined) throw new Error(`${draft.name}: cannot read '${text}'`);
      draft.fields.push({ name, number: Number(number), type: known, form });
    }
  }
  for (const { fields, names } of drafts.values()) for (const name of jsonNames(fields)) names.add(name);
  return drafts;
}

/** An inline message may have an inline message too, as in the rules of an admission policy. */
function jsonNames(fields: readonly Field[]): readonly string[] {
  return fields.flatMap(({ form, name, type }) =>
    form === 'inline' && typeof type !== 'string' ? jsonNames(type.fields) : [name],
  );
}

/**
 * Messages of every answer, from `meta/v1/generated.proto` of k8s.io/apimachinery; see `messages.ts` for the notation.
 */
const metaTable = `
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
const clusterTable = `
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
 * Messages of slices, ingresses, replica sets and jobs, from `discovery/v1`, `networking/v1`, `apps/v1` and
 * `batch/v1` of k8s.io/api. Of the last two only what the simulated ones have.
 */
const groupTable = `
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

/**
 * Messages of a pod, from `core/v1/generated.proto` of k8s.io/api; see `messages.ts` for the notation. Rare volumes are
 * left out.
 */
const podTable = `
Pod: metadata 1 ObjectMeta, spec 2 PodSpec, status 3 PodStatus
PodSpec: volumes 1 Volume[], containers 2 Container[], restartPolicy 3 text, terminationGracePeriodSeconds 4
  int?, activeDeadlineSeconds 5 int?, dnsPolicy 6 text, nodeSelector 7 {text}, serviceAccountName 8 text,
  serviceAccount 9 text, nodeName 10 text, hostNetwork 11 bool, hostPID 12 bool, hostIPC 13 bool,
  securityContext 14 PodSecurityContext?, imagePullSecrets 15 LocalObjectReference[], hostname 16 text,
  subdomain 17 text, affinity 18 Affinity?, schedulerName 19 text, initContainers 20 Container[],
  automountServiceAccountToken 21 bool?, tolerations 22 Toleration[], hostAliases 23 HostAlias[],
  priorityClassName 24 text, priority 25 int?, dnsConfig 26 PodDNSConfig?, shareProcessNamespace 27 bool?,
  readinessGates 28 PodReadinessGate[], runtimeClassName 29 text?, enableServiceLinks 30 bool?,
  preemptionPolicy 31 text?, overhead 32 {quantity}, topologySpreadConstraints 33
  TopologySpreadConstraint[], ephemeralContainers 34 EphemeralContainer[], setHostnameAsFQDN 35 bool?,
  hostUsers 37 bool?, resourceClaims 39 PodResourceClaim[], resources 40 ResourceRequirements?,
  hostnameOverride 41 text?
PodResourceClaim: name 1 text, resourceClaimName 3 text?, resourceClaimTemplateName 4 text?
Volume: name 1 text, volumeSource 2 VolumeSource inline
VolumeSource: hostPath 1 HostPathVolumeSource?, emptyDir 2 EmptyDirVolumeSource?, secret 6
  SecretVolumeSource?, persistentVolumeClaim 10 PersistentVolumeClaimVolumeSource?, downwardAPI 16
  DownwardAPIVolumeSource?, configMap 19 ConfigMapVolumeSource?, projected 26 ProjectedVolumeSource?,
  ephemeral 29 EphemeralVolumeSource?
EphemeralVolumeSource: volumeClaimTemplate 1 PersistentVolumeClaimTemplate?
PersistentVolumeClaimTemplate: metadata 1 ObjectMeta
HostPathVolumeSource: path 1 text, type 2 text?
EmptyDirVolumeSource: medium 1 text, sizeLimit 2 quantity?, mode 3 int?
SecretVolumeSource: secretName 1 text, items 2 KeyToPath[], defaultMode 3 int?, optional 4 bool?,
  defaultUser 5 int?
KeyToPath: key 1 text, path 2 text, mode 3 int?, user 4 int?
PersistentVolumeClaimVolumeSource: claimName 1 text, readOnly 2 bool
DownwardAPIVolumeSource: items 1 DownwardAPIVolumeFile[], defaultMode 2 int?, defaultUser 3 int?
DownwardAPIVolumeFile: path 1 text, fieldRef 2 ObjectFieldSelector?, resourceFieldRef 3
  ResourceFieldSelector?, mode 4 int?, user 5 int?
ObjectFieldSelector: apiVersion 1 text, fieldPath 2 text
ResourceFieldSelector: containerName 1 text, resource 2 text, divisor 3 quantity
ConfigMapVolumeSource: localObjectReference 1 LocalObjectReference inline, items 2 KeyToPath[], defaultMode
  3 int?, optional 4 bool?, defaultUser 5 int?
LocalObjectReference: name 1 text
ProjectedVolumeSource: sources 1 VolumeProjection[], defaultMode 2 int?, defaultUser 3 int?
VolumeProjection: secret 1 SecretProjection?, downwardAPI 2 DownwardAPIProjection?, configMap 3
  ConfigMapProjection?, serviceAccountToken 4 ServiceAccountTokenProjection?
SecretProjection: localObjectReference 1 LocalObjectReference inline, items 2 KeyToPath[], optional 4 bool?
DownwardAPIProjection: items 1 DownwardAPIVolumeFile[]
ConfigMapProjection: localObjectReference 1 LocalObjectReference inline, items 2 KeyToPath[], optional 4
  bool?
ServiceAccountTokenProjection: audience 1 text, expirationSeconds 2 int?, path 3 text, user 4 int?
Container: name 1 text, image 2 text, command 3 text[], args 4 text[], workingDir 5 text, ports 6
  ContainerPort[], env 7 EnvVar[], resources 8 ResourceRequirements, volumeMounts 9 VolumeMount[],
  livenessProbe 10 Probe?, readinessProbe 11 Probe?, lifecycle 12 Lifecycle?, terminationMessagePath 13
  text, imagePullPolicy 14 text, securityContext 15 SecurityContext?, stdin 16 bool, stdinOnce 17 bool, tty
  18 bool, envFrom 19 EnvFromSource[], terminationMessagePolicy 20 text, startupProbe 22 Probe?,
  restartPolicy 24 text?
ContainerPort: name 1 text, hostPort 2 int, containerPort 3 int, protocol 4 text, hostIP 5 text
EnvFromSource: prefix 1 text, configMapRef 2 ConfigMapEnvSource?, secretRef 3 SecretEnvSource?
ConfigMapEnvSource: localObjectReference 1 LocalObjectReference inline, optional 2 bool?
SecretEnvSource: localObjectReference 1 LocalObjectReference inline, optional 2 bool?
EnvVar: name 1 text, value 2 text, valueFrom 3 EnvVarSource?
EnvVarSource: fieldRef 1 ObjectFieldSelector?, resourceFieldRef 2 ResourceFieldSelector?, configMapKeyRef 3
  ConfigMapKeySelector?, secretKeyRef 4 SecretKeySelector?
ConfigMapKeySelector: localObjectReference 1 LocalObjectReference inline, key 2 text, optional 3 bool?
SecretKeySelector: localObjectReference 1 LocalObjectReference inline, key 2 text, optional 3 bool?
ResourceRequirements: limits 1 {quantity}, requests 2 {quantity}
VolumeMount: name 1 text, readOnly 2 bool, mountPath 3 text, subPath 4 text, mountPropagation 5 text?,
  subPathExpr 6 text, recursiveReadOnly 7 text?, bindMountOptions 8 text[]
Probe: handler 1 ProbeHandler inline, initialDelaySeconds 2 int, timeoutSeconds 3 int, periodSeconds 4 int,
  successThreshold 5 int, failureThreshold 6 int, terminationGracePeriodSeconds 7 int?
ProbeHandler: exec 1 ExecAction?, httpGet 2 HTTPGetAction?, tcpSocket 3 TCPSocketAction?
ExecAction: command 1 text[]
HTTPGetAction: path 1 text, port 2 intOrString, host 3 text, scheme 4 text, httpHeaders 5 HTTPHeader[],
  protocol 6 text?
HTTPHeader: name 1 text, value 2 text
TCPSocketAction: port 1 intOrString, host 2 text
Lifecycle: postStart 1 LifecycleHandler?, preStop 2 LifecycleHandler?, stopSignal 3 text?
LifecycleHandler: exec 1 ExecAction?, httpGet 2 HTTPGetAction?, tcpSocket 3 TCPSocketAction?, sleep 4
  SleepAction?
SleepAction: seconds 1 int
SecurityContext: capabilities 1 Capabilities?, privileged 2 bool?, runAsUser 4 int?, runAsNonRoot 5 bool?,
  readOnlyRootFilesystem 6 bool?, allowPrivilegeEscalation 7 bool?, runAsGroup 8 int?, procMount 9 text?,
  seccompProfile 11 SeccompProfile?, appArmorProfile 12 AppArmorProfile?
Capabilities: add 1 text[], drop 2 text[]
SeccompProfile: type 1 text, localhostProfile 2 text?
AppArmorProfile: type 1 text, localhostProfile 2 text?
EphemeralContainer: container 1 Container inline, targetContainerName 2 text
PodSecurityContext: runAsUser 2 int?, runAsNonRoot 3 bool?, supplementalGroups 4 int[], fsGroup 5 int?,
  runAsGroup 6 int?, fsGroupChangePolicy 9 text?, seccompProfile 10 SeccompProfile?, appArmorProfile 11
  AppArmorProfile?, supplementalGroupsPolicy 12 text?, seLinuxChangePolicy 13 text?
Affinity: nodeAffinity 1 NodeAffinity?, podAffinity 2 PodAffinity?, podAntiAffinity 3 PodAntiAffinity?
NodeAffinity: requiredDuringSchedulingIgnoredDuringExecution 1 NodeSelector?,
  preferredDuringSchedulingIgnoredDuringExecution 2 PreferredSchedulingTerm[]
NodeSelector: nodeSelectorTerms 1 NodeSelectorTerm[]
NodeSelectorTerm: matchExpressions 1 NodeSelectorRequirement[], matchFields 2 NodeSelectorRequirement[]
NodeSelectorRequirement: key 1 text, operator 2 text, values 3 text[]
PreferredSchedulingTerm: weight 1 int, preference 2 NodeSelectorTerm
PodAffinity: requiredDuringSchedulingIgnoredDuringExecution 1 PodAffinityTerm[],
  preferredDuringSchedulingIgnoredDuringExecution 2 WeightedPodAffinityTerm[]
PodAffinityTerm: labelSelector 1 LabelSelector?, namespaces 2 text[], topologyKey 3 text, namespaceSelector
  4 LabelSelector?, matchLabelKeys 5 text[], mismatchLabelKeys 6 text[]
LabelSelector: matchLabels 1 {text}, matchExpressions 2 LabelSelectorRequirement[]
LabelSelectorRequirement: key 1 text, operator 2 text, values 3 text[]
WeightedPodAffinityTerm: weight 1 int, podAffinityTerm 2 PodAffinityTerm
PodAntiAffinity: requiredDuringSchedulingIgnoredDuringExecution 1 PodAffinityTerm[],
  preferredDuringSchedulingIgnoredDuringExecution 2 WeightedPodAffinityTerm[]
Toleration: key 1 text, operator 2 text, value 3 text, effect 4 text, tolerationSeconds 5 int?
HostAlias: ip 1 text, hostnames 2 text[]
PodDNSConfig: nameservers 1 text[], searches 2 text[], options 3 PodDNSConfigOption[]
PodDNSConfigOption: name 1 text, value 2 text?
PodReadinessGate: conditionType 1 text
TopologySpreadConstraint: maxSkew 1 int, topologyKey 2 text, whenUnsatisfiable 3 text, labelSelector 4
  LabelSelector?, minDomains 5 int?, nodeAffinityPolicy 6 text?, nodeTaintsPolicy 7 text?, matchLabelKeys 8
  text[]
PodStatus: phase 1 text, conditions 2 PodCondition[], message 3 text, reason 4 text, hostIP 5 text, podIP 6
  text, startTime 7 time?, containerStatuses 8 ContainerStatus[], qosClass 9 text, initContainerStatuses 10
  ContainerStatus[], nominatedNodeName 11 text, podIPs 12 PodIP[], ephemeralContainerStatuses 13
  ContainerStatus[], resize 14 text, resourceClaimStatuses 15 PodResourceClaimStatus[], hostIPs 16 HostIP[], observedGeneration 17 int, allocatedResources 19
  {quantity}, resources 20 ResourceRequirements?
PodResourceClaimStatus: name 1 text, resourceClaimName 2 text?
PodCondition: type 1 text, status 2 text, lastProbeTime 3 time, lastTransitionTime 4 time, reason 5 text,
  message 6 text, observedGeneration 7 int
HostIP: ip 1 text
PodIP: ip 1 text
ContainerStatus: name 1 text, state 2 ContainerState, lastState 3 ContainerState, ready 4 bool, restartCount
  5 int, image 6 text, imageID 7 text, containerID 8 text, started 9 bool?, allocatedResources 10
  {quantity}, resources 11 ResourceRequirements?, stopSignal 15 text?
ContainerState: waiting 1 ContainerStateWaiting?, running 2 ContainerStateRunning?, terminated 3
  ContainerStateTerminated?
ContainerStateWaiting: reason 1 text, message 2 text
ContainerStateRunning: startedAt 1 time
ContainerStateTerminated: exitCode 1 int, signal 2 int, reason 3 text, message 4 text, startedAt 5 time,
  finishedAt 6 time, containerID 7 text
`;

/** Below the tables, because it reads them when the module loads. */
const messages = messagesWith();
