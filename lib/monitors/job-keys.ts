import { MusterError } from '../base/errors.ts';
import { type HttpContext, type Keys, present } from './http.ts';
import {
  type Authorization,
  type Common,
  limitNames,
  type MonitorName,
  type NamespaceSelector,
  type ScrapeClass,
  type ServiceEndpoint,
  type Tls,
} from './resources.ts';
import { literalPattern, ownRules, type Rule, ruleOf } from './rules.ts';
import { isSince, limitKeys, limitOf, lowerSize, type Translation } from './settings.ts';

/**
 * A scrape config as the operator generates it, with its keys in the same order.
 * Source: prometheus-operator 0.93, pkg/prometheus/promcfg.go.
 */
export interface Job extends Keys {
  readonly job_name: string;
  readonly relabel_configs: readonly Rule[];
}

/** The input of a job. */
export interface JobInput {
  readonly monitor: MonitorName;
  readonly translation: Translation;
  readonly http: HttpContext;
  /** The local name of an address in a rule or a Probe. Throws `config` if it is needed and was not given. */
  readonly addressAt: (address: string, key: string) => string;
}

/** The job without keys whose value is undefined. Throws `config` where it has credentials of several kinds. */
export function finished(job: Job): Job {
  const ways = ['authorization', 'basic_auth', 'oauth2', 'bearer_token_file'].filter(
    (key) => job[key] !== undefined,
  );
  if (ways.length > 1)
    throw new MusterError(
      'config',
      `Prometheus takes one of ${ways.join(' and ')}: one comes from the Monitor, another from its scrape class`,
    );
  const { job_name, relabel_configs } = job;
  // The order of the keys stays.
  return { ...present(job), job_name, relabel_configs };
}

/** `honor_labels`, `honor_timestamps` and `track_timestamps_staleness`. */
export function honorKeys(
  translation: Translation,
  endpoint: Pick<ServiceEndpoint, 'honorLabels' | 'honorTimestamps' | 'trackTimestampsStaleness'>,
): Keys {
  const { settings } = translation;
  return {
    honor_labels: endpoint.honorLabels === true && settings.overrideHonorLabels !== true,
    ...honorTimestamps(translation, endpoint.honorTimestamps),
    track_timestamps_staleness: isSince(settings, '2.48.0') ? endpoint.trackTimestampsStaleness : undefined,
  };
}

/** `honor_timestamps`; absent if neither Monitor nor settings set it. */
export function honorTimestamps({ settings }: Translation, own: boolean | undefined): Keys {
  const isOverridden = settings.overrideHonorTimestamps === true;
  if ((own === undefined && !isOverridden) || !isSince(settings, '2.9.0')) return {};
  return { honor_timestamps: own === true && !isOverridden };
}

/** The rules of the scrape class, then the Monitor's own. */
export function classAndOwnRules(
  { translation: { settings }, monitor, addressAt }: JobInput,
  scrapeClass: ScrapeClass | undefined,
  own: ServiceEndpoint['relabelings'],
): readonly Rule[] {
  const rules = [...(scrapeClass?.relabelings ?? []).map(ruleOf), ...ownRules(settings, monitor, own)];
  return rules.map((rule) => {
    const { target_label: target, replacement, action = 'replace' } = rule;
    if (target !== '__address__' || action !== 'replace' || typeof replacement !== 'string') return rule;
    // An address from discovered labels comes from the cluster's listing.
    if (replacement.includes('$')) return rule;
    return { ...rule, replacement: addressAt(replacement, 'relabelings') };
  });
}

/** `metric_relabel_configs` of the scrape class and of the Monitor. */
export function metricRules(
  { translation: { settings }, monitor }: JobInput,
  scrapeClass: ScrapeClass | undefined,
  own: ServiceEndpoint['metricRelabelings'],
): Keys {
  const rules = [...(scrapeClass?.metricRelabelings ?? []).map(ruleOf), ...ownRules(settings, monitor, own)];
  return { metric_relabel_configs: rules.length > 0 ? rules : undefined };
}

