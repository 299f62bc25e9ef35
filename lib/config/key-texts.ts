/** The meaning of a key, an example of its value, and the first version of Muster that has it, if that is not 0.1. */
export type KeyText = readonly [means: string, example: unknown, since?: string];

/**
 * The texts of a schema's keys, by their paths in it: `tls_config.ca_file`, `selectors[].role`, `params.*`. They stand
 * beside the schemas and not in them, so that no function has to load them.
 */
export type KeyTexts = Readonly<Record<string, KeyText>>;

/** The version whose keys all others are measured by. */
export const firstVersion = '0.1.0';

/** The keys of the whole file. */
export const documentTexts: KeyTexts = {
  global: ['Settings of all jobs of Prometheus. Muster reads one of its keys.', { scrape_interval: '30s' }],
  'global.metric_name_validation_scheme': [
    'Which names labels may have, for jobs that do not set it.',
    'utf8',
  ],
  scrape_configs: ["Prometheus's jobs. Muster publishes those with an SD config of its backends.", []],
  scrape_config_files: ['Files with more jobs, by paths or patterns, relative to this file.', ['jobs/*.yml']],
  'scrape_configs[].job_name': ['Name of the job, unique in all files.', 'api'],
  'scrape_configs[].relabel_configs': [
    'Rules that Prometheus runs on each target, or Muster with `relabel: publish`.',
    [{ source_labels: ['__meta_consul_service'], target_label: 'service' }],
  ],
  'scrape_configs[].relabel_configs[].source_labels': ['Labels whose values are joined.', ['__address__']],
  'scrape_configs[].relabel_configs[].separator': ['Text between the joined values.', ';'],
  'scrape_configs[].relabel_configs[].regex': ['RE2 expression that the whole text must match.', '(.+):\\d+'],
  'scrape_configs[].relabel_configs[].modulus': ['`hashmod` takes the hash modulo this.', 4],
  'scrape_configs[].relabel_configs[].target_label': ['Label that is written or compared.', 'instance'],
  'scrape_configs[].relabel_configs[].replacement': ['New value; `$1` is the first group.', '$1'],
  'scrape_configs[].relabel_configs[].action': ['What the rule does.', 'keep'],
  'scrape_configs[].scheme': ["The scrape's protocol. Rules see it as `__scheme__`.", 'https'],
  'scrape_configs[].metrics_path': ["The scrape's path. Rules see it as `__metrics_path__`.", '/metrics'],
  'scrape_configs[].params': [
    'Parameters of the URL. Rules see them as `__param_<name>`.',
    { module: ['http_2xx'] },
  ],
  'scrape_configs[].metric_name_validation_scheme': [
    'Which names the labels of the rules may have.',
    'legacy',
  ],
  'scrape_configs[].muster': ["Muster's settings of the job. They win over `defaults`.", { shards: 1 }],
  'scrape_configs[].muster.publish': [
    '`all`: the targets of `static_configs` and `file_sd_configs` are published too.',
    'all',
  ],
  kube_state_metrics: ['Clusters whose kube state is published.', []],
  store: ['Where Muster keeps its data: a folder, relative to this file, or S3.', 's3://my-bucket/muster'],
  'store.url': ['The folder or the bucket and prefix.', 's3://my-bucket/muster'],
  'store.endpoint': ["URL of an S3 that is not Amazon's.", 'https://minio.example:9000'],
  'store.region': ['Region of the bucket. Default: that of the environment.', 'eu-west-1'],
  'store.force_path_style': ['Put the bucket into the path, not into the host name.', true],
  backends: [
    'Files with your own backends, relative to this file. They are code, and run with all rights of Muster.',
    ['./my-backend.mjs'],
  ],
  strict: ['Refuse SD configs that Muster would leave to Prometheus.', true],
  owner: ['The owner of the store. Only configurations of this owner may change it.', 'team-a'],
  journal: ['How long the changes of a list are kept.', { keep: '30d' }],
  'journal.keep': ['Age up to which changes are kept.', '30d'],
  'journal.min_versions': ['Number of newest versions to keep, however old they are.', 100],
  defaults: ['Settings of all jobs, with the keys of `muster` of a job.', { deadline: '90s' }],
};

/** The keys of `muster` of a job, and of `defaults`. */
export const settingsTexts: KeyTexts = {
  guard: ['When targets that are gone are held back.', { max_removed: 0.3 }],
  'guard.max_removed': ['Share of the targets that may go at once.', 0.3],
  'guard.min_targets': ['Below this many targets only the loss of all is held.', 20],
  'guard.confirm_after': ['How long held targets must be missing before they leave.', '30m'],
  'guard.confirm_empty_after': ['The same if no target would be left. `never` waits for a person.', 'never'],
  relabel: ['Who runs `relabel_configs`: Prometheus, or Muster before it publishes.', 'publish'],
  labels: ["Which labels are published: all, or those that the job's rules can read.", 'needed'],
  shards: [
    "Whether a provider's list is published in parts: `auto` if it is large, `1` never, a higher number always.",
    1,
  ],
  deadline: ['How long one listing may take.', '90s'],
  retire_after: ['How long targets stay after their SD config is gone.', '1h'],
  prometheus: [
    'The version of Prometheus whose targets are wanted, from 3.5 on. Default: the newest.',
    '3.5',
  ],
};

