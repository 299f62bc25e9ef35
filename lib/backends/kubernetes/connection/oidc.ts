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

/** A token is changed this long before it ends, in milliseconds, as in client-go. */
const margin = 10_000;

/**
 * The ID token of a kubeconfig, and once it has ended those that the provider gives for its refresh token. The client
 * library's own way hands the provider's URL on as text, which its OpenID client refuses, hence this one. Nothing is
 * written back: a provider must take a refresh token more than once. Throws `config` with the place, and what asking
 * the provider throws.
 *
 * @param place the kubeconfig; a relative path of the authority starts from its folder
 */
export function oidcTokens(config: unknown, place: string, openHttp: ConnectInput['openHttp']): Authorize {
  const parsed = oidcConfig.safeParse(config ?? {});
  if (!parsed.success)
    throw new MusterError(
      'config',
      `${place}: the user's auth-provider can not be read (at ${parsed.error.issues[0]?.path.join('.')})`,
    );
  const provider = parsed.data;
  let refreshToken = provider['refresh-token'];
  const tokens = renewed(
    async (signal) => {
      const given = provider['id-token'];
      if (endOf(given) - margin > Date.now()) return given;
      const answer = await refresh(provider, refreshToken, place, openHttp, signal);
      refreshToken = answer.refresh_token || refreshToken;
      return answer.id_token;
    },
    (token) => endOf(token) - margin,
  );
  return async (signal) => ({ headers: { authorization: `Bearer ${await tokens(signal)}` } });
}

const discovered = z.object({ token_endpoint: z.string() });
const granted = z.object({ id_token: z.string().min(1), refresh_token: textField });

async function refresh(
  provider: OidcConfig,
  refreshToken: string,
  place: string,
  openHttp: ConnectInput['openHttp'],
  signal: AbortSignal,
): Promise<z.output<typeof granted>> {
  const issuer = parseUrl(provider['idp-issuer-url'].replace(/\/*$/, '/'));
  if (issuer === undefined || refreshToken === '')
    throw new MusterError(
      'config',
      `${place}: the user's id-token has ended, and without idp-issuer-url and refresh-token there is no other`,
    );
  const { 'idp-certificate-authority-data': data, 'idp-certificate-authority': file } = provider;
  const ca = pemOf(data, file, dirname(place));
  await using http = await openHttp({
    ...defaultHttp(),
    tls_config: { ca, insecure_skip_verify: false },
  });
  const known = new URL('.well-known/openid-configuration', issuer);
  const { token_endpoint: endpoint } = await http.getJson({ url: known, signal }, discovered);
  const url = parseUrl(endpoint);
  if (url === undefined)
    throw new MusterError('malformed', `${place}: the OIDC provider's token_endpoint is not a URL`);
  return await grant(http, url, ways(provider), { refreshToken, place, signal });
}

/** How a client says who it is. */
interface Way {
  readonly headers: Readonly<Record<string, string>>;
  readonly form: Readonly<Record<string, string>>;
}

/** The standard wants the secret in a Basic header; for providers that refuse this it goes into the form, as in Go. */
function ways({ 'client-id': client_id, 'client-secret': client_secret }: OidcConfig): readonly Way[] {
  if (client_secret === '') return [{ headers: {}, form: { client_id } }];
  const basic = Buffer.from(`${encodeURIComponent(client_id)}:${encodeURIComponent(client_secret)}`);
  return [
    { headers: { authorization: `Basic ${basic.toString('base64')}` }, form: {} },
    { headers: {}, form: { client_id, client_secret } },
  ];
}

/** Of a refusal nothing is repeated but its code: an answer may quote the token. */
const refusal = z.object({ error: z.string().regex(/^\w{1,50}$/) });

async function grant(
  http: HttpClient,
  url: URL,
  [way, ...others]: readonly Way[],
  asked: { readonly refreshToken: string; readonly place: string; readonly signal: AbortSignal },
): Promise<z.output<typeof granted>> {
  const { refreshToken, place, signal } = asked;
  const { status, body, headers } = await http.request({
    url,
    method: 'POST',
    headers: {
      accept: 'application/json',
      'content-type': 'application/x-www-form-urlencoded',
      ...way?.headers,
    },
    body: new URLSearchParams({
      grant_type: 'refresh_token',
      refresh_token: refreshToken,
      ...way?.form,
    }).toString(),
    expect: [400, 401, 403],
    signal,
  });
  if (status < 300) return decodeJson(body, headers['content-type'], granted);
  if (others.length > 0) return await grant(http, url, others, asked);
  const { data } = refusal.safeParse(tryParseJson(Buffer.from(body).toString()));
  throw new MusterError(
    'denied',
    `${place}: the OIDC provider gives no new token: HTTP ${status}${data ? ` (${data.error})` : ''}: log in anew`,
    { status },
  );
}

const claims = z.object({ exp: z.number() });

/** When a token ends, in milliseconds since 1970; 0 for what is no token. */
function endOf(token: string): number {
  const payload = Buffer.from(token.split('.')[1] ?? '', 'base64url').toString();
  const { data } = claims.safeParse(tryParseJson(payload));
  return (data?.exp ?? 0) * 1000;
}
