/** Messages of a pod, from `core/v1/generated.proto` of k8s.io/api; see `messages.ts` for the notation. Rare volumes are left out. */
export const podTable = `
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
