import { MusterError } from '../base/errors.ts';
import * as client from './http.ts';
import * as job from './job-keys.ts';
import { type Http, otherSdConfigs, type ProxyKeys, type ScrapeConfigSpec } from './resources.ts';
import { keepJobName, type Rule, shardRules } from './rules.ts';
import { isSince, scrapeClassOf } from './settings.ts';

/**
 * The job of a ScrapeConfig with `staticConfigs`, `fileSDConfigs`, `httpSDConfigs`, `kubernetesSDConfigs`,
 * `consulSDConfigs` and `dnsSDConfigs`. Throws `config` for other mechanisms.
 */
export function scrapeConfigJob(spec: ScrapeConfigSpec, input: job.JobInput): job.Job {
  const { monitor, translation, http } = input;
  const { settings } = translation;
  const [other] = otherSdConfigs(spec);
  if (other !== undefined)
    throw new MusterError('config', `${other} are not translated: write the job by hand`);
  const scrapeClass = scrapeClassOf(settings, spec.scrapeClass);
  const honored = job.honorKeys(translation, spec);
  return job.finished({
    job_name: `scrapeConfig/${monitor.namespace}/${monitor.name}`,
    // Absent if the ScrapeConfig does not set it, even where the settings override it.
    honor_timestamps: spec.honorTimestamps === undefined ? undefined : honored.honor_timestamps,
    track_timestamps_staleness: honored.track_timestamps_staleness,
    honor_labels: spec.honorLabels === undefined ? undefined : honored.honor_labels,
    metrics_path: spec.metricsPath,
    params: spec.params.size > 0 ? Object.fromEntries([...spec.params].sort()) : undefined,
    enable_compression: isSince(settings, '2.49.0') ? spec.enableCompression : undefined,
    enable_http2: isSince(settings, '2.35.0') ? spec.enableHTTP2 : undefined,
    scrape_interval: spec.scrapeInterval || undefined,
    scrape_timeout: spec.scrapeTimeout || undefined,
    scheme: spec.scheme?.toLowerCase(),
    ...client.proxyKeys(http, spec),
    ...client.credentialKeys(http, spec),
    ...client.authorizationKeys(http, job.unlessBlank(spec.authorization), scrapeClass),
    ...client.tlsKeys(http, job.unlessBlank(spec.tlsConfig), scrapeClass),
    ...job.limitAndFormatKeys(translation, spec, scrapeClass),
    body_size_limit: job.sizeLimit(translation, spec.bodySizeLimit),
    ...sdConfigs(spec, input),
    relabel_configs: relabelRules(spec, input),
    ...job.metricRules(input, scrapeClass, spec.metricRelabelings),
    ...nameKeys(spec, input),
  });
}

function relabelRules(spec: ScrapeConfigSpec, input: job.JobInput): readonly Rule[] {
  const { translation } = input;
  const scrapeClass = scrapeClassOf(translation.settings, spec.scrapeClass);
  // As in the operator, an enforced label is added only to a ScrapeConfig with its own rules.
  const own = spec.relabelings.length > 0 ? job.classAndOwnRules(input, undefined, spec.relabelings) : [];
  const byClass =
    scrapeClass === undefined
      ? []
      : job.classAndOwnRules({ ...input, translation: unenforced(translation) }, scrapeClass, []);
  const named: readonly Rule[] =
    spec.jobName === undefined ? [] : [{ target_label: 'job', action: 'replace', replacement: spec.jobName }];
  const rules = [keepJobName, ...byClass, ...named, ...own];
  const isSharded = rules.some(({ action }) => action === 'hashmod');
  return isSharded ? rules : [...rules, ...shardRules(translation.shard, '__address__')];
}

function unenforced(translation: job.JobInput['translation']): job.JobInput['translation'] {
  return { ...translation, settings: { ...translation.settings, enforcedNamespaceLabel: '' } };
}

function sdConfigs(spec: ScrapeConfigSpec, input: job.JobInput): client.Keys {
  const { http, addressAt } = input;
  const lists = {
    static_configs: spec.staticConfigs.map(({ targets, labels }) =>
      client.present({
        targets: targets.map((target) => addressAt(target, 'staticConfigs.targets')),
        labels: mapOrNothing(labels),
      }),
    ),
    file_sd_configs: spec.fileSDConfigs.map(({ files, refreshInterval }) =>
      client.present({
        files: files.map((file) => http.fileAt(file, 'fileSDConfigs.files')),
        refresh_interval: refreshInterval || undefined,
      }),
    ),
    http_sd_configs: spec.httpSDConfigs.map((config) =>
      client.present({
        url: urlHere(config.url, 'httpSDConfigs.url', input),
        refresh_interval: config.refreshInterval || undefined,
        ...clientKeys(http, config),
      }),
    ),
    kubernetes_sd_configs: spec.kubernetesSDConfigs.map((config) => kubernetesSd(config, input)),
    consul_sd_configs: spec.consulSDConfigs.map((config) => consulSd(config, input)),
    dns_sd_configs: spec.dnsSDConfigs.map(({ names, refreshInterval, type, port }) =>
      client.present({
        names: names.map((name) => addressAt(name, 'dnsSDConfigs.names')),
        refresh_interval: refreshInterval || undefined,
        type,
        port,
      }),
    ),
  };
  return Object.fromEntries(Object.entries(lists).filter(([, list]) => list.length > 0));
}

