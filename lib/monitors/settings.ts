import type * as z from 'zod';
import { MusterError } from '../base/errors.ts';
import { formatKeyPath, nearest } from '../config/problem.ts';
import {
  limitNames,
  type MonitorName,
  monitorKinds,
  type PrometheusSpec,
  prometheusFields,
  prometheusSpec,
  type ScrapeClass,
} from './resources.ts';

/** The inputs of the jobs apart from the Monitors. */
export interface Translation {
  /** The settings of the operator's Prometheus resource. */
  readonly settings: PrometheusSpec;
  /** Value of the label `cluster`, and first part of the jobs' names. */
  readonly cluster?: string | undefined;
  /** Keys with which an SD config reaches the API server; empty if the jobs run inside the cluster. */
  readonly connection: Readonly<Record<string, unknown>>;
  /** Folder of the files with the Secrets and ConfigMaps. */
  readonly secretsFolder: string;
  /** Local paths of files and folders, by their path in the operator's Prometheus. */
  readonly files: ReadonlyMap<string, string>;
  /** Local names of addresses, by their name inside the cluster. */
  readonly addresses: ReadonlyMap<string, string>;
  /** The shard of the targets to scrape. Default: all. */
  readonly shard?: { readonly index: number; readonly total: number } | undefined;
  /** List the whole cluster once for each role, and select namespaces by rules. */
  readonly oneListing: boolean;
}

/** The version of Prometheus whose keys are printed by default. */
export const defaultVersion = '3.5.0';

/**
 * The settings of a Prometheus resource; the keys of `over` replace those of its spec. Throws `config` for an unknown
 * key in `over`, and for a wrong value.
 */
export function readSettings(spec: unknown, over: ReadonlyMap<string, unknown> = new Map()): PrometheusSpec {
  const known = Object.keys(prometheusFields);
  for (const key of over.keys()) {
    if (known.includes(key)) continue;
    const near = nearest(key, known);
    const hint = near === undefined ? `known are ${known.join(', ')}` : `did you mean "${near}"?`;
    throw new MusterError('config', `there is no setting "${key}": ${hint}`);
  }
  const base = typeof spec === 'object' && spec !== null ? spec : {};
  const settings = parsed(prometheusSpec, { ...base, ...Object.fromEntries(over) });
  const defaults = settings.scrapeClasses.filter((one) => one.default === true);
  if (defaults.length > 1)
    throw new MusterError(
      'config',
      `scrapeClasses: ${defaults.length} of them are the default, but only one can be`,
    );
  if (readVersion(settings.version ?? defaultVersion) === undefined)
    throw new MusterError('config', 'version: must be that of a Prometheus 2 or 3, as in 3.5.0');
  return settings;
}

/** Decodes the input. Throws `config` with the path of the first bad field. */
export function parsed<Value>(schema: z.ZodType<Value>, input: unknown): Value {
  const result = schema.safeParse(input, { jitless: true });
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const path = formatKeyPath(
    (issue?.path ?? []).map((part) => (typeof part === 'number' ? part : String(part))),
  );
  throw new MusterError('config', `${path}: ${issue?.message ?? 'is wrong'}`);
}

/** Whether the Prometheus has that version or a later one. */
export function isSince(settings: PrometheusSpec, version: string): boolean {
  const own = readVersion(settings.version ?? defaultVersion) ?? [];
  const other = readVersion(version) ?? [];
  const differs = other.findIndex((part, index) => part !== own[index]);
  return differs < 0 || (own[differs] ?? 0) > (other[differs] ?? 0);
}

function readVersion(text: string): readonly number[] | undefined {
  const [, ...parts] = /^v?([23])(?:\.(\d{1,6}))?(?:\.(\d{1,6}))?(?:[-+].*)?$/.exec(text.trim()) ?? [];
  return parts.length === 0 ? undefined : parts.map((part) => Number(part ?? 0));
}

/** The scrape class that a Monitor names, else the default one. */
export function scrapeClassOf(settings: PrometheusSpec, name: string | undefined): ScrapeClass | undefined {
  const { scrapeClasses } = settings;
  return scrapeClasses.find((one) => one.name === name) ?? scrapeClasses.find((one) => one.default === true);
}

