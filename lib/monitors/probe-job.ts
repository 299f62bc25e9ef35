import { MusterError } from '../base/errors.ts';
import * as client from './http.ts';
import * as job from './job-keys.ts';
import type { IngressTargets, ProbeSpec, StaticTargets } from './resources.ts';
import { keepJobName, type Rule, selectorRules, shardRules } from './rules.ts';
import { scrapeClassOf } from './settings.ts';

/** The job of a Probe. Static targets come before an ingress. Throws `config` for a Probe without either. */
export function probeJob(spec: ProbeSpec, input: job.JobInput): job.Job {
  const { monitor, translation, http } = input;
  const { prober, targets } = spec;
  const scrapeClass = scrapeClassOf(translation.settings, spec.scrapeClass);
  const address = input.addressAt(prober.url, 'prober.url');
  const probed = probedTargets(targets, input);
  const params = [
    ...(spec.module === '' ? [] : [['module', [spec.module]]]),
    ...spec.params
      .filter(({ name }) => spec.module === '' || name !== 'module')
      .map(({ name, values }) => [name, values]),
  ];
  return job.finished({
    job_name: `probe/${monitor.namespace}/${monitor.name}`,
    ...job.honorTimestamps(translation, true),
    metrics_path: prober.path || '/probe',
    scrape_interval: spec.interval || undefined,
    scrape_timeout: spec.scrapeTimeout || undefined,
    scheme: prober.scheme?.toLowerCase(),
    params: params.length > 0 ? Object.fromEntries(params) : undefined,
    ...job.limitAndFormatKeys(translation, spec, scrapeClass),
    body_size_limit: job.sizeLimit(translation, ''),
    ...client.proxyKeys(http, prober),
    ...client.protocolKeys(http, spec),
    ...client.tlsKeys(http, job.unlessBlank(spec.tlsConfig), scrapeClass),
    ...probed.discovery,
    relabel_configs: [
      keepJobName,
      ...(spec.jobName === '' ? [] : [{ target_label: 'job', replacement: spec.jobName }]),
      ...probed.rules,
      { source_labels: ['__param_target'], target_label: 'instance' },
      { target_label: '__address__', replacement: address },
      ...job.classAndOwnRules(input, scrapeClass, probed.relabelings),
      ...shardRules(translation.shard, '__param_target'),
    ],
    ...client.credentialKeys(http, spec),
    ...client.authorizationKeys(http, job.unlessBlank(spec.authorization), scrapeClass),
    ...job.metricRules(input, scrapeClass, spec.metricRelabelings),
  });
}

interface Probed {
  readonly discovery: client.Keys;
  /** They set `__param_target`. */
  readonly rules: readonly Rule[];
  /** The Probe's own rules. */
  readonly relabelings: StaticTargets['relabelingConfigs'];
}

function probedTargets({ staticConfig, ingress }: ProbeSpec['targets'], input: job.JobInput): Probed {
  if (staticConfig !== undefined) return staticProbe(staticConfig, input);
  if (ingress !== undefined) return ingressProbe(ingress, input);
  throw new MusterError('config', 'targets: one of staticConfig and ingress is needed');
}

function staticProbe(
  { static: targets, labels, relabelingConfigs }: StaticTargets,
  input: job.JobInput,
): Probed {
  const own = Object.fromEntries([['namespace', input.monitor.namespace], ...labels]);
  return {
    discovery: { static_configs: [{ targets, labels: own }] },
    rules: [{ source_labels: ['__address__'], target_label: '__param_target' }],
    relabelings: relabelingConfigs,
  };
}

function ingressProbe(
  { selector, namespaceSelector, relabelingConfigs }: IngressTargets,
  input: job.JobInput,
): Probed {
  const { translation, monitor } = input;
  return {
    discovery: {
      kubernetes_sd_configs: [
        {
          role: 'ingress',
          ...translation.connection,
          ...job.namespaceKeys(translation, monitor, namespaceSelector),
        },
      ],
    },
    rules: [
      ...job.namespaceRules(translation, monitor, namespaceSelector),
      ...selectorRules('ingress', selector),
      {
        source_labels: ['__meta_kubernetes_ingress_scheme', '__address__', '__meta_kubernetes_ingress_path'],
        separator: ';',
        regex: '(.+);(.+);(.+)',
        target_label: '__param_target',
        replacement: '${1}://${2}${3}',
        action: 'replace',
      },
      { source_labels: ['__meta_kubernetes_namespace'], target_label: 'namespace' },
      { source_labels: ['__meta_kubernetes_ingress_name'], target_label: 'ingress' },
      {
        source_labels: ['__address__'],
        separator: ';',
        regex: '(.*)',
        target_label: '__tmp_ingress_address',
        replacement: '$1',
        action: 'replace',
      },
    ],
    relabelings: relabelingConfigs,
  };
}
