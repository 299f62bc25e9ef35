import type { z } from 'zod';
import { type HttpClientConfig, withHttpClient } from '../../config/http-client.ts';
import { httpSdConfig, ownFields, serverList } from '../../config/sd-config.ts';
import { type Credential, credentialOf, secret, secretFile, secretRef } from '../../config/secret.ts';
import { atMostOne, rule } from '../../config/section.ts';

const tokenKeys = ['auth_token', 'auth_token_file', 'auth_token_ref'] as const;

/** Ways to authenticate that end up in the same header as the token. */
const otherWays = [
  'basic_auth',
  'authorization',
  'oauth2',
  'bearer_token',
  'bearer_token_file',
  'bearer_token_ref',
] as const;

const keys = httpSdConfig('30s', {
  ...ownFields,
  servers: serverList(),
  auth_token: secret(),
  auth_token_file: secretFile(),
  auth_token_ref: secretRef(),
});

type Keys = z.output<typeof keys>;

/** An element of `marathon_sd_configs`. Source: Prometheus configuration reference, marathon_sd_config. */
export const marathonConfig = keys
  .check(
    atMostOne<Keys, (typeof tokenKeys)[number]>(...tokenKeys),
    rule<Keys, (typeof tokenKeys)[number] | (typeof otherWays)[number]>(
      [...tokenKeys, ...otherWays],
      (config) => {
        const other = otherWays.find((key) => config[key] !== undefined);
        const hasToken = tokenKeys.some((key) => config[key] !== undefined);
        return hasToken && other !== undefined ? `can not go with ${other}` : undefined;
      },
    ),
  )
  .transform(withHttpClient)
  .transform(({ auth_token, auth_token_file, auth_token_ref, http, ...own }) => ({
    ...own,
    http: withToken(http, credentialOf(auth_token, auth_token_file, auth_token_ref)),
  }));

/** One SD config after defaults and checks. */
export type MarathonConfig = z.output<typeof marathonConfig>;

/** DC/OS wants `Authorization: token=…`. */
function withToken(http: HttpClientConfig, token: Credential | undefined): HttpClientConfig {
  return token ? { ...http, authorization: { type: 'token', separator: '=', credentials: token } } : http;
}
