/** What is used of the SQS SDK, by name, so that a bundle leaves out the rest; loaded with the first call. */
export { DeleteMessageBatchCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
