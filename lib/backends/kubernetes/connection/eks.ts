import { createHash, createHmac, type Hash, type Hmac } from 'node:crypto';
import * as z from 'zod';
import { awsRequestHandler } from '../../../base/aws.ts';
import { abortError, heedSignals } from '../../../base/deadlines.ts';
import { MusterError, oneLine, toMusterError } from '../../../base/errors.ts';
import type { HttpClient } from '../../../http/client.ts';
import type { EksConfig } from '../schema.ts';
import {
  type ConnectInput,
  type Connection,
  defaultHttp,
  inlineCredential,
  renewed,
  serverUrl,
} from './connection.ts';

/**
 * Connects to an Amazon EKS cluster with the IAM role of this process, or with `role_arn`. Throws kind `denied` without
 * AWS credentials, `unreachable` for a cluster without an endpoint, `config` for a proxy that is not a URL, and what
 * the HTTP client throws.
 */
export async function openEks(config: EksConfig, input: ConnectInput): Promise<Connection> {
  const { cluster, region, role_arn: role } = config;
  const credentials = awsCredentials(config);
  const { endpoint, ca } = await describeCluster(config, credentials, input);
  const token = eksTokens(config, credentials);
  return {
    server: serverUrl(endpoint, `EKS cluster ${cluster} in ${region}`),
    http: await input.openHttp({
      ...defaultHttp(),
      tls_config: { ca: inlineCredential(ca), insecure_skip_verify: false },
    }),
    headers: async (signal) => ({ authorization: `Bearer ${await token(signal)}` }),
    whenUnknown: `${role ?? 'the IAM role of this process'} needs an access entry in the EKS cluster ${cluster}`,
  };
}

const described = z.object({
  cluster: z.object({
    status: z.string(),
    endpoint: z.string().nullish(),
    certificateAuthority: z.object({ data: z.string().nullish() }).nullish(),
  }),
});

/**
 * Returns the URL of the cluster's API server and the certificate of its authority in PEM. The request is signed here:
 * the SDK's EKS client is larger than this whole backend.
 */
async function describeCluster(
  { cluster, region }: EksConfig,
  credentials: GetAwsCredentials,
  { openHttp, signal }: ConnectInput,
): Promise<{ readonly endpoint: string; readonly ca: string }> {
  const signer = await awsSigner('eks', region, await credentials(signal));
  const url = awsEndpoint('eks', region);
  url.pathname = `/clusters/${cluster}`;
  const { headers } = await signer.sign(signable(url, {}));
  const { host: _fromUrl, ...signed } = headers;
  const response = await getCluster(
    await openHttp(defaultHttp()),
    { url, headers: signed, signal },
    cluster,
    region,
  );
  const { endpoint, certificateAuthority, status } = response.cluster;
  if (!endpoint || !certificateAuthority?.data)
    throw new MusterError(
      'unreachable',
      `EKS cluster ${cluster} in ${region} has no endpoint: its status is ${JSON.stringify(status.slice(0, 30))}`,
    );
  return { endpoint, ca: Buffer.from(certificateAuthority.data, 'base64').toString('latin1') };
}

async function getCluster(
  http: HttpClient,
  request: Parameters<HttpClient['getJson']>[0],
  cluster: string,
  region: string,
): Promise<z.output<typeof described>> {
  try {
    return await http.getJson(request, described);
  } catch (error) {
    const { kind, message, status } = toMusterError(error);
    const next = {
      403: `: the IAM role needs eks:DescribeCluster on ${cluster}`,
      404: `: there is no EKS cluster ${cluster} in ${region}`,
    }[status ?? 0];
    throw new MusterError(kind, `${message}${next ?? ''}`, {
      cause: error,
      status,
    });
  } finally {
    await http[Symbol.asyncDispose]();
  }
}

/**
 * Milliseconds for which a token is used: the cluster accepts it for 15 minutes; one is left for clock differences.
 * Source: aws-iam-authenticator.
 */
const lifetime = 14 * 60_000;

/** Seconds for which the URL in the token is valid; the authenticator accepts no more. */
const expiresIn = 60;

/**
 * Makes tokens for EKS: a presigned call of STS GetCallerIdentity that names the cluster. The cluster makes that call
 * to learn the IAM principal. Making a token calls nothing. A token is replaced after 14 minutes, or when its
 * credentials expire. Source: aws-iam-authenticator, API authorization from outside a cluster.
 */
export function eksTokens(
  { cluster, region }: Pick<EksConfig, 'cluster' | 'region'>,
  credentials: GetAwsCredentials,
  now: () => number = Date.now,
): (signal: AbortSignal) => Promise<string> {
  const mint = async (signal: AbortSignal) => {
    const identity = await credentials(signal);
    const signer = await awsSigner('sts', region, identity);
    const url = awsEndpoint('sts', region);
    url.search = 'Action=GetCallerIdentity&Version=2011-06-15';
    const madeAt = now();
    const request = await signer.presign(signable(url, { 'x-k8s-aws-id': cluster }), {
      expiresIn,
      signingDate: new Date(madeAt),
    });
    for (const [name, value] of Object.entries(request.query ?? {}))
      url.searchParams.set(name, String(value));
    const token = `k8s-aws-v1.${Buffer.from(url.href).toString('base64url')}`;
    return { token, due: Math.min(madeAt + lifetime, identity.expiration?.getTime() ?? Infinity) };
  };
  const current = renewed(mint, ({ due }) => due, now);
  return async (signal) => (await current(signal)).token;
}

