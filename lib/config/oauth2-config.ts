import { anyValue, mapOf, nonEmptyText, oneOf, stringList, stringMap, text, url } from './fields.ts';
import type { OAuth2Config } from './http-client.ts';
import { proxyFields, proxyRules, toProxyConfig } from './proxy-config.ts';
import { credentialOf, secret, secretFile, secretRef } from './secret-fields.ts';
import { atMostOne, enumerate, rule, type SectionOf, section } from './section.ts';
import { tlsConfig } from './tls-config.ts';

const jwtBearer = 'urn:ietf:params:oauth:grant-type:jwt-bearer';

const keyForms = [
  'client_certificate_key',
  'client_certificate_key_file',
  'client_certificate_key_ref',
] as const;

const fields = {
  client_id: nonEmptyText(),
  client_secret: secret(),
  client_secret_file: secretFile(),
  client_secret_ref: secretRef(),
  client_certificate_key_id: text(''),
  client_certificate_key: secret(),
  client_certificate_key_file: secretFile(),
  client_certificate_key_ref: secretRef(),
  grant_type: oneOf(['client_credentials', jwtBearer], 'client_credentials'),
  signature_algorithm: oneOf(['RS256', 'RS384', 'RS512'], 'RS256'),
  iss: text(''),
  audience: text(''),
  claims: mapOf(anyValue()),
  scopes: stringList(),
  token_url: url(),
  endpoint_params: stringMap(),
  tls_config: tlsConfig.prefault({}),
  ...proxyFields,
};

/** `oauth2`. Source: prometheus/common, config.OAuth2. */
export const oauth2Config = section(fields)
  .check(
    atMostOne('client_secret', 'client_secret_file', 'client_secret_ref'),
    atMostOne(...keyForms),
    rule(['grant_type', ...keyForms], (keys) =>
      keys.grant_type === jwtBearer && credentialOf(...keyForms.map((form) => keys[form])) === undefined
        ? `this grant needs one of ${enumerate(keyForms)}`
        : undefined,
    ),
    ...proxyRules,
  )
  .transform(toOAuth2Config);

function toOAuth2Config(keys: SectionOf<typeof fields>): OAuth2Config {
  const client_secret = credentialOf(keys.client_secret, keys.client_secret_file, keys.client_secret_ref);
  const client_certificate_key = credentialOf(...keyForms.map((form) => keys[form]));
  return {
    client_id: keys.client_id,
    ...(client_secret && { client_secret }),
    ...(keys.client_certificate_key_id && { client_certificate_key_id: keys.client_certificate_key_id }),
    ...(client_certificate_key && { client_certificate_key }),
    grant_type: keys.grant_type,
    signature_algorithm: keys.signature_algorithm,
    ...(keys.iss && { iss: keys.iss }),
    ...(keys.audience && { audience: keys.audience }),
    claims: keys.claims,
    scopes: keys.scopes,
    token_url: keys.token_url,
    endpoint_params: keys.endpoint_params,
    tls_config: keys.tls_config,
    ...toProxyConfig(keys),
  };
}