/** Whether the enforced namespace label does not apply to this Monitor. */
export function isExcluded({ excludedFromEnforcement }: PrometheusSpec, monitor: MonitorName): boolean {
  return excludedFromEnforcement.some(
    ({ group, resource, namespace, name }) =>
      (group === '' || group === 'monitoring.coreos.com') &&
      resource === monitorKinds[monitor.kind].resource &&
      namespace === monitor.namespace &&
      (name === '' || name === monitor.name),
  );
}

/** The limit of a job, a count. Since Prometheus 2.45 an enforced limit is in the global section if a job has none. */
export function limitOf(
  settings: PrometheusSpec,
  own: number | undefined,
  enforced: number | undefined,
): number | undefined {
  if (enforced === undefined || enforced === 0) return own;
  if (own === undefined || own === 0) return isSince(settings, '2.45.0') ? undefined : enforced;
  return Math.min(own, enforced);
}

/** The key of a limit in a job, the setting that enforces it, and the first version that has it. */
export const limitKeys = {
  sampleLimit: { key: 'sample_limit', enforced: 'enforcedSampleLimit', since: '2.0.0' },
  targetLimit: { key: 'target_limit', enforced: 'enforcedTargetLimit', since: '2.21.0' },
  labelLimit: { key: 'label_limit', enforced: 'enforcedLabelLimit', since: '2.27.0' },
  labelNameLengthLimit: {
    key: 'label_name_length_limit',
    enforced: 'enforcedLabelNameLengthLimit',
    since: '2.27.0',
  },
  labelValueLengthLimit: {
    key: 'label_value_length_limit',
    enforced: 'enforcedLabelValueLengthLimit',
    since: '2.27.0',
  },
  keepDroppedTargets: {
    key: 'keep_dropped_targets',
    enforced: 'enforcedKeepDroppedTargets',
    since: '2.47.0',
  },
} as const;

const byteUnits: Readonly<Record<string, number>> = {
  '': 1,
  K: 2 ** 10,
  M: 2 ** 20,
  G: 2 ** 30,
  T: 2 ** 40,
  P: 2 ** 50,
  E: 2 ** 60,
};

/** The smaller of two sizes such as `10MB`. An empty one does not count. */
export function lowerSize(own: string, enforced: string): string {
  if (own === '' || enforced === '') return own === '' ? enforced : own;
  return bytesOf(own) > bytesOf(enforced) ? enforced : own;
}

/** The bytes of a size; as in the operator, 0 for a malformed one. */
function bytesOf(text: string): number {
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)([KMGTPE]?)i?B/g)];
  if (parts.map(([part]) => part).join('') !== text) return 0;
  return parts.reduce((sum, [, number, unit = '']) => sum + Number(number) * (byteUnits[unit] ?? 1), 0);
}

/**
 * The keys that the operator writes into the global section, as keys of a job: the file of the job has its own global
 * section.
 */
export function globalKeys(settings: PrometheusSpec): Readonly<Record<string, unknown>> {
  const limits = limitNames.map((name) => {
    const { key, enforced, since } = limitKeys[name];
    const most = settings[enforced] ?? 0;
    const own = settings[name] ?? 0;
    const limit = own > 0 && most > 0 ? Math.min(own, most) : own || most;
    return [key, limit > 0 && isSince(settings, since) && isSince(settings, '2.45.0') ? limit : undefined];
  });
  const size = settings.bodySizeLimit || settings.enforcedBodySizeLimit;

  return {
    scrape_interval: settings.scrapeInterval || undefined,
    scrape_timeout: settings.scrapeTimeout || undefined,
    ...Object.fromEntries(limits),
    scrape_protocols:
      settings.scrapeProtocols.length > 0 && isSince(settings, '2.49.0')
        ? settings.scrapeProtocols
        : undefined,
    body_size_limit: size !== '' && isSince(settings, '2.45.0') ? size : undefined,
    scrape_native_histograms: isSince(settings, '3.8.0') ? settings.scrapeNativeHistograms : undefined,
    always_scrape_classic_histograms: isSince(settings, '3.5.0')
      ? settings.scrapeClassicHistograms
      : undefined,
    convert_classic_histograms_to_nhcb: isSince(settings, '3.4.0')
      ? settings.convertClassicHistogramsToNHCB
      : undefined,
  };
}
