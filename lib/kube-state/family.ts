/** What every family says of itself. Source: kube-state-metrics, internal/store and docs/metrics. */
export interface Described {
  readonly name: string;
  readonly help: string;
  /** Default: gauge. */
  readonly type?: 'gauge' | 'counter' | 'info' | 'stateset';
  /** Its name, type and labels are promised not to change; the help text says so. */
  readonly stable?: true;
  /** Written only where `metric_opt_in_list` names it. */
  readonly optIn?: true;
  /** The version of kube-state-metrics since which it should not be used any more. */
  readonly deprecated?: string;
}

/** One sample: its value, and the values of the family's own labels in their order. */
export type Add = (value: number, ...labels: readonly string[]) => void;

/** At most one sample of an object, without labels of its own. */
export interface ValueFamily<T> extends Described {
  readonly value: (object: T) => number | undefined;
}

/** Any number of samples of an object. */
export interface SampleFamily<T> extends Described {
  readonly labels: readonly string[];
  readonly samples: (object: T, add: Add) => void;
}

/** One sample with a label for each entry of a map, as in `kube_pod_labels`. */
export interface MapFamily<T> extends Described {
  /** In front of each label's name. */
  readonly prefix: string;
  /** Keys and values in turn. */
  readonly map: (object: T) => readonly string[];
  /** Which entries: those that an option allows, or all. */
  readonly allowed: 'labels' | 'annotations' | 'all';
}

/** Samples whose labels differ from one to the next. */
export interface LabelledFamily<T> extends Described {
  readonly labelled: (object: T) => readonly LabelledSample[];
}

interface LabelledSample {
  readonly labels: readonly (readonly [name: string, value: string])[];
  readonly value: number;
}

/** A metric family: how samples are made of an object. */
export type Family<T> = ValueFamily<T> | SampleFamily<T> | MapFamily<T> | LabelledFamily<T>;