/** The keys of limits, histograms and protocols. Throws `config` for a quantity that is not a number. */
export function limitAndFormatKeys(
  { settings }: Translation,
  spec: Common,
  scrapeClass: ScrapeClass | undefined,
): Keys {
  const limits = limitNames.map((name) => {
    const { key, enforced, since } = limitKeys[name];
    return [key, isSince(settings, since) ? limitOf(settings, spec[name], settings[enforced]) : undefined];
  });
  const isThree = isSince(settings, '3.0.0');
  const protocols = spec.scrapeProtocols.filter((one) => one !== 'PrometheusText1.0.0' || isThree);
  return {
    ...Object.fromEntries(limits),
    scrape_native_histograms: isSince(settings, '3.8.0') ? spec.scrapeNativeHistograms : undefined,
    native_histogram_bucket_limit: isSince(settings, '2.45.0') ? spec.nativeHistogramBucketLimit : undefined,
    native_histogram_min_bucket_factor: isSince(settings, '2.50.0')
      ? quantity(spec.nativeHistogramMinBucketFactor)
      : undefined,
    [isThree ? 'always_scrape_classic_histograms' : 'scrape_classic_histograms']: isSince(settings, '2.45.0')
      ? spec.scrapeClassicHistograms
      : undefined,
    convert_classic_histograms_to_nhcb: isThree ? spec.convertClassicHistogramsToNHCB : undefined,
    scrape_protocols: spec.scrapeProtocols.length > 0 && isSince(settings, '2.49.0') ? protocols : undefined,
    fallback_scrape_protocol: isThree
      ? (spec.fallbackScrapeProtocol ?? scrapeClass?.fallbackScrapeProtocol)
      : undefined,
  };
}

/** `body_size_limit`: the Monitor's, or the enforced one if that is smaller. */
export function sizeLimit({ settings }: Translation, own: string): string | undefined {
  return isSince(settings, '2.28.0')
    ? lowerSize(own, settings.enforcedBodySizeLimit) || undefined
    : undefined;
}

/** A quantity of Kubernetes as a number. Throws `config` for units other than `m`. */
function quantity(text: string | number | undefined): number | undefined {
  if (text === undefined || typeof text === 'number') return text;
  const [, number, milli] = /^([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)(m?)$/.exec(text) ?? [];
  if (number === undefined)
    throw new MusterError(
      'config',
      `nativeHistogramMinBucketFactor: ${JSON.stringify(text)} is not a number`,
    );
  return milli === 'm' ? Number(number) / 1000 : Number(number);
}

/** The object; undefined if all its fields are empty, so that the scrape class applies. */
export function unlessBlank<Value extends Tls | Authorization>(value: Value | undefined): Value | undefined {
  if (value === undefined) return undefined;
  return Object.values(value).some((part) => part !== undefined && part !== '') ? value : undefined;
}

/** The namespaces without repetition and sorted, so that equal sets make equal SD configs; empty for all. */
function namespacesOf(
  { settings }: Translation,
  { namespace }: MonitorName,
  { any, matchNames }: NamespaceSelector,
): readonly string[] {
  if (settings.ignoreNamespaceSelectors === true) return [namespace];
  if (any === true) return [];
  return matchNames.length === 0 ? [namespace] : [...new Set(matchNames)].sort();
}

/** `namespaces` of an SD config; absent if the whole cluster is listed. */
export function namespaceKeys(
  translation: Translation,
  monitor: MonitorName,
  selector: NamespaceSelector,
): Keys {
  const names = translation.oneListing ? [] : namespacesOf(translation, monitor, selector);
  return names.length === 0 ? {} : { namespaces: { names } };
}

/** A rule that keeps the Monitor's namespaces if the whole cluster is listed; empty if its SD config has them. */
export function namespaceRules(
  translation: Translation,
  monitor: MonitorName,
  selector: NamespaceSelector,
): readonly Rule[] {
  const names = translation.oneListing ? namespacesOf(translation, monitor, selector) : [];
  if (names.length === 0) return [];
  const regex = names.map(literalPattern).join('|');
  return [{ action: 'keep', source_labels: ['__meta_kubernetes_namespace'], regex }];
}
