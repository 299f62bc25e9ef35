import type { EksConfig } from '../schema.ts';
import { awsEndpoint, awsSigner, type GetAwsCredentials, signable } from './aws.ts';
import { renewed } from './renewed.ts';

/** How long the cluster takes a token, less a minute for clocks that differ. Source: EKS's aws-iam-authenticator, 15 minutes. */
const lifetime = 14 * 60_000;

/** Seconds in which the URL in the token may be called; the authenticator takes no more. */
const expiresIn = 60;

/**
 * Tokens by which EKS knows an IAM principal: a presigned call of STS GetCallerIdentity that names the cluster, which
 * the cluster makes to learn who it is. Nothing is called to make one. It is made anew after 14 minutes, or when the
 * credentials that signed it end. Source: aws-iam-authenticator, API authorization from outside a cluster.
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
