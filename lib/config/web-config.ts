import { dirname, resolve } from 'node:path';
import { readText } from '../base/files.ts';
import * as field from './fields.ts';
import { tlsVersions } from './http-transport.ts';
import { ConfigError, inFileOrder, problemsOf } from './problem.ts';
import { rule, type SectionOf, section } from './section.ts';
import { readYaml } from './yaml-document.ts';

/** Source: Go, crypto/tls, ClientAuthType. */
const clientAuthTypes = [
  'NoClientCert',
  'RequestClientCert',
  'RequireAnyClientCert',
  'VerifyClientCertIfGiven',
  'RequireAndVerifyClientCert',
] as const;

const tlsFields = {
  cert: field.text(''),
  cert_file: field.text(''),
  key: field.text(''),
  key_file: field.text(''),
  client_ca: field.text(''),
  client_ca_file: field.text(''),
  client_auth_type: field.oneOf(clientAuthTypes, 'NoClientCert'),
  client_allowed_sans: field.list(field.text()),
  min_version: field.oneOf(tlsVersions, 'TLS12'),
  max_version: field.oneOf(tlsVersions, 'TLS13'),
  cipher_suites: field.list(field.text()),
  prefer_server_cipher_suites: field.bool(true),
  curve_preferences: field.list(field.text()),
};

type TlsFields = SectionOf<typeof tlsFields>;

const tlsServerConfig = section(tlsFields).check(
  rule(['cert', 'cert_file'], ({ cert, cert_file }) => exactlyOne('certificate', 'cert', cert, cert_file)),
  rule(['key', 'key_file'], ({ key, key_file }) => exactlyOne('private key', 'key', key, key_file)),
  rule(
    ['client_auth_type', 'client_ca', 'client_ca_file'],
    ({ client_auth_type, client_ca, client_ca_file }) => {
      const has = client_ca !== '' || client_ca_file !== '';
      if (client_ca !== '' && client_ca_file !== '')
        return 'at most one of client_ca and client_ca_file may be configured';
      if (has && client_auth_type === 'NoClientCert') return 'must not be NoClientCert with a client CA';
      const verifies = client_auth_type.includes('Verify');
      return verifies && !has ? `needs client_ca_file or client_ca` : undefined;
    },
  ),
);

/** Source: exporter-toolkit, web configuration: the headers that may be set. */
const headerFields = {
  'Content-Security-Policy': field.text().optional(),
  'X-Frame-Options': field.oneOf(['', 'deny', 'sameorigin']).optional(),
  'X-Content-Type-Options': field.oneOf(['', 'nosniff']).optional(),
  'X-XSS-Protection': field.text().optional(),
  'Strict-Transport-Security': field.text().optional(),
};

const webConfigSchema = section({
  tls_server_config: tlsServerConfig.optional(),
  http_server_config: section({
    http2: field.bool(true),
    headers: section(headerFields).optional(),
  }).optional(),
  basic_auth_users: field.mapOf(field.leaf('a bcrypt hash, as of htpasswd -B', readBcrypt)),
  bearer_tokens: field.mapOf(field.leaf('the SHA-256 of the token in hex', readSha256)),
});

/** Who may read from the sidecar's HTTP server, and its TLS. Paths are absolute. */
export interface WebConfig {
  readonly tls: TlsFields | undefined;
  /** Headers of every answer. An empty value removes a header. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** Bcrypt hashes by user. */
  readonly users: ReadonlyMap<string, string>;
  /** SHA-256 of each token in lower-case hex, by a name of your choice. */
  readonly tokens: ReadonlyMap<string, string>;
}

/**
 * Reads a file in the format of Prometheus's `--web.config.file`, with `bearer_tokens` beside its keys. Throws a
 * `ConfigError` with all problems, or what reading the file throws.
 */
export async function loadWebConfig(path: string): Promise<WebConfig> {
  const file = readYaml(await readText(path, { maxBytes: maxWebConfigBytes }));
  if (file.value === undefined) throw new ConfigError(path, inFileOrder(file.problems));
  const parsed = webConfigSchema.safeParse(file.value ?? {});
  const issues = parsed.success ? [] : parsed.error.issues.flatMap(problemsOf);
  const problems = [...file.problems, ...issues.map((issue) => file.problemAt(issue.path, issue.message))];
  if (!parsed.success || problems.length > 0) throw new ConfigError(path, inFileOrder(problems));
  const { tls_server_config: tls, http_server_config: server, basic_auth_users, bearer_tokens } = parsed.data;
  return {
    tls: tls && withPaths(tls, dirname(path)),
    headers: Object.entries(server?.headers ?? {}).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, value] as const],
    ),
    users: new Map(Object.entries(basic_auth_users)),
    tokens: new Map(Object.entries(bearer_tokens)),
  };
}

const maxWebConfigBytes = 1 << 20;

function withPaths(tls: TlsFields, directory: string): TlsFields {
  const at = (path: string) => (path === '' ? '' : resolve(directory, path));
  return {
    ...tls,
    cert_file: at(tls.cert_file),
    key_file: at(tls.key_file),
    client_ca_file: at(tls.client_ca_file),
  };
}

function exactlyOne(what: string, key: string, inline: string, file: string): string | undefined {
  if (inline !== '' && file !== '') return `at most one of ${key} and ${key}_file may be configured`;
  return inline === '' && file === '' ? `a server needs a ${what}: ${key}_file or ${key}` : undefined;
}

function readBcrypt(source: string): string | undefined {
  return /^\$2[aby]\$(?:0[4-9]|[12]\d|3[01])\$[./A-Za-z0-9]{53}$/.test(source) ? source : undefined;
}

function readSha256(source: string): string | undefined {
  return /^[0-9a-f]{64}$/i.test(source) ? source.toLowerCase() : undefined;
}
