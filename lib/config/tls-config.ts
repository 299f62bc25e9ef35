import { bool, oneOf, text } from './fields.ts';
import type { TlsConfig } from './http-client.ts';
import { credentialOf, secret, secretFile, secretRef } from './secret-fields.ts';
import { atMostOne, rule, type SectionOf, section } from './section.ts';

/** From the oldest to the newest. */
export const tlsVersions = ['TLS10', 'TLS11', 'TLS12', 'TLS13'] as const;

const fields = {
  ca: secret(),
  ca_file: secretFile(),
  ca_ref: secretRef(),
  cert: secret(),
  cert_file: secretFile(),
  cert_ref: secretRef(),
  key: secret(),
  key_file: secretFile(),
  key_ref: secretRef(),
  server_name: text(''),
  insecure_skip_verify: bool(false),
  min_version: oneOf(tlsVersions).optional(),
  max_version: oneOf(tlsVersions).optional(),
};

/** `tls_config`. Source: prometheus/common, config.TLSConfig. */
export const tlsConfig = section(fields)
  .check(atMostOne('ca', 'ca_file', 'ca_ref'))
  .check(atMostOne('cert', 'cert_file', 'cert_ref'))
  .check(atMostOne('key', 'key_file', 'key_ref'))
  .check(
    rule(['cert', 'cert_file', 'cert_ref', 'key', 'key_file', 'key_ref'], (tls) => {
      const cert = credentialOf(tls.cert, tls.cert_file, tls.cert_ref);
      const key = credentialOf(tls.key, tls.key_file, tls.key_ref);
      if (cert !== undefined && key === undefined)
        return 'a client certificate needs its key: one of key, key_file and key_ref';
      if (key !== undefined && cert === undefined)
        return 'a client key needs its certificate: one of cert, cert_file and cert_ref';
      return undefined;
    }),
  )
  .check(
    rule(['max_version', 'min_version'], ({ min_version, max_version }) => {
      if (min_version === undefined || max_version === undefined) return undefined;
      return tlsVersions.indexOf(max_version) < tlsVersions.indexOf(min_version)
        ? 'max_version must not be older than min_version'
        : undefined;
    }),
  )
  .transform(toTlsConfig);

function toTlsConfig(tls: SectionOf<typeof fields>): TlsConfig {
  const ca = credentialOf(tls.ca, tls.ca_file, tls.ca_ref);
  const cert = credentialOf(tls.cert, tls.cert_file, tls.cert_ref);
  const key = credentialOf(tls.key, tls.key_file, tls.key_ref);
  return {
    ...(ca && { ca }),
    ...(cert && { cert }),
    ...(key && { key }),
    ...(tls.server_name && { server_name: tls.server_name }),
    insecure_skip_verify: tls.insecure_skip_verify,
    ...(tls.min_version && { min_version: tls.min_version }),
    ...(tls.max_version && { max_version: tls.max_version }),
  };
}
