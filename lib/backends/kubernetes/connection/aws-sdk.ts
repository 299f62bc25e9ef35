/**
 * What EKS takes of the AWS SDK, to be loaded when it is needed. Imported by name here, and not where it is used: of a
 * CommonJS package that is only loaded when it is needed, a bundle knows nothing but the default export.
 */
export { fromNodeProviderChain, fromTemporaryCredentials } from '@aws-sdk/credential-providers';
export { SignatureV4 } from '@smithy/signature-v4';
