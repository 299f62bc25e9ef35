import { createPrivateKey, type KeyObject, randomUUID, sign } from 'node:crypto';
import * as z from 'zod';
import { heedSignals } from '../base/deadlines.ts';
import { isMusterError, MusterError } from '../base/errors.ts';
import type { OAuth2Config } from '../config/http-client.ts';
import { type Authorize, redactUnlessWord } from './auth.ts';
import { decodeJson } from './json.ts';
import type { HttpRequest, HttpResponse } from './send.ts';
import type { ReadText } from './tls.ts';
import type { Redactor } from './url-text.ts';

/** Milliseconds before its expiry from which a token is not used any more, as in Go's oauth2. */
const leeway = 10_000;

/** The tools for fetching tokens. */
export interface TokenTools {
  /** Sends a request to the token endpoint. */
  readonly request: (request: HttpRequest) => Promise<HttpResponse>;
  readonly readText: ReadText;
  readonly redactor: Redactor;
  /** Ends each request. */
  readonly signal: AbortSignal;
}

/**
 * Authorization by OAuth 2 tokens: fetched when first needed, shared by all requests, fetched again shortly before
 * they expire; requests wait for a fetch together. Throws kind `config` for a key that cannot sign, and what reading a
 * credential throws.
 */
export async function openTokens(config: OAuth2Config, tools: TokenTools): Promise<Authorize> {
  const { redactor } = tools;
  // Servers with their own grant take passwords and keys there.
  for (const value of Object.values(config.endpoint_params)) redactUnlessWord(value, redactor);
  const fetchToken = await tokenFetcher(config, tools);
  let current: Held | undefined;

  const renew = (): Held => {
    const fetched = { token: fetchToken() };
    fetched.token.catch(() => {
      // The next request tries again.
      if (current === fetched) current = undefined;
    });
    return fetched;
  };

  return async (requestSignal) => {
    const wait = ({ token }: Held) =>
      heedSignals(token, [requestSignal], 'while waiting for an OAuth 2 token');
    const fresh = current === undefined;
    current ??= renew();
    const held = current;
    const token = await wait(held);
    if (fresh || Date.now() < token.goodUntil) return token.authorization;
    // Unless another request has renewed it in the meantime.
    if (current === held) current = undefined;
    current ??= renew();
    return (await wait(current)).authorization;
  };
}

interface Held {
  readonly token: Promise<Token>;
}

interface Token {
  readonly authorization: string;
  /** Milliseconds since 1970. */
  readonly goodUntil: number;
}

type FetchToken = () => Promise<Token>;

async function tokenFetcher(
  config: OAuth2Config,
  { request, readText, redactor, signal }: TokenTools,
): Promise<FetchToken> {
  const post = async (form: URLSearchParams, headers: Readonly<Record<string, string>> = {}) => {
    const sentAt = Date.now();
    const { body, headers: answered } = await request({
      url: config.token_url,
      method: 'POST',
      headers: {
        accept: 'application/json',
        'content-type': 'application/x-www-form-urlencoded',
        ...headers,
      },
      body: form.toString(),
      retry: true,
      signal,
      maxBytes: 1 << 20,
    });
    return toToken(decodeJson(body, answered['content-type'], tokenAnswer), sentAt, redactor);
  };

  if (config.grant_type === 'client_credentials') {
    const secret = config.client_secret ? await readText(config.client_secret, 'oauth2.client_secret') : '';
    redactor.learn(secret);
    return asDenial(clientCredentials(config, secret, post, redactor));
  }
  if (config.client_certificate_key === undefined)
    throw new MusterError('config', 'oauth2.client_certificate_key: the JWT bearer grant needs it');
  const key = await readText(config.client_certificate_key, 'oauth2.client_certificate_key');
  const form = () => {
    const assertion = signAssertion(config, key, new Date());
    redactor.learn(assertion);
    return grantForm(config, { grant_type: config.grant_type, assertion });
  };
  form();
  return asDenial(() => post(form()));
}

type Post = (form: URLSearchParams, headers?: Readonly<Record<string, string>>) => Promise<Token>;

/** The standard wants the secret in a Basic header. For servers that refuse this, the form has it, as in Go. */
function clientCredentials(config: OAuth2Config, secret: string, post: Post, redactor: Redactor): FetchToken {
  const form = (more: Readonly<Record<string, string>> = {}) =>
    grantForm(config, { grant_type: config.grant_type, ...more });
  const basic = Buffer.from(`${formEncoded(config.client_id)}:${formEncoded(secret)}`).toString('base64');
  redactor.learn(basic);
  let inForm = false;
  return async () => {
    const postInForm = () => post(form({ client_id: config.client_id, client_secret: secret }));
    if (inForm) return await postInForm();
    try {
      return await post(form(), { authorization: `Basic ${basic}` });
    } catch (error) {
      if (!isMusterError(error) || (error.status !== 400 && error.status !== 401)) throw error;
      const token = await postInForm();
      inForm = true;
      return token;
    }
  };
}

/** `endpoint_params` may replace the grant type, for servers with their own, and no other parameter. */
function grantForm(config: OAuth2Config, fields: Readonly<Record<string, string>>): URLSearchParams {
  const form = new URLSearchParams(fields);
  if (config.scopes.length > 0) form.set('scope', config.scopes.join(' '));
  for (const [name, value] of Object.entries(config.endpoint_params)) {
    if (form.has(name) && name !== 'grant_type')
      throw new MusterError('config', `oauth2.endpoint_params.${name}: cannot be replaced`);
    form.set(name, value);
  }
  return form;
}

const tokenAnswer = z.object({
  access_token: z.string().min(1),
  token_type: z.string().nullish(),
  // The standard says a number, but some servers send a string.
  expires_in: z.union([z.number(), z.string()]).nullish(),
});

function toToken(answer: z.infer<typeof tokenAnswer>, sentAt: number, redactor: Redactor): Token {
  redactor.learn(answer.access_token);
  const type = answer.token_type || 'Bearer';
  const lifetime = Number(answer.expires_in ?? 0) * 1000;
  return {
    authorization: `${type.toLowerCase() === 'bearer' ? 'Bearer' : type} ${answer.access_token}`,
    goodUntil: lifetime > 0 ? sentAt + lifetime - leeway : Number.POSITIVE_INFINITY,
  };
}

/**
 * A token endpoint answers 400 to bad credentials (RFC 6749, 5.2): for the request that needs the token it is a denial.
 */
function asDenial(fetchToken: FetchToken): FetchToken {
  return async () => {
    try {
      return await fetchToken();
    } catch (error) {
      if (!isMusterError(error)) throw error;
      const kind = error.status === 400 ? 'denied' : error.kind;
      throw new MusterError(kind, `no OAuth 2 token: ${error.message}`, {
        code: 'no-token',
        cause: error.cause,
        status: error.status,
      });
    }
  };
}

function formEncoded(text: string): string {
  return new URLSearchParams([['', text]]).toString().slice(1);
}

/** Seconds that an assertion is valid. It is used at once. Source: prometheus/common, oauth_assertion. */
const lifetime = 600;

/**
 * The signed JWT of the bearer grant (RFC 7523): issuer and subject are the client, the audience is the token
 * endpoint unless configured, and `claims` win over all of them. Throws (kind `config`) for a bad key.
 */
function signAssertion(config: OAuth2Config, privateKey: string, now: Date): string {
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
