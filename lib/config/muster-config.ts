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
  /** Publish all labels, or those which the job's rules can read. */
  readonly labels: 'all' | 'needed';
  /** Number of parts of each provider's list. */
  readonly shards: number | 'auto';
  /** Milliseconds for which the targets of a provider stay that left the configuration; 0 is at once. */
  readonly retire_after: number;
  /** Milliseconds that a listing may take, where configured. */
  readonly deadline?: number | undefined;
  /** Whose targets are wanted, where that is not the newest. */
  readonly prometheus?: PrometheusVersion | undefined;
}

/** One SD config of a job. `Stanza` is what the mechanism's schema makes of it. */
export interface Provider<Stanza> {
  /**
   * The name that it has of the configuration; else the one that it would rather have: `<mechanism>-<index>`, where the
   * index counts the job's SD configs of that mechanism. No two of a job have the same.
   */
  readonly name: string;
  /** Whether the configuration itself names it. */
  readonly named: boolean;
  readonly mechanism: string;
  readonly stanza: Stanza;
  /** How many SD configs of the job say the very same, where that is more than one: as in Prometheus they are one. */
  readonly copies?: number;
  /** Number, from 2, among those that ask the same server for the same and have no names. */
  readonly twin?: number;
  /** Keys of it, by their place in the job, which older versions of Prometheus refuse. */
  readonly newer?: readonly NewerKey[] | undefined;
}

/** One scrape config, as far as Muster reads it. */
export interface Job<Stanza> extends JobSettings {
  /** `job_name`. */
  readonly name: string;
  readonly providers: readonly Provider<Stanza>[];
  readonly relabel_configs: readonly RelabelConfig[];
  /** Labels which a target has before these rules unless discovery sets them: `job`, `__scheme__`, … */
  readonly scrapeLabels: LabelSet;
  /** Folder that relative paths in it start from, where that is not the one of the configuration. */
  readonly directory?: string;
}

/** An entry of `kube_state_metrics`. */
export interface NamedOutput {
  readonly name: string;
}

/** How long the changes of a list are kept. */
interface Journal {
  /** Milliseconds. */
  readonly keep: number;
  /** Newest versions that stay, however old they are. */
  readonly min_versions: number;
}

/** A configuration in which everything was checked. */
export interface MusterConfig<Stanza, KubeState extends NamedOutput = never> {
  readonly store: StoreLocation;
  /** Whose the store is, where configured: only configurations of one owner may change what is in it. */
  readonly owner?: string | undefined;
  /** What a job has where it says nothing, and what holds for the whole configuration. */
  readonly defaults: JobSettings;
  /** How long journals are kept. */
  readonly journal: Journal;
  /** In the order of the file; none where the file has no scrape configs. */
  readonly jobs: readonly Job<Stanza>[];
  readonly kube_state_metrics: readonly KubeState[];
  /** What Prometheus goes on to discover by itself. */
  readonly leftAlone: readonly LeftAlone[];
}

/** SD configs that Muster does not read. */
export interface LeftAlone {
  /** As in `static_configs`. */
  readonly key: string;
  /** The jobs that have such, or `the alertmanagers`. */
  readonly of: readonly string[];
}

/** What the configuration has to know of a mechanism. */
export interface StanzaReader<Stanza> {
  /** Names its providers, as in `consul-0`. */
  readonly name: string;
  /** Key of its SD configs in a scrape config, as in `consul_sd_configs`. */
  readonly configKey: string;
  /** One SD config. */
  readonly schema: ZodType<ReadStanza<Stanza>>;
}

/** What the configuration learns of an SD config. */
export interface ReadStanza<Stanza> {
  readonly stanza: Stanza;
  /** The provider's name, where the stanza gives one. */
  readonly name?: string | undefined;
  /** Names what is listed. Absent where the mechanism is another program's. */
  readonly identity?: string | undefined;
  /** Names what is written: two of one job that say the very same have the same. */
  readonly written?: string | undefined;
  /** Keys of it which older versions of Prometheus refuse. */
  readonly newer?: readonly NewerKey[] | undefined;
}
