export {
  DescribeClusterV2Command,
  KafkaClient,
  ListClustersV2Command,
  ListNodesCommand,
} from '@aws-sdk/client-kafka';