/** AWS credentials, permanent or temporary. */
export interface AwsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  readonly expiration?: Date;
}

/** Returns AWS credentials that are valid for the next minutes. Throws kind `denied` if there are none. */
export type GetAwsCredentials = (signal: AbortSignal) => Promise<AwsCredentials>;

/** Milliseconds before their expiry at which temporary credentials are replaced. AWS issues new ones by then. */
const margin = 5 * 60_000;

/**
 * Returns the credentials of the process (a function's role, the environment, a profile, the instance), or those of
 * `role_arn`, which the process assumes. Reading them throws kind `denied` if there are none.
 */
export function awsCredentials({ region, role_arn: role }: Pick<EksConfig, 'region' | 'role_arn'>) {
  const get = async (): Promise<AwsCredentials> => {
    const { fromNodeProviderChain, fromTemporaryCredentials } = await import('./aws-sdk.ts');
    const own = fromNodeProviderChain({ clientConfig: { region, requestHandler: awsRequestHandler() } });
    if (role === undefined) return await own();
    return await fromTemporaryCredentials({
      masterCredentials: own,
      params: { RoleArn: role, RoleSessionName: 'muster' },
      clientConfig: { region, requestHandler: awsRequestHandler() },
    })();
  };
  const request = async (signal: AbortSignal) => {
    try {
      return await heedSignals(get(), [signal], 'while AWS credentials were requested');
    } catch (error) {
      if (signal.aborted) throw abortError(signal, 'while AWS credentials were requested');
      throw new MusterError(
        'denied',
        role === undefined
          ? `this process has no AWS credentials: ${messageOf(error)}`
          : `the role ${role} cannot be assumed: ${messageOf(error)}: its trust policy must name the role of this process, which needs sts:AssumeRole`,
      );
    }
  };
  return renewed(request, ({ expiration }) =>
    expiration === undefined ? Number.POSITIVE_INFINITY : expiration.getTime() - margin,
  );
}

/** The endpoint of an AWS service; `AWS_ENDPOINT_URL_<SERVICE>` and `AWS_ENDPOINT_URL` override it. */
function awsEndpoint(service: 'sts' | 'eks', region: string): URL {
  const name = `AWS_ENDPOINT_URL_${service.toUpperCase()}`;
  const override = process.env[name] || process.env.AWS_ENDPOINT_URL;
  const url = URL.parse(override || `https://${service}.${region}.${domainOf(region)}`);
  if (url === null || !/^https?:$/.test(url.protocol))
    throw new MusterError('config', `${name}: must be an http:// or https:// URL`);
  return url;
}

/** Domains of the AWS partitions, by the prefix of their regions. Source: AWS SDK, partitions.json. */
const domains: readonly (readonly [prefix: string, domain: string])[] = [
  ['cn-', 'amazonaws.com.cn'],
  ['us-iso-', 'c2s.ic.gov'],
  ['us-isob-', 'sc2s.sgov.gov'],
  ['us-isof-', 'csp.hci.ic.gov'],
  ['eu-isoe-', 'cloud.adc-e.uk'],
  ['eusc-', 'amazonaws.eu'],
];

function domainOf(region: string): string {
  return domains.find(([prefix]) => region.startsWith(prefix))?.[1] ?? 'amazonaws.com';
}

/** A signer of requests to one service, with Signature Version 4. */
async function awsSigner(service: 'sts' | 'eks', region: string, credentials: AwsCredentials) {
  const { SignatureV4 } = await import('./aws-sdk.ts');
  return new SignatureV4({ service, region, credentials, sha256: Sha256 });
}

/** A request in the form of the signer. */
function signable(url: URL, headers: Readonly<Record<string, string>>) {
  return {
    method: 'GET',
    protocol: url.protocol,
    hostname: url.hostname,
    ...(url.port !== '' && { port: Number(url.port) }),
    path: url.pathname,
    query: Object.fromEntries(url.searchParams),
    headers: { host: url.host, ...headers },
  };
}

/** The hash function of the signer; with a secret it is an HMAC. */
class Sha256 {
  readonly #hash: Hash | Hmac;

  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.#hash = secret === undefined ? createHash('sha256') : createHmac('sha256', bytesOf(secret));
  }

  update(data: string | ArrayBuffer | ArrayBufferView): void {
    this.#hash.update(bytesOf(data));
  }

  async digest(): Promise<Uint8Array> {
    return this.#hash.digest();
  }
}

function bytesOf(data: string | ArrayBuffer | ArrayBufferView): Uint8Array {
  if (typeof data === 'string') return Buffer.from(data, 'utf8');
  if (ArrayBuffer.isView(data)) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return new Uint8Array(data);
}

function messageOf(error: unknown): string {
  const message = typeof error === 'object' && error !== null && 'message' in error ? `${error.message}` : '';
  return oneLine(message).slice(0, 250) || 'the AWS SDK gives no reason';
}
