import type { ZodType } from 'zod';
import type { StoreLocation } from '../store/url.ts';
import type { LabelSet } from '../target/group.ts';
import type { RelabelConfig } from '../target/relabel-config.ts';

/** When a shrinking list of targets is held back; see the cycle's protocol. */
export interface Guard {
  /** Share of the targets, 0 to 1, that may go at once. */
  readonly max_removed: number;
  /** Below this many targets only the loss of all of them is held. */
  readonly min_targets: number;
  /** Cycles in a row that must find the same before it is published. */
  readonly confirm_after: number;
}

/** Muster's own settings of one job: its `muster:` over the file's `defaults:` over what is built in. */
export interface JobSettings {
  readonly guard: Guard;
  /** Who runs `relabel_configs`: Prometheus itself, or the function before it publishes. */
  readonly relabel: 'prometheus' | 'publish';
  /** Publish all labels, or those which the job's rules can read. */
  readonly labels: 'all' | 'needed';
  /** Number of target files of each provider. */
  readonly shards: number;
  /** Milliseconds that a listing may take, where configured. */
  readonly deadline?: number;
}

/** One SD config of a job. `Stanza` is what the mechanism's schema makes of it. */
export interface Provider<Stanza> {
  /** `<mechanism>-<index>`; the index counts the job's SD configs of that mechanism. */
  readonly name: string;
  readonly mechanism: string;
  readonly stanza: Stanza;
}

/** One scrape config, as far as Muster reads it. */
export interface Job<Stanza> extends JobSettings {
  /** `job_name`. */
  readonly name: string;
  readonly providers: readonly Provider<Stanza>[];
  readonly relabel_configs: readonly RelabelConfig[];
  /** Labels which a target has before these rules unless discovery sets them: `job`, `__scheme__`, … */
  readonly scrapeLabels: LabelSet;
}

/** An entry of `kube_state_metrics`. */
export interface NamedOutput {
  readonly name: string;
}

/** A configuration in which everything was checked. */
export interface MusterConfig<Stanza, KubeState extends NamedOutput = never> {
  readonly store: StoreLocation;
  /** In the order of the file; none where the file has no scrape configs. */
  readonly jobs: readonly Job<Stanza>[];
  readonly kube_state_metrics: readonly KubeState[];
}

/** What the configuration has to know of a mechanism. */
export interface StanzaReader<Stanza> {
  /** Names its providers, as in `consul-0`. */
  readonly name: string;
  /** Key of its SD configs in a scrape config, as in `consul_sd_configs`. */
  readonly configKey: string;
  /** One SD config. */
  readonly schema: ZodType<Stanza>;
}
