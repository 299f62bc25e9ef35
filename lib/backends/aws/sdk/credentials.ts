/**
 * Where AWS credentials come from. This and the modules beside it name what is used of the AWS SDK, and are loaded when
 * they are needed: of a package that is itself loaded late, a bundle would hold all.
 */
export { fromNodeProviderChain, fromTemporaryCredentials } from '@aws-sdk/credential-providers';
