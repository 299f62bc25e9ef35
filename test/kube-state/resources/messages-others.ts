/** Messages of all that is no workload and that the simulated API server does not list, from `generated.proto` of
 * k8s.io/api; see `lib/sim/kubernetes/wire/messages.ts` for the notation. */
export const otherMessages = `
CertificateSigningRequest: metadata 1 ObjectMeta, spec 2 CertificateSigningRequestSpec, status 3
  CertificateSigningRequestStatus
CertificateSigningRequestSpec: request 1 bytes?, username 2 text, uid 3 text, groups 4 text[], usages 5
  text[], extra 6 text[], signerName 7 text, expirationSeconds 8 int?
CertificateSigningRequestStatus: conditions 1 CertificateSigningRequestCondition[], certificate 2 bytes?
CertificateSigningRequestCondition: type 1 text, reason 2 text, message 3 text, lastUpdateTime 4 time,
  lastTransitionTime 5 time, status 6 text
ClusterRole: metadata 1 ObjectMeta, rules 2 PolicyRule[], aggregationRule 3 AggregationRule?
PolicyRule: verbs 1 text[], apiGroups 2 text[], resources 3 text[], resourceNames 4 text[], nonResourceURLs
  5 text[]
AggregationRule: clusterRoleSelectors 1 LabelSelector[]
ClusterRoleBinding: metadata 1 ObjectMeta, subjects 2 Subject[], roleRef 3 RoleRef
Subject: kind 1 text, apiGroup 2 text, name 3 text, namespace 4 text
RoleRef: apiGroup 1 text, kind 2 text, name 3 text
Role: metadata 1 ObjectMeta, rules 2 PolicyRule[]
RoleBinding: metadata 1 ObjectMeta, subjects 2 Subject[], roleRef 3 RoleRef
ConfigMap: metadata 1 ObjectMeta, data 2 {text}, binaryData 3 {bytes}, immutable 4 bool?
Secret: metadata 1 ObjectMeta, data 2 {bytes}, type 3 text, stringData 4 {text}, immutable 5 bool?
ServiceAccount: metadata 1 ObjectMeta, secrets 2 ObjectReference[], imagePullSecrets 3
  LocalObjectReference[], automountServiceAccountToken 4 bool?
ObjectReference: kind 1 text, namespace 2 text, name 3 text, uid 4 text, apiVersion 5 text, resourceVersion
  6 text, fieldPath 7 text
LocalObjectReference: name 1 text
IngressClass: metadata 1 ObjectMeta, spec 2 IngressClassSpec
IngressClassSpec: controller 1 text, parameters 2 IngressClassParametersReference?
IngressClassParametersReference: apiGroup 1 text?, kind 2 text, name 3 text, scope 4 text?, namespace 5
  text?
NetworkPolicy: metadata 1 ObjectMeta, spec 2 NetworkPolicySpec
NetworkPolicySpec: podSelector 1 LabelSelector, ingress 2 NetworkPolicyIngressRule[], egress 3
  NetworkPolicyEgressRule[], policyTypes 4 text[]
NetworkPolicyIngressRule: ports 1 NetworkPolicyPort[], from 2 NetworkPolicyPeer[]
NetworkPolicyPort: protocol 1 text?, port 2 intOrString?, endPort 3 int?
NetworkPolicyPeer: podSelector 1 LabelSelector?, namespaceSelector 2 LabelSelector?, ipBlock 3 IPBlock?
IPBlock: cidr 1 text, except 2 text[]
NetworkPolicyEgressRule: ports 1 NetworkPolicyPort[], to 2 NetworkPolicyPeer[]
Lease: metadata 1 ObjectMeta, spec 2 LeaseSpec
LeaseSpec: holderIdentity 1 text?, leaseDurationSeconds 2 int?, acquireTime 3 time?, renewTime 4 time?,
  leaseTransitions 5 int?, strategy 6 text?, preferredHolder 7 text?
LimitRange: metadata 1 ObjectMeta, spec 2 LimitRangeSpec
LimitRangeSpec: limits 1 LimitRangeItem[]
LimitRangeItem: type 1 text, max 2 {quantity}, min 3 {quantity}, default 4 {quantity}, defaultRequest 5
  {quantity}, maxLimitRequestRatio 6 {quantity}
ResourceQuota: metadata 1 ObjectMeta, spec 2 ResourceQuotaSpec, status 3 ResourceQuotaStatus
ResourceQuotaSpec: hard 1 {quantity}, scopes 2 text[], scopeSelector 3 ScopeSelector?
ScopeSelector: matchExpressions 1 ScopedResourceSelectorRequirement[]
ScopedResourceSelectorRequirement: scopeName 1 text, operator 2 text, values 3 text[]
ResourceQuotaStatus: hard 1 {quantity}, used 2 {quantity}
PersistentVolume: metadata 1 ObjectMeta, spec 2 PersistentVolumeSpec, status 3 PersistentVolumeStatus
PersistentVolumeSpec: capacity 1 {quantity}, persistentVolumeSource 2 PersistentVolumeSource inline,
  accessModes 3 text[], claimRef 4 ObjectReference?, persistentVolumeReclaimPolicy 5 text, storageClassName
  6 text, mountOptions 7 text[], volumeMode 8 text?, nodeAffinity 9 VolumeNodeAffinity?,
  volumeAttributesClassName 10 text?
PersistentVolumeSource: gcePersistentDisk 1 GCEPersistentDiskVolumeSource?, awsElasticBlockStore 2
  AWSElasticBlockStoreVolumeSource?, hostPath 3 HostPathVolumeSource?, glusterfs 4
  GlusterfsPersistentVolumeSource?, nfs 5 NFSVolumeSource?, rbd 6 RBDPersistentVolumeSource?, iscsi 7
  ISCSIPersistentVolumeSource?, cinder 8 CinderPersistentVolumeSource?, cephfs 9
  CephFSPersistentVolumeSource?, fc 10 FCVolumeSource?, flocker 11 FlockerVolumeSource?, flexVolume 12
  FlexPersistentVolumeSource?, azureFile 13 AzureFilePersistentVolumeSource?, vsphereVolume 14
  VsphereVirtualDiskVolumeSource?, quobyte 15 QuobyteVolumeSource?, azureDisk 16 AzureDiskVolumeSource?,
  photonPersistentDisk 17 PhotonPersistentDiskVolumeSource?, portworxVolume 18 PortworxVolumeSource?,
  scaleIO 19 ScaleIOPersistentVolumeSource?, local 20 LocalVolumeSource?, storageos 21
  StorageOSPersistentVolumeSource?, csi 22 CSIPersistentVolumeSource?
GCEPersistentDiskVolumeSource: pdName 1 text, fsType 2 text, partition 3 int, readOnly 4 bool
AWSElasticBlockStoreVolumeSource: volumeID 1 text, fsType 2 text, partition 3 int, readOnly 4 bool
HostPathVolumeSource: path 1 text, type 2 text?
GlusterfsPersistentVolumeSource: endpoints 1 text, path 2 text, readOnly 3 bool, endpointsNamespace 4 text?
NFSVolumeSource: server 1 text, path 2 text, readOnly 3 bool
RBDPersistentVolumeSource: monitors 1 text[], image 2 text, fsType 3 text, pool 4 text, user 5 text, keyring
  6 text, secretRef 7 SecretReference?, readOnly 8 bool
SecretReference: name 1 text, namespace 2 text
ISCSIPersistentVolumeSource: targetPortal 1 text, iqn 2 text, lun 3 int, iscsiInterface 4 text, fsType 5
  text, readOnly 6 bool, portals 7 text[], chapAuthDiscovery 8 bool, secretRef 10 SecretReference?,
  chapAuthSession 11 bool, initiatorName 12 text?
CinderPersistentVolumeSource: volumeID 1 text, fsType 2 text, readOnly 3 bool, secretRef 4 SecretReference?
CephFSPersistentVolumeSource: monitors 1 text[], path 2 text, user 3 text, secretFile 4 text, secretRef 5
  SecretReference?, readOnly 6 bool
FCVolumeSource: targetWWNs 1 text[], lun 2 int?, fsType 3 text, readOnly 4 bool, wwids 5 text[]
FlockerVolumeSource: datasetName 1 text, datasetUUID 2 text
FlexPersistentVolumeSource: driver 1 text, fsType 2 text, secretRef 3 SecretReference?, readOnly 4 bool,
  options 5 {text}
AzureFilePersistentVolumeSource: secretName 1 text, shareName 2 text, readOnly 3 bool, secretNamespace 4
  text?
VsphereVirtualDiskVolumeSource: volumePath 1 text, fsType 2 text, storagePolicyName 3 text, storagePolicyID
  4 text
QuobyteVolumeSource: registry 1 text, volume 2 text, readOnly 3 bool, user 4 text, group 5 text, tenant 6
  text
AzureDiskVolumeSource: diskName 1 text, diskURI 2 text, cachingMode 3 text?, fsType 4 text?, readOnly 5
  bool?, kind 6 text?
PhotonPersistentDiskVolumeSource: pdID 1 text, fsType 2 text
PortworxVolumeSource: volumeID 1 text, fsType 2 text, readOnly 3 bool
ScaleIOPersistentVolumeSource: gateway 1 text, system 2 text, secretRef 3 SecretReference?, sslEnabled 4
  bool, protectionDomain 5 text, storagePool 6 text, storageMode 7 text, volumeName 8 text, fsType 9 text,
  readOnly 10 bool
LocalVolumeSource: path 1 text, fsType 2 text?
StorageOSPersistentVolumeSource: volumeName 1 text, volumeNamespace 2 text, fsType 3 text, readOnly 4 bool,
  secretRef 5 ObjectReference?
CSIPersistentVolumeSource: driver 1 text, volumeHandle 2 text, readOnly 3 bool, fsType 4 text,
  volumeAttributes 5 {text}, controllerPublishSecretRef 6 SecretReference?, nodeStageSecretRef 7
  SecretReference?, nodePublishSecretRef 8 SecretReference?, controllerExpandSecretRef 9 SecretReference?,
  nodeExpandSecretRef 10 SecretReference?
VolumeNodeAffinity: required 1 NodeSelector?
NodeSelector: nodeSelectorTerms 1 NodeSelectorTerm[]
NodeSelectorTerm: matchExpressions 1 NodeSelectorRequirement[], matchFields 2 NodeSelectorRequirement[]
NodeSelectorRequirement: key 1 text, operator 2 text, values 3 text[]
PersistentVolumeStatus: phase 1 text, message 2 text, reason 3 text, lastPhaseTransitionTime 4 time?
PersistentVolumeClaim: metadata 1 ObjectMeta, spec 2 PersistentVolumeClaimSpec, status 3
  PersistentVolumeClaimStatus
PersistentVolumeClaimSpec: accessModes 1 text[], resources 2 VolumeResourceRequirements, volumeName 3 text,
  selector 4 LabelSelector?, storageClassName 5 text?, volumeMode 6 text?, dataSource 7
  TypedLocalObjectReference?, dataSourceRef 8 TypedObjectReference?, volumeAttributesClassName 9 text?
VolumeResourceRequirements: limits 1 {quantity}, requests 2 {quantity}
TypedLocalObjectReference: apiGroup 1 text?, kind 2 text, name 3 text
TypedObjectReference: apiGroup 1 text?, kind 2 text, name 3 text, namespace 4 text?
PersistentVolumeClaimStatus: phase 1 text, accessModes 2 text[], capacity 3 {quantity}, conditions 4
  PersistentVolumeClaimCondition[], allocatedResources 5 {quantity}, allocatedResourceStatuses 7 {text},
  currentVolumeAttributesClassName 8 text?, modifyVolumeStatus 9 ModifyVolumeStatus?, healthStatus 10
  VolumeHealthStatus?
PersistentVolumeClaimCondition: type 1 text, status 2 text, lastProbeTime 3 time, lastTransitionTime 4 time,
  reason 5 text, message 6 text
ModifyVolumeStatus: targetVolumeAttributesClassName 1 text, status 2 text
VolumeHealthStatus: healthConditions 1 VolumeHealthCondition[], lastTransitionTime 2 time
VolumeHealthCondition: status 1 text, reason 2 text, message 3 text
StorageClass: metadata 1 ObjectMeta, provisioner 2 text, parameters 3 {text}, reclaimPolicy 4 text?,
  mountOptions 5 text[], allowVolumeExpansion 6 bool?, volumeBindingMode 7 text?, allowedTopologies 8
  TopologySelectorTerm[]
TopologySelectorTerm: matchLabelExpressions 1 TopologySelectorLabelRequirement[]
TopologySelectorLabelRequirement: key 1 text, values 2 text[]
VolumeAttachment: metadata 1 ObjectMeta, spec 2 VolumeAttachmentSpec, status 3 VolumeAttachmentStatus
VolumeAttachmentSpec: attacher 1 text, source 2 VolumeAttachmentSource, nodeName 3 text
VolumeAttachmentSource: persistentVolumeName 1 text?, inlineVolumeSpec 2 PersistentVolumeSpec?
VolumeAttachmentStatus: attached 1 bool, attachmentMetadata 2 {text}, attachError 3 VolumeError?,
  detachError 4 VolumeError?
VolumeError: time 1 time, message 2 text, errorCode 3 int?
MutatingWebhookConfiguration: metadata 1 ObjectMeta, webhooks 2 MutatingWebhook[]
MutatingWebhook: name 1 text, clientConfig 2 WebhookClientConfig, rules 3 RuleWithOperations[],
  failurePolicy 4 text?, namespaceSelector 5 LabelSelector?, sideEffects 6 text?, timeoutSeconds 7 int?,
  admissionReviewVersions 8 text[], matchPolicy 9 text?, reinvocationPolicy 10 text?, objectSelector 11
  LabelSelector?, matchConditions 12 MatchCondition[]
WebhookClientConfig: service 1 ServiceReference?, caBundle 2 bytes?, url 3 text?
ServiceReference: namespace 1 text, name 2 text, path 3 text?, port 4 int?
RuleWithOperations: operations 1 text[], rule 2 Rule inline
Rule: apiGroups 1 text[], apiVersions 2 text[], resources 3 text[], scope 4 text?
MatchCondition: name 1 text, expression 2 text
ValidatingWebhookConfiguration: metadata 1 ObjectMeta, webhooks 2 ValidatingWebhook[]
ValidatingWebhook: name 1 text, clientConfig 2 WebhookClientConfig, rules 3 RuleWithOperations[],
  failurePolicy 4 text?, namespaceSelector 5 LabelSelector?, sideEffects 6 text?, timeoutSeconds 7 int?,
  admissionReviewVersions 8 text[], matchPolicy 9 text?, objectSelector 10 LabelSelector?, matchConditions
  11 MatchCondition[]
MutatingAdmissionPolicy: metadata 1 ObjectMeta, spec 2 MutatingAdmissionPolicySpec
MutatingAdmissionPolicySpec: paramKind 1 ParamKind?, matchConstraints 2 MatchResources?, variables 3
  Variable[], mutations 4 Mutation[], failurePolicy 5 text?, matchConditions 6 MatchCondition[],
  reinvocationPolicy 7 text
ParamKind: apiVersion 1 text, kind 2 text
MatchResources: namespaceSelector 1 LabelSelector?, objectSelector 2 LabelSelector?, resourceRules 3
  NamedRuleWithOperations[], excludeResourceRules 4 NamedRuleWithOperations[], matchPolicy 7 text?
NamedRuleWithOperations: resourceNames 1 text[], ruleWithOperations 2 RuleWithOperations inline
Variable: name 1 text, expression 2 text
Mutation: patchType 2 text, applyConfiguration 3 ApplyConfiguration?, jsonPatch 4 JSONPatch?
ApplyConfiguration: expression 1 text
JSONPatch: expression 1 text
MutatingAdmissionPolicyBinding: metadata 1 ObjectMeta, spec 2 MutatingAdmissionPolicyBindingSpec
MutatingAdmissionPolicyBindingSpec: policyName 1 text, paramRef 2 ParamRef?, matchResources 3
  MatchResources?
ParamRef: name 1 text, namespace 2 text, selector 3 LabelSelector?, parameterNotFoundAction 4 text?
ValidatingAdmissionPolicy: metadata 1 ObjectMeta, spec 2 ValidatingAdmissionPolicySpec, status 3
  ValidatingAdmissionPolicyStatus
ValidatingAdmissionPolicySpec: paramKind 1 ParamKind?, matchConstraints 2 MatchResources?, validations 3
  Validation[], failurePolicy 4 text?, auditAnnotations 5 AuditAnnotation[], matchConditions 6
  MatchCondition[], variables 7 Variable[]
Validation: expression 1 text, message 2 text, reason 3 text?, messageExpression 4 text
AuditAnnotation: key 1 text, valueExpression 2 text
ValidatingAdmissionPolicyStatus: observedGeneration 1 int, typeChecking 2 TypeChecking?, conditions 3
  Condition[]
TypeChecking: expressionWarnings 1 ExpressionWarning[]
ExpressionWarning: fieldRef 2 text, warning 3 text
ValidatingAdmissionPolicyBinding: metadata 1 ObjectMeta, spec 2 ValidatingAdmissionPolicyBindingSpec
ValidatingAdmissionPolicyBindingSpec: policyName 1 text, paramRef 2 ParamRef?, matchResources 3
  MatchResources?, validationActions 4 text[]
`;
