/**
 * Labels of nodes and serverless caches of ElastiCache, by the field of the API; a dot leads to a field inside another.
 * Source: Prometheus configuration reference, aws_sd_config, role elasticache.
 */
export const clusterFields = {
  ARN: 'arn',
  AtRestEncryptionEnabled: 'at_rest_encryption_enabled',
  AuthTokenEnabled: 'auth_token_enabled',
  AuthTokenLastModifiedDate: 'auth_token_last_modified',
  AutoMinorVersionUpgrade: 'auto_minor_version_upgrade',
  CacheClusterCreateTime: 'cache_cluster_create_time',
  CacheClusterId: 'cache_cluster_id',
  CacheClusterStatus: 'cache_cluster_status',
  CacheNodeType: 'cache_node_type',
  'CacheParameterGroup.CacheParameterGroupName': 'cache_parameter_group',
  CacheSubnetGroupName: 'cache_subnet_group_name',
  ClientDownloadLandingPage: 'client_download_landing_page',
  'ConfigurationEndpoint.Address': 'configuration_endpoint_address',
  'ConfigurationEndpoint.Port': 'configuration_endpoint_port',
  Engine: 'engine',
  EngineVersion: 'engine_version',
  IpDiscovery: 'ip_discovery',
  NetworkType: 'network_type',
  'NotificationConfiguration.TopicArn': 'notification_topic_arn',
  'NotificationConfiguration.TopicStatus': 'notification_topic_status',
  NumCacheNodes: 'num_cache_nodes',
  'PendingModifiedValues.AuthTokenStatus': 'pending_modified_values_auth_token_status',
  'PendingModifiedValues.CacheNodeIdsToRemove': 'pending_modified_values_cache_node_ids_to_remove',
  'PendingModifiedValues.CacheNodeType': 'pending_modified_values_cache_node_type',
  'PendingModifiedValues.EngineVersion': 'pending_modified_values_engine_version',
  'PendingModifiedValues.NumCacheNodes': 'pending_modified_values_num_cache_nodes',
  'PendingModifiedValues.TransitEncryptionEnabled': 'pending_modified_values_transit_encryption_enabled',
  'PendingModifiedValues.TransitEncryptionMode': 'pending_modified_values_transit_encryption_mode',
  PreferredAvailabilityZone: 'preferred_availability_zone',
  PreferredMaintenanceWindow: 'preferred_maintenance_window',
  PreferredOutpostArn: 'preferred_outpost_arn',
  ReplicationGroupId: 'replication_group_id',
  ReplicationGroupLogDeliveryEnabled: 'replication_group_log_delivery_enabled',
  SnapshotRetentionLimit: 'snapshot_retention_limit',
  SnapshotWindow: 'snapshot_window',
  TransitEncryptionEnabled: 'transit_encryption_enabled',
  TransitEncryptionMode: 'transit_encryption_mode',
} as const;

/** Labels of a node in a cluster. */
export const nodeFields = {
  CustomerAvailabilityZone: 'availability_zone',
  CacheNodeCreateTime: 'create_time',
  CustomerOutpostArn: 'customer_outpost_arn',
  'Endpoint.Address': 'endpoint_address',
  'Endpoint.Port': 'endpoint_port',
  CacheNodeId: 'id',
  ParameterGroupStatus: 'parameter_group_status',
  SourceCacheNodeId: 'source_cache_node_id',
  CacheNodeStatus: 'status',
} as const;

/** Labels of a serverless cache. As in Prometheus, some names lack an underscore. */
export const serverlessFields = {
  ARN: 'arn',
  'CacheUsageLimits.DataStorage.Maximum': 'cache_usage_limit_data_storagemaximum',
  'CacheUsageLimits.DataStorage.Minimum': 'cache_usage_limit_data_storageminimum',
  'CacheUsageLimits.DataStorage.Unit': 'cache_usage_limit_data_storageunit',
  'CacheUsageLimits.ECPUPerSecond.Maximum': 'cache_usage_limit_ecpu_per_secondmaximum',
  'CacheUsageLimits.ECPUPerSecond.Minimum': 'cache_usage_limit_ecpu_per_secondminimum',
  CreateTime: 'create_time',
  DailySnapshotTime: 'daily_snapshot_time',
  Description: 'description',
  'Endpoint.Address': 'endpoint_address',
  'Endpoint.Port': 'endpoint_port',
  'ReaderEndpoint.Address': 'endpoint_reader_address',
  'ReaderEndpoint.Port': 'endpoint_reader_port',
  Engine: 'engine',
  FullEngineVersion: 'full_engine_version',
  KmsKeyId: 'kms_key_id',
  MajorEngineVersion: 'major_engine_version',
  ServerlessCacheName: 'name',
  SnapshotRetentionLimit: 'snapshot_retention_limit',
  Status: 'status',
  UserGroupId: 'user_group_id',
} as const;

/** Labels of each log delivery of a cluster; its number follows. */
export const logFields = {
  'DestinationDetails.KinesisFirehoseDetails.DeliveryStream': 'delivery_stream',
  DestinationType: 'destination_type',
  LogFormat: 'log_format',
  'DestinationDetails.CloudWatchLogsDetails.LogGroup': 'log_group',
  LogType: 'log_type',
  Message: 'message',
  Status: 'status',
} as const;

/** Labels of each security group of a cluster; its number follows. */
export const securityGroupFields = {
  SecurityGroupId: 'id',
  Status: 'status',
} as const;

/** Prefixes of the labels above, and labels that are not a single field. */
export const labels = {
  clusterPrefix: '__meta_elasticache_cache_cluster_',
  clusterTagPrefix: '__meta_elasticache_cache_cluster_tag_',
  deployment: '__meta_elasticache_deployment_option',
  logPrefix: '__meta_elasticache_cache_cluster_log_delivery_configuration_',
  nodePrefix: '__meta_elasticache_cache_cluster_node_',
  securityGroupPrefix: '__meta_elasticache_cache_cluster_security_group_membership_',
  serverlessPrefix: '__meta_elasticache_serverless_cache_',
  serverlessSecurityGroup: '__meta_elasticache_serverless_cache_security_group_id_',
  serverlessSubnet: '__meta_elasticache_serverless_cache_subnet_id_',
  serverlessTagPrefix: '__meta_elasticache_serverless_cache_tag_',
} as const;
