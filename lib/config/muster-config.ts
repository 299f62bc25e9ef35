import type { ZodType } from 'zod';
import type { StoreLocation } from '../store/url.ts';
import type { LabelSet } from '../targets/group.ts';
import type { Guard } from '../targets/guard.ts';
import type { RelabelConfig } from '../targets/relabel-config.ts';
import type { NewerKey, PrometheusVersion } from './prometheus-version.ts';

/** Muster's own settings of one job: its `muster:` over the file's `defaults:` over what is built in. */
export interface JobSettings {
  readonly guard: Guard;
  /** Who runs `relabel_configs`: Prometheus itself, or the function before it publishes. */
  readonly relabel: 'prometheus' | 'publish';
  /** Publish all labels, or those that the job's rules can read. */
  readonly labels: 'all' | 'needed';
  /** Number of parts of each provider's list. */
  readonly shards: number | 'auto';
  /** Milliseconds that the targets of a provider stay after it left the configuration; 0 for none. */
  readonly retire_after: number;
  /** Milliseconds that a listing may take, if configured. */
  readonly deadline?: number | undefined;
  /** The version of Prometheus whose targets are wanted, if that is not the newest. */
  readonly prometheus?: PrometheusVersion | undefined;
}

/** One SD config of a job. `Stanza` is what the mechanism's schema makes of it. */
export interface Provider<Stanza> {
  /**
   * The name that the configuration gives it, or else the preferred name: `<mechanism>-<index>`, where the
   * index counts the job's SD configs of that mechanism. No two of a job have the same.
   */
  readonly name: string;
  /** Whether the configuration itself names it. */
  readonly named: boolean;
  readonly mechanism: string;
  readonly stanza: Stanza;
  /** The number of equal SD configs in the job, if there are several. As in Prometheus they count as one. */
  readonly copies?: number;
  /** Its number, from 2, among the SD configs without names that list the same from the same server. */
  readonly twin?: number;
  /** Its keys that older versions of Prometheus refuse, by their path in the job. */
  readonly newer?: readonly NewerKey[] | undefined;
}

/** One scrape config, as far as Muster reads it. */
export interface Job<Stanza> extends JobSettings {
  /** `job_name`. */
  readonly name: string;
  readonly providers: readonly Provider<Stanza>[];
  readonly relabel_configs: readonly RelabelConfig[];
  /** Labels that a target has before these rules, unless discovery sets them: `job`, `__scheme__`, … */
  readonly scrapeLabels: LabelSet;
  /** Folder that relative paths in it start from, if it is not that of the configuration. */
  readonly directory?: string;
}

/** An entry of `kube_state_metrics`. */
export interface NamedOutput {
  readonly name: string;
}

/** How long the changes of a list are kept. */
interface Journal {
  /** Milliseconds that a change is kept. */
  readonly keep: number;
  /** The number of newest versions to keep, however old they are. */
  readonly min_versions: number;
}

/** A configuration in which everything was checked. */
export interface MusterConfig<Stanza, KubeState extends NamedOutput = never> {
  readonly store: StoreLocation;
  /** The owner of the store, if configured. Only configurations of this owner may change it. */
  readonly owner?: string | undefined;
  /** The defaults of jobs, and the settings of the whole configuration. */
  readonly defaults: JobSettings;
  /** How long journals are kept. */
  readonly journal: Journal;
  /** In the order of the file; empty if the file has no scrape configs. */
  readonly jobs: readonly Job<Stanza>[];
  readonly kube_state_metrics: readonly KubeState[];
  /** What Prometheus still discovers itself. */
  readonly leftAlone: readonly LeftAlone[];
}

/** SD configs that Muster does not read. */
export interface LeftAlone {
  /** As in `static_configs`. */
  readonly key: string;
  /** The jobs that have such, or `the alertmanagers`. */
  readonly of: readonly string[];
}

/** What the configuration needs to know about a mechanism. */
export interface StanzaReader<Stanza> {
  /** Names its providers, as in `consul-0`. */
  readonly name: string;
  /** Key of its SD configs in a scrape config, as in `consul_sd_configs`. */
  readonly configKey: string;
  /** One SD config. */
  readonly schema: ZodType<ReadStanza<Stanza>>;
}

/** What the configuration learns about an SD config. */
export interface ReadStanza<Stanza> {
  readonly stanza: Stanza;
  /** The provider's name, if the stanza sets one. */
  readonly name?: string | undefined;
  /** Identifies what is listed. Absent for a mechanism of another program. */
  readonly identity?: string | undefined;
  /** Identifies what is written: equal SD configs of a job have the same value. */
  readonly written?: string | undefined;
  /** Its keys that older versions of Prometheus refuse. */
  readonly newer?: readonly NewerKey[] | undefined;
}
