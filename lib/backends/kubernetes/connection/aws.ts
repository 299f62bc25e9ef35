import { createHash, createHmac, type Hash, type Hmac } from 'node:crypto';
import { awsRequestHandler } from '../../../aws-proxy.ts';
import { MusterError, oneLine } from '../../../errors.ts';
import { abortError, heedSignals } from '../../../http/signals.ts';
import type { EksConfig } from '../schema.ts';
import { renewed } from './renewed.ts';

/** AWS credentials, long-lived or for a while. */
export interface AwsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  readonly expiration?: Date;
}

/** AWS credentials that are good for the next minutes. Throws `denied` where there are none. */
export type GetAwsCredentials = (signal: AbortSignal) => Promise<AwsCredentials>;

/** Temporary credentials are changed this long before they end, in milliseconds: AWS gives them anew by then. */
const margin = 5 * 60_000;

/**
 * The credentials of the process (a function's role, the environment, a profile, the instance), or of `role_arn`, which
 * they assume.
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
  const ask = async (signal: AbortSignal) => {
    try {
      return await heedSignals(get(), [signal], 'while AWS credentials were asked for');
    } catch (error) {
      if (signal.aborted) throw abortError(signal, 'while AWS credentials were asked for');
      throw new MusterError(
        'denied',
        role === undefined
          ? `this process has no AWS credentials: ${said(error)}`
          : `the role ${role} can not be assumed: ${said(error)}: its trust policy must name the role of this process, which needs sts:AssumeRole`,
      );
    }
  };
  return renewed(ask, ({ expiration }) =>
    expiration === undefined ? Number.POSITIVE_INFINITY : expiration.getTime() - margin,
  );
}

/** Where an AWS service is asked, unless `AWS_ENDPOINT_URL_<SERVICE>` or `AWS_ENDPOINT_URL` says otherwise. */
export function awsEndpoint(service: 'sts' | 'eks', region: string): URL {
  const name = `AWS_ENDPOINT_URL_${service.toUpperCase()}`;
  const override = process.env[name] || process.env.AWS_ENDPOINT_URL;
  const url = URL.parse(override || `https://${service}.${region}.${domainOf(region)}`);
  if (url === null || !/^https?:$/.test(url.protocol))
    throw new MusterError('config', `${name}: must be an http:// or https:// URL`);
  return url;
}

/** Domains of the partitions, by the beginning of their regions. Source: AWS SDK, partitions.json. */
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

/** A signer of requests (Signature Version 4) to one service. */
export async function awsSigner(service: 'sts' | 'eks', region: string, credentials: AwsCredentials) {
  const { SignatureV4 } = await import('./aws-sdk.ts');
  return new SignatureV4({ service, region, credentials, sha256: Sha256 });
}

/** A request as the signer takes it. */
export function signable(url: URL, headers: Readonly<Record<string, string>>) {
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

/** The hash that the signer wants, with a secret as an HMAC. */
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

function said(error: unknown): string {
  const message = typeof error === 'object' && error !== null && 'message' in error ? `${error.message}` : '';
  return oneLine(message).slice(0, 250) || 'the AWS SDK does not say why';
}
