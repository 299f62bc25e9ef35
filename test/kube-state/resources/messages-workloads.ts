/** Messages of workloads, from `generated.proto` of apps, batch, autoscaling and policy of k8s.io/api, without what their
 * pods are made from; see `lib/sim/kubernetes/wire/messages.ts` for the notation. */
export const workloadMessages = `
Deployment: metadata 1 ObjectMeta, spec 2 DeploymentSpec, status 3 DeploymentStatus
DeploymentSpec: replicas 1 int?, selector 2 LabelSelector?, template 3 PodTemplateSpec, strategy 4 DeploymentStrategy, minReadySeconds 5
  int, revisionHistoryLimit 6 int?, paused 7 bool, progressDeadlineSeconds 9 int?
DeploymentStrategy: type 1 text, rollingUpdate 2 RollingUpdateDeployment?
RollingUpdateDeployment: maxUnavailable 1 intOrString?, maxSurge 2 intOrString?
DeploymentStatus: observedGeneration 1 int, replicas 2 int, updatedReplicas 3 int, availableReplicas 4 int,
  unavailableReplicas 5 int, conditions 6 DeploymentCondition[], readyReplicas 7 int, collisionCount 8 int?,
  terminatingReplicas 9 int?
DeploymentCondition: type 1 text, status 2 text, reason 4 text, message 5 text, lastUpdateTime 6 time,
  lastTransitionTime 7 time
DaemonSet: metadata 1 ObjectMeta, spec 2 DaemonSetSpec, status 3 DaemonSetStatus
DaemonSetSpec: selector 1 LabelSelector?, template 2 PodTemplateSpec, updateStrategy 3 DaemonSetUpdateStrategy, minReadySeconds 4 int,
  revisionHistoryLimit 6 int?
DaemonSetUpdateStrategy: type 1 text, rollingUpdate 2 RollingUpdateDaemonSet?
RollingUpdateDaemonSet: maxUnavailable 1 intOrString?, maxSurge 2 intOrString?
DaemonSetStatus: currentNumberScheduled 1 int, numberMisscheduled 2 int, desiredNumberScheduled 3 int,
  numberReady 4 int, observedGeneration 5 int, updatedNumberScheduled 6 int, numberAvailable 7 int,
  numberUnavailable 8 int, collisionCount 9 int?, conditions 10 DaemonSetCondition[]
DaemonSetCondition: type 1 text, status 2 text, lastTransitionTime 3 time, reason 4 text, message 5 text
StatefulSet: metadata 1 ObjectMeta, spec 2 StatefulSetSpec, status 3 StatefulSetStatus
StatefulSetSpec: replicas 1 int?, selector 2 LabelSelector?, template 3 PodTemplateSpec, serviceName 5 text, podManagementPolicy 6 text,
  updateStrategy 7 StatefulSetUpdateStrategy, revisionHistoryLimit 8 int?, minReadySeconds 9 int,
  persistentVolumeClaimRetentionPolicy 10 StatefulSetPersistentVolumeClaimRetentionPolicy?, ordinals 11
  StatefulSetOrdinals?
StatefulSetUpdateStrategy: type 1 text, rollingUpdate 2 RollingUpdateStatefulSetStrategy?
RollingUpdateStatefulSetStrategy: partition 1 int?, maxUnavailable 2 intOrString?
StatefulSetPersistentVolumeClaimRetentionPolicy: whenDeleted 1 text, whenScaled 2 text
StatefulSetOrdinals: start 1 int
StatefulSetStatus: observedGeneration 1 int, replicas 2 int, readyReplicas 3 int, currentReplicas 4 int,
  updatedReplicas 5 int, currentRevision 6 text, updateRevision 7 text, collisionCount 9 int?, conditions 10
  StatefulSetCondition[], availableReplicas 11 int
StatefulSetCondition: type 1 text, status 2 text, lastTransitionTime 3 time, reason 4 text, message 5 text
ReplicaSet: metadata 1 ObjectMeta, spec 2 ReplicaSetSpec, status 3 ReplicaSetStatus
ReplicaSetSpec: replicas 1 int?, selector 2 LabelSelector?, template 3 PodTemplateSpec, minReadySeconds 4 int
ReplicaSetStatus: replicas 1 int, fullyLabeledReplicas 2 int, observedGeneration 3 int, readyReplicas 4 int,
  availableReplicas 5 int, conditions 6 ReplicaSetCondition[], terminatingReplicas 7 int?
ReplicaSetCondition: type 1 text, status 2 text, lastTransitionTime 3 time, reason 4 text, message 5 text
ReplicationController: metadata 1 ObjectMeta, spec 2 ReplicationControllerSpec, status 3
  ReplicationControllerStatus
ReplicationControllerSpec: replicas 1 int?, selector 2 {text}, template 3 PodTemplateSpec?, minReadySeconds 4 int
ReplicationControllerStatus: replicas 1 int, fullyLabeledReplicas 2 int, observedGeneration 3 int,
  readyReplicas 4 int, availableReplicas 5 int, conditions 6 ReplicationControllerCondition[]
ReplicationControllerCondition: type 1 text, status 2 text, lastTransitionTime 3 time, reason 4 text,
  message 5 text
Job: metadata 1 ObjectMeta, spec 2 JobSpec, status 3 JobStatus
JobSpec: parallelism 1 int?, completions 2 int?, activeDeadlineSeconds 3 int?, selector 4 LabelSelector?,
  manualSelector 5 bool?, template 6 PodTemplateSpec, backoffLimit 7 int?, ttlSecondsAfterFinished 8 int?, completionMode 9 text?,
  suspend 10 bool?, podFailurePolicy 11 PodFailurePolicy?, backoffLimitPerIndex 12 int?, maxFailedIndexes 13
  int?, podReplacementPolicy 14 text?, managedBy 15 text?, successPolicy 16 SuccessPolicy?
PodFailurePolicy: rules 1 PodFailurePolicyRule[]
PodFailurePolicyRule: action 1 text, onExitCodes 2 PodFailurePolicyOnExitCodesRequirement?, onPodConditions
  3 PodFailurePolicyOnPodConditionsPattern[]
PodFailurePolicyOnExitCodesRequirement: containerName 1 text?, operator 2 text, values 3 int[]
PodFailurePolicyOnPodConditionsPattern: type 1 text, status 2 text
SuccessPolicy: rules 1 SuccessPolicyRule[]
SuccessPolicyRule: succeededIndexes 1 text?, succeededCount 2 int?
JobStatus: conditions 1 JobCondition[], startTime 2 time?, completionTime 3 time?, active 4 int, succeeded 5
  int, failed 6 int, completedIndexes 7 text, uncountedTerminatedPods 8 UncountedTerminatedPods?, ready 9
  int?, failedIndexes 10 text?, terminating 11 int?
JobCondition: type 1 text, status 2 text, lastProbeTime 3 time, lastTransitionTime 4 time, reason 5 text,
  message 6 text
UncountedTerminatedPods: succeeded 1 text[], failed 2 text[]
CronJob: metadata 1 ObjectMeta, spec 2 CronJobSpec, status 3 CronJobStatus
CronJobSpec: schedule 1 text, startingDeadlineSeconds 2 int?, concurrencyPolicy 3 text, suspend 4 bool?,
  jobTemplate 5 JobTemplateSpec, successfulJobsHistoryLimit 6 int?, failedJobsHistoryLimit 7 int?, timeZone 8 text?
JobTemplateSpec: metadata 1 ObjectMeta, spec 2 JobSpec
PodTemplateSpec: metadata 1 ObjectMeta, spec 2 PodSpec
CronJobStatus: active 1 ObjectReference[], lastScheduleTime 4 time?, lastSuccessfulTime 5 time?
ObjectReference: kind 1 text, namespace 2 text, name 3 text, uid 4 text, apiVersion 5 text, resourceVersion
  6 text, fieldPath 7 text
HorizontalPodAutoscaler: metadata 1 ObjectMeta, spec 2 HorizontalPodAutoscalerSpec, status 3
  HorizontalPodAutoscalerStatus
HorizontalPodAutoscalerSpec: scaleTargetRef 1 CrossVersionObjectReference, minReplicas 2 int?, maxReplicas 3
  int, metrics 4 MetricSpec[], behavior 5 HorizontalPodAutoscalerBehavior?
CrossVersionObjectReference: kind 1 text, name 2 text, apiVersion 3 text
MetricSpec: type 1 text, object 2 ObjectMetricSource?, pods 3 PodsMetricSource?, resource 4
  ResourceMetricSource?, external 5 ExternalMetricSource?, containerResource 7
  ContainerResourceMetricSource?
ObjectMetricSource: describedObject 1 CrossVersionObjectReference, target 2 MetricTarget, metric 3
  MetricIdentifier
MetricTarget: type 1 text, value 2 quantity?, averageValue 3 quantity?, averageUtilization 4 int?
MetricIdentifier: name 1 text, selector 2 LabelSelector?
PodsMetricSource: metric 1 MetricIdentifier, target 2 MetricTarget
ResourceMetricSource: name 1 text, target 2 MetricTarget
ContainerResourceMetricSource: name 1 text, target 2 MetricTarget, container 3 text
ExternalMetricSource: metric 1 MetricIdentifier, target 2 MetricTarget
HorizontalPodAutoscalerBehavior: scaleUp 1 HPAScalingRules?, scaleDown 2 HPAScalingRules?
HPAScalingRules: selectPolicy 1 text?, policies 2 HPAScalingPolicy[], stabilizationWindowSeconds 3 int?,
  tolerance 4 quantity?
HPAScalingPolicy: type 1 text, value 2 int, periodSeconds 3 int
HorizontalPodAutoscalerStatus: observedGeneration 1 int?, lastScaleTime 2 time?, currentReplicas 3 int,
  desiredReplicas 4 int, currentMetrics 5 MetricStatus[], conditions 6 HorizontalPodAutoscalerCondition[]
MetricStatus: type 1 text, object 2 ObjectMetricStatus?, pods 3 PodsMetricStatus?, resource 4
  ResourceMetricStatus?, external 5 ExternalMetricStatus?, containerResource 7
  ContainerResourceMetricStatus?
ObjectMetricStatus: metric 1 MetricIdentifier, current 2 MetricValueStatus, describedObject 3
  CrossVersionObjectReference
MetricValueStatus: value 1 quantity?, averageValue 2 quantity?, averageUtilization 3 int?
PodsMetricStatus: metric 1 MetricIdentifier, current 2 MetricValueStatus
ResourceMetricStatus: name 1 text, current 2 MetricValueStatus
ContainerResourceMetricStatus: name 1 text, current 2 MetricValueStatus, container 3 text
ExternalMetricStatus: metric 1 MetricIdentifier, current 2 MetricValueStatus
HorizontalPodAutoscalerCondition: type 1 text, status 2 text, lastTransitionTime 3 time, reason 4 text,
  message 5 text, observedGeneration 6 int?
PodDisruptionBudget: metadata 1 ObjectMeta, spec 2 PodDisruptionBudgetSpec, status 3
  PodDisruptionBudgetStatus
PodDisruptionBudgetSpec: minAvailable 1 intOrString?, selector 2 LabelSelector?, maxUnavailable 3
  intOrString?, unhealthyPodEvictionPolicy 4 text?
PodDisruptionBudgetStatus: observedGeneration 1 int, disruptedPods 2 {time}, disruptionsAllowed 3 int,
  currentHealthy 4 int, desiredHealthy 5 int, expectedPods 6 int, conditions 7 Condition[]
`;
