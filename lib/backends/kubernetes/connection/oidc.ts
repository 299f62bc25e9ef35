import { dirname } from 'node:path';
import * as z from 'zod';
import { MusterError } from '../../../base/errors.ts';
import { tryParseJson } from '../../../base/json.ts';
import type { HttpClient } from '../../../http/client.ts';
import { decodeJson, textField } from '../../../http/json.ts';
import { parseUrl } from '../../../http/url-text.ts';
import { type Authorize, type ConnectInput, defaultHttp, pemOf, renewed } from './connection.ts';

/** The part `auth-provider.config` of a kubeconfig's user. Source: k8s.io/client-go, plugin/pkg/client/auth/oidc. */
const oidcConfig = z.object({
  'idp-issuer-url': textField,
  'idp-certificate-authority': textField,
  'idp-certificate-authority-data': textField,
  'client-id': textField,
  'client-secret': textField,
  'id-token': textField,
  'refresh-token': textField,
});

type OidcConfig = z.output<typeof oidcConfig>;

/** Milliseconds before its expiry at which a token is replaced. Source: client-go. */
const margin = 10_000;

/**
 * Returns the ID token of a kubeconfig, and after its expiry new ones from the provider for the refresh token. (The client
 * library passes the provider's URL as a string, which its OpenID client refuses.) Nothing is written back, so a provider
 * must accept a refresh token more than once. `file` is the kubeconfig; a relative path of the authority starts in its
 * folder. Throws kind `config` for bad keys, `denied` when the provider refuses, and what the HTTP client throws.
 */
export function oidcTokens(config: unknown, file: string, openHttp: ConnectInput['openHttp']): Authorize {
  const parsed = oidcConfig.safeParse(config ?? {});
  if (!parsed.success)
    throw new MusterError(
      'config',
      `${file}: the user's auth-provider cannot be read (at ${parsed.error.issues[0]?.path.join('.')})`,
    );
  const provider = parsed.data;
  let refreshToken = provider['refresh-token'];
  const tokens = renewed(
    async (signal) => {
      const given = provider['id-token'];
      if (expiryOf(given) - margin > Date.now()) return given;
      const answer = await refresh(provider, refreshToken, file, openHttp, signal);
      refreshToken = answer.refresh_token || refreshToken;
      return answer.id_token;
    },
    (token) => expiryOf(token) - margin,
  );
  return async (signal) => ({ headers: { authorization: `Bearer ${await tokens(signal)}` } });
}

const discovered = z.object({ token_endpoint: z.string() });
const granted = z.object({ id_token: z.string().min(1), refresh_token: textField });

async function refresh(
  provider: OidcConfig,
  refreshToken: string,
  file: string,
  openHttp: ConnectInput['openHttp'],
  signal: AbortSignal,
): Promise<z.output<typeof granted>> {
  const issuer = parseUrl(provider['idp-issuer-url'].replace(/\/*$/, '/'));
  if (issuer === undefined || refreshToken === '')
    throw new MusterError(
      'config',
      `${file}: the user's id-token has expired, and a new one needs idp-issuer-url and refresh-token`,
    );
  const { 'idp-certificate-authority-data': data, 'idp-certificate-authority': caFile } = provider;
  const ca = pemOf(data, caFile, dirname(file));
  await using http = await openHttp({
    ...defaultHttp(),
    tls_config: { ca, insecure_skip_verify: false },
  });
  const known = new URL('.well-known/openid-configuration', issuer);
  const { token_endpoint: endpoint } = await http.getJson({ url: known, signal }, discovered);
  const url = parseUrl(endpoint);
  if (url === undefined)
    throw new MusterError('malformed', `${file}: the OIDC provider's token_endpoint is not a URL`);
  return await grant(http, url, clientAuths(provider), { refreshToken, file, signal });
}

/** How a client authenticates. */
interface ClientAuth {
  readonly headers: Readonly<Record<string, string>>;
  readonly form: Readonly<Record<string, string>>;
}

/** The standard wants the secret in a Basic header. If a provider refuses that, it goes into the form, as in Go. */
function clientAuths({
  'client-id': client_id,
  'client-secret': client_secret,
}: OidcConfig): readonly ClientAuth[] {
  if (client_secret === '') return [{ headers: {}, form: { client_id } }];
  const basic = Buffer.from(`${encodeURIComponent(client_id)}:${encodeURIComponent(client_secret)}`);
  return [
    { headers: { authorization: `Basic ${basic.toString('base64')}` }, form: {} },
    { headers: {}, form: { client_id, client_secret } },
  ];
}

/** Only the code of a refusal is repeated: the body may quote the token. */
const refusal = z.object({ error: z.string().regex(/^\w{1,50}$/) });

async function grant(
  http: HttpClient,
  url: URL,
  [auth, ...others]: readonly ClientAuth[],
  request: { readonly refreshToken: string; readonly file: string; readonly signal: AbortSignal },
): Promise<z.output<typeof granted>> {
  const { refreshToken, file, signal } = request;
  const { status, body, headers } = await http.request({
    url,
    method: 'POST',
    headers: {
      accept: 'application/json',
      'content-type': 'application/x-www-form-urlencoded',
      ...auth?.headers,
    },
    body: new URLSearchParams({
      grant_type: 'refresh_token',
      refresh_token: refreshToken,
      ...auth?.form,
    }).toString(),
    expect: [400, 401, 403],
    signal,
  });
  if (status < 300) return decodeJson(body, headers['content-type'], granted);
  if (others.length > 0) return await grant(http, url, others, request);
  const { data } = refusal.safeParse(tryParseJson(Buffer.from(body).toString()));
  throw new MusterError(
    'denied',
    `${file}: the OIDC provider refused a new token: HTTP ${status}${data ? ` (${data.error})` : ''}: log in again`,
    { status },
  );
}

const claims = z.object({ exp: z.number() });

/** The expiry of a token in milliseconds of Unix time; 0 if it is not a token. */
function expiryOf(token: string): number {
  const payload = Buffer.from(token.split('.')[1] ?? '', 'base64url').toString();
  const { data } = claims.safeParse(tryParseJson(payload));
  return (data?.exp ?? 0) * 1000;
}
