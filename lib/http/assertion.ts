import { createPrivateKey, type KeyObject, randomUUID, sign } from 'node:crypto';
import type { OAuth2Config } from '../config/http-client.ts';
import { MusterError } from '../errors.ts';

/** Seconds for which an assertion is good; it is used at once. Source: prometheus/common, oauth_assertion. */
const lifetime = 600;

/**
 * The signed JWT of the bearer grant (RFC 7523): issuer and subject are the client, the audience is the token
 * endpoint unless configured, and `claims` win over all of them. Throws (kind `config`) for a bad key.
 */
export function signAssertion(config: OAuth2Config, privateKey: string, now: Date): string {
  const issuedAt = Math.floor(now.getTime() / 1000);
  const header = {
    alg: config.signature_algorithm,
    typ: 'JWT',
    ...(config.client_certificate_key_id && { kid: config.client_certificate_key_id }),
  };
  const claims = {
    iss: config.iss || config.client_id,
    sub: config.client_id,
    jti: randomUUID(),
    aud: config.audience || config.token_url.href,
    iat: issuedAt,
    exp: issuedAt + lifetime,
    ...(config.scopes.length > 0 && { scope: config.scopes.join(' ') }),
    ...config.claims,
  };
  const text = `${encoded(header)}.${encoded(claims)}`;
  const signature = sign(digests[config.signature_algorithm], Buffer.from(text), rsaKey(privateKey));
  return `${text}.${signature.toString('base64url')}`;
}

const digests = { RS256: 'sha256', RS384: 'sha384', RS512: 'sha512' } as const;

function encoded(part: object): string {
  return Buffer.from(JSON.stringify(part)).toString('base64url');
}

function rsaKey(pem: string): KeyObject {
  try {
    const key = createPrivateKey(pem);
    if (key.asymmetricKeyType === 'rsa') return key;
  } catch {
    // The error may quote the key: what is thrown below says enough.
  }
  throw new MusterError('config', 'oauth2.client_certificate_key: is not an RSA private key in PEM');
}
