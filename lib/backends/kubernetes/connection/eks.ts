import * as z from 'zod';
import { MusterError, toMusterError } from '../../../errors.ts';
import type { HttpClient } from '../../../http/client.ts';
import type { EksConfig } from '../schema.ts';
import { awsCredentials, awsEndpoint, awsSigner, type GetAwsCredentials, signable } from './aws.ts';
import { type ConnectInput, type Connection, serverUrl } from './connection.ts';
import { defaultHttp, inlineCredential } from './default-http.ts';
import { eksTokens } from './eks-token.ts';

/** Connects to an Amazon EKS cluster as this process's own IAM role, or as `role_arn`. */
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
 * Where the cluster's API server is, and the authority that signed its certificate, in PEM. A signed plain request: the
 * SDK's EKS client would add more code than the whole of this backend for this one call.
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
  const answer = await ask(await openHttp(defaultHttp()), { url, headers: signed, signal }, cluster, region);
  const { endpoint, certificateAuthority, status } = answer.cluster;
  if (!endpoint || !certificateAuthority?.data)
    throw new MusterError(
      'unreachable',
      `EKS cluster ${cluster} in ${region} has no endpoint: its status is ${JSON.stringify(status.slice(0, 30))}`,
    );
  return { endpoint, ca: Buffer.from(certificateAuthority.data, 'base64').toString('latin1') };
}

async function ask(
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
      ...(status !== undefined && { status }),
    });
  } finally {
    await http.close();
  }
}
