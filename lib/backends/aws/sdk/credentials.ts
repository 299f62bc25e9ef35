/**
 * Where AWS credentials come from. The modules of this folder re-export what Muster uses of the AWS SDK. They are loaded
 * when they are needed. Without them a bundle would hold the whole package, since a bundler cannot shake what is imported late.
 */
export { fromNodeProviderChain, fromTemporaryCredentials } from '@aws-sdk/credential-providers';