/** The keys that every SD config has, and those of its HTTP client. */
export const sdConfigTexts: KeyTexts = {
  refresh_interval: ['Time between two listings. `0s` means one second.', '1m'],
  muster: ["Muster's settings of the SD config.", {}],
  'muster.name': ['Name of the provider, instead of its number.', 'consul-eu'],
  basic_auth: [
    'User name and password, as HTTP Basic.',
    { username: 'prometheus', password_file: 'password' },
  ],
  'basic_auth.username': ['The user name.', 'prometheus'],
  ...forms('basic_auth.username', 'The user name'),
  'basic_auth.password': ['The password.', 'secret'],
  ...forms('basic_auth.password', 'The password'),
  authorization: ['The header `Authorization`.', { credentials_file: 'token' }],
  'authorization.type': ['Its first word. Default: `Bearer`.', 'Bearer'],
  'authorization.credentials': ['The text after the type.', 'secret'],
  ...forms('authorization.credentials', 'The credentials'),
  oauth2: [
    'A token from an OAuth 2.0 server.',
    { client_id: 'muster', client_secret_file: 'secret', token_url: 'https://login.example.com/token' },
  ],
  'oauth2.client_id': ['Name of the client.', 'muster'],
  'oauth2.client_secret': ['Secret of the client.', 'secret'],
  ...forms('oauth2.client_secret', 'The secret'),
  'oauth2.client_certificate_key_id': ["ID of the key that signs, as the token's `kid`.", 'key-1'],
  'oauth2.client_certificate_key': ['PEM of the key that signs the JWT.', '-----BEGIN PRIVATE KEY-----'],
  ...forms('oauth2.client_certificate_key', 'The key'),
  'oauth2.grant_type': ['How the client requests the token.', 'client_credentials'],
  'oauth2.signature_algorithm': ['How the JWT is signed.', 'RS512'],
  'oauth2.iss': ["The JWT's issuer. Default: `client_id`.", 'muster'],
  'oauth2.audience': ["The JWT's audience.", 'https://login.example.com'],
  'oauth2.claims': ['More claims of the JWT.', { team: 'sre' }],
  'oauth2.scopes': ['Scopes that the client requests.', ['read']],
  'oauth2.token_url': ['URL of the token endpoint.', 'https://login.example.com/token'],
  'oauth2.endpoint_params': ['More parameters of the request.', { resource: 'consul' }],
  bearer_token: ['The same as `authorization.credentials`.', 'secret'],
  ...forms('bearer_token', 'The token'),
  tls_config: ['TLS to the server.', { ca_file: 'ca.pem' }],
  'tls_config.ca': ['PEM of the authorities that are trusted.', '-----BEGIN CERTIFICATE-----'],
  ...forms('tls_config.ca', 'The PEM'),
  'tls_config.cert': ['PEM of the client certificate.', '-----BEGIN CERTIFICATE-----'],
  ...forms('tls_config.cert', 'The PEM'),
  'tls_config.key': ["PEM of the client certificate's key.", '-----BEGIN PRIVATE KEY-----'],
  ...forms('tls_config.key', 'The PEM'),
  'tls_config.server_name': ['Name that the certificate must have. Default: the host.', 'consul.internal'],
  'tls_config.insecure_skip_verify': ['Accept any certificate.', true],
  'tls_config.min_version': ['Oldest version of TLS. Default: `TLS12`.', 'TLS12'],
  'tls_config.max_version': ['Newest version of TLS.', 'TLS13'],
  follow_redirects: ['Follow redirects.', false],
  enable_http2: ['Use HTTP/2 if the server supports it.', false],
  http_headers: ['More headers, by their names.', { 'X-Tenant': { values: ['a'] } }],
  'http_headers.*.values': ['Values that are not secret.', ['a']],
  'http_headers.*.secrets': ['Values that are never shown.', ['secret']],
  'http_headers.*.files': ['Files that hold a value.', ['token']],
  'http_headers.*.refs': ['References to values.', ['env:TENANT']],
  proxy_url: ['Proxy for all requests.', 'http://proxy.internal:3128'],
  no_proxy: ['Hosts to reach without the proxy, separated by commas.', 'localhost,10.0.0.0/8'],
  proxy_from_environment: ['Take the proxy from `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY`.', true],
  proxy_connect_header: ['Headers for the proxy itself.', { 'Proxy-Authorization': ['secret'] }],
};

/** The other two forms of a credential. */
export function forms(key: string, what: string): KeyTexts {
  return {
    [`${key}_file`]: [`${what} in a file, relative to this one.`, '/etc/muster/credential'],
    [`${key}_ref`]: [`${what} by reference.`, 'ssm:/muster/credential'],
  };
}
