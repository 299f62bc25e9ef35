/** The parts of the SQS SDK that are used, by name, so that a bundle leaves out the rest. */
export { DeleteMessageBatchCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
