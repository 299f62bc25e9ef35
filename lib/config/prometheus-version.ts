import { leaf } from './fields.ts';
import type { KeyPath } from './problem.ts';
import { findings } from './section.ts';

/**
 * Versions of Prometheus between which Muster makes a difference, the oldest first. 3.15 is what came after 3.14.0 in
 * its development, as of August 2026. Source: its change log and the tags of its repository.
 */
export const prometheusVersions = [
  ...(['3.5', '3.6', '3.7', '3.8', '3.9', '3.10'] as const),
  ...(['3.11', '3.12', '3.13', '3.14', '3.15'] as const),
] as const;

/** A version of Prometheus that the configuration may name. */
export type PrometheusVersion = (typeof prometheusVersions)[number];

/**
 * `muster.prometheus`: a version whose targets are wanted. It means the newest patch release, even if the version names
 * a patch.
 */
export const prometheusVersion = leaf(
  `a version of Prometheus from ${prometheusVersions[0]} to ${prometheusVersions.at(-1)}, or left out for the newest`,
  (source) => {
    const minor = /^(?<minor>\d+\.\d+)(?:\.\d+)?$/.exec(source)?.groups?.minor;
    return prometheusVersions.find((version) => version === minor);
  },
);

/** Whether a version has what came with `since`. Undefined stands for the newest, which has everything. */
export function hasSince(version: PrometheusVersion | undefined, since: PrometheusVersion): boolean {
  return version === undefined || prometheusVersions.indexOf(version) >= prometheusVersions.indexOf(since);
}

/** A key of an SD config that came after the oldest version. */
export interface NewerKey {
  /** Its path in the SD config. */
  readonly path: KeyPath;
  readonly since: PrometheusVersion;
}

/** The part of a configuration that the condition below reads. */
interface Jobs {
  readonly scrape_configs: readonly {
    readonly muster: Wanted;
    readonly providers: readonly { readonly newer?: readonly NewerKey[] | undefined }[];
  }[];
  readonly defaults: Wanted;
}

interface Wanted {
  readonly prometheus?: PrometheusVersion | undefined;
}

/** The condition that a job with `muster.prometheus` has no SD config and no key that this version would refuse. */
export const keysOfVersion = findings<Jobs, keyof Jobs>(
  ['scrape_configs', 'defaults'],
  ({ scrape_configs, defaults }) =>
    scrape_configs.flatMap(({ muster, providers }, job) => {
      const version = muster.prometheus ?? defaults.prometheus;
      return providers
        .flatMap(({ newer = [] }) => newer)
        .filter(({ since }) => !hasSince(version, since))
        .map(({ path, since }) => ({
          path: ['scrape_configs', job, ...path],
          message: `came with Prometheus ${since}, and muster.prometheus is ${version}`,
        }));
    }),
);