/** The URL with the local name of its host. */
function urlHere(text: string, key: string, { addressAt }: job.JobInput): string {
  const [, scheme, host, rest] = /^(https?:\/\/)([^/?#]*)(.*)$/s.exec(text) ?? [];
  if (scheme === undefined || host === undefined) return text;
  if (host.includes('@'))
    throw new MusterError('config', `${key} has credentials in it, which are not printed`);
  return `${scheme}${addressAt(host, key)}${rest}`;
}

/** A Kubernetes SD config; without an API server it lists the cluster of the ScrapeConfig. */
function kubernetesSd(
  config: ScrapeConfigSpec['kubernetesSDConfigs'][number],
  input: job.JobInput,
): client.Keys {
  const { http } = input;
  const { settings, connection } = input.translation;
  const role = config.role.toLowerCase();
  const { namespaces, attachMetadata, selectors } = config;
  const attachSince = role === 'pod' ? '2.35.0' : '2.37.0';
  const isAttached =
    attachMetadata?.node === true &&
    ['pod', 'endpoints', 'endpointslice'].includes(role) &&
    isSince(settings, attachSince);
  const isOwn = namespaces?.ownNamespace === true;
  if (isOwn && Object.keys(connection).length > 0)
    throw new MusterError(
      'config',
      "kubernetesSDConfigs: ownNamespace is that of the cluster's own Prometheus, which is not this one",
    );
  return client.present({
    role,
    ...(config.apiServer === undefined
      ? connection
      : { api_server: urlHere(config.apiServer, 'kubernetesSDConfigs.apiServer', input) }),
    ...clientKeys(http, config),
    namespaces: namespaces && client.present({ names: namespaces.names, own_namespace: isOwn || undefined }),
    selectors:
      selectors.length > 0
        ? selectors.map((one) =>
            client.present({ role: one.role.toLowerCase(), label: one.label, field: one.field }),
          )
        : undefined,
    attach_metadata: isAttached ? { node: true } : undefined,
  });
}

function consulSd(config: ScrapeConfigSpec['consulSDConfigs'][number], input: job.JobInput): client.Keys {
  if (config.tokenRef !== undefined)
    throw new MusterError(
      'config',
      'consulSDConfigs: tokenRef is a secret that Prometheus reads from no file: give it as authorization',
    );
  const { refreshInterval, services, tags, nodeMeta } = config;
  return client.present({
    server: input.addressAt(config.server, 'consulSDConfigs.server'),
    path_prefix: config.pathPrefix,
    datacenter: config.datacenter,
    namespace: config.namespace,
    partition: config.partition,
    scheme: config.scheme?.toLowerCase(),
    services: services.length > 0 ? services : undefined,
    tags: tags.length > 0 ? tags : undefined,
    tag_separator: config.tagSeparator,
    node_meta: mapOrNothing(nodeMeta),
    filter: config.filter,
    health_filter: config.healthFilter,
    allow_stale: config.allowStale,
    refresh_interval: refreshInterval || undefined,
    ...clientKeys(input.http, config),
  });
}

/** The HTTP client of an SD config, to which no scrape class applies. */
function clientKeys(
  http: client.HttpContext,
  config: Http & ProxyKeys & { readonly enableHTTP2: boolean | undefined },
): client.Keys {
  return {
    ...client.credentialKeys(http, config),
    ...client.authorizationKeys(http, config.authorization, undefined),
    ...client.tlsKeys(http, config.tlsConfig, undefined),
    ...client.proxyKeys(http, config),
    follow_redirects: config.followRedirects,
    enable_http2: config.enableHTTP2,
  };
}

function mapOrNothing(map: ReadonlyMap<string, string>): client.Keys | undefined {
  return map.size > 0 ? Object.fromEntries([...map].sort()) : undefined;
}

const escapingSchemes: Readonly<Record<string, string>> = {
  AllowUTF8: 'allow-utf-8',
  Underscores: 'underscores',
  Dots: 'dots',
  Values: 'values',
};

/** `metric_name_validation_scheme` and `metric_name_escaping_scheme`. */
function nameKeys(
  { nameValidationScheme, nameEscapingScheme }: ScrapeConfigSpec,
  { translation: { settings } }: job.JobInput,
): client.Keys {
  if (!isSince(settings, '3.0.0')) return {};
  return {
    metric_name_validation_scheme: nameValidationScheme?.toLowerCase(),
    metric_name_escaping_scheme:
      nameEscapingScheme !== undefined && isSince(settings, '3.4.0')
        ? escapingSchemes[nameEscapingScheme]
        : undefined,
  };
}
