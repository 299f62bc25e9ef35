import { isIP } from 'node:net';
import type { S3Client, S3ClientConfig } from '@aws-sdk/client-s3';
import { awsRequestHandler } from '../aws-proxy.ts';

/** How the S3 client is set up. What is left out comes from where the AWS SDK takes it: environment, profile, role. */
export interface S3ClientOptions {
  /** URL of another S3 than Amazon's. Also taken from `AWS_ENDPOINT_URL_S3` or `AWS_ENDPOINT_URL`. */
  readonly endpoint?: string;
  readonly region?: string;
  /** Bucket in the path instead of the host name; always so where the endpoint is an IP address or localhost. */
  readonly forcePathStyle?: boolean;
  readonly credentials?: NonNullable<S3ClientConfig['credentials']>;
  readonly timeouts?: Partial<S3Timeouts>;
}

/** In milliseconds. A call as a whole is bounded by the caller's signal. */
export interface S3Timeouts {
  /** For a connection to be there. Default 5 s. */
  readonly connect: number;
  /** For the next byte of an answer. Default 30 s. */
  readonly idle: number;
}

/** The timeouts, with the defaults for those that are left out. */
export function s3Timeouts({ timeouts }: S3ClientOptions): S3Timeouts {
  return { connect: 5_000, idle: 30_000, ...timeouts };
}

/** The SDK, and a client made with it. */
export interface LoadedS3 {
  readonly sdk: typeof import('./s3-sdk.ts');
  readonly client: S3Client;
}

/** Loads the SDK, which takes a fifth of a second and is therefore left until it is needed, and makes the client. */
export async function loadS3(options: S3ClientOptions): Promise<LoadedS3> {
  const sdk = await import('./s3-sdk.ts');
  const { connect, idle } = s3Timeouts(options);
  const { endpoint, region, credentials } = options;
  const pathStyle = options.forcePathStyle || isLocal(endpoint ?? configuredEndpoint());
  const client = new sdk.S3Client({
    maxAttempts: 4,
    // The SDK's own default writes warnings to the console.
    logger: { trace() {}, debug() {}, info() {}, warn() {}, error() {} },
    // Other stores than Amazon's often refuse the SDK's own checksums; a SHA-256 goes along with each object anyway.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: awsRequestHandler({ connectionTimeout: connect, socketTimeout: idle }),
    ...(endpoint !== undefined && { endpoint }),
    ...(region !== undefined && { region }),
    ...(credentials !== undefined && { credentials }),
    ...(pathStyle && { forcePathStyle: true }),
  });
  return { sdk, client };
}

/** Where the environment sends the SDK, which reads it by itself; here only to know it. */
export function configuredEndpoint(): string | undefined {
  const { AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL, AWS_IGNORE_CONFIGURED_ENDPOINT_URLS } = process.env;
  return AWS_IGNORE_CONFIGURED_ENDPOINT_URLS === 'true' ? undefined : AWS_ENDPOINT_URL_S3 || AWS_ENDPOINT_URL;
}

/** `bucket.127.0.0.1` is no host name, and `bucket.localhost` is one only here and there. */
function isLocal(endpoint: string | undefined): boolean {
  if (endpoint === undefined || !URL.canParse(endpoint)) return false;
  const { hostname } = new URL(endpoint);
  return hostname === 'localhost' || isIP(hostname.replace(/^\[|\]$/g, '')) !== 0;
}
