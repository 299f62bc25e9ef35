/**
 * The parts of the AWS SDK that EKS needs, loaded on demand. They are imported by name in a module of their own, because a
 * bundle sees only the default export of a CommonJS package that is loaded on demand.
 */
export { fromNodeProviderChain, fromTemporaryCredentials } from '@aws-sdk/credential-providers';
export { SignatureV4 } from '@smithy/signature-v4';
