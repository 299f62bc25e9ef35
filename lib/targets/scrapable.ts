import { addressLabel, type LabelSet } from './group.ts';

/**
 * Labels that begin with `__` and that Prometheus 3.14 reads of a target after its rules: where and how it is scraped.
 * Others are removed by then, or have no meaning. Source: prometheus/scrape, target.go and scrape.go.
 */
const readAfterRules: ReadonlySet<string> = new Set([
  addressLabel,
  '__scheme__',
  '__metrics_path__',
  '__scrape_interval__',
  '__scrape_timeout__',
  '__unix_socket__',
  '__convert_classic_histograms_to_nhcb__',
  '__always_scrape_classic_histograms__',
  '__scrape_native_histograms__',
]);

const parameterPrefix = '__param_';

/** Whether a label matters after the rules: it stays on the target, or says how to scrape it. */
export function outlivesRules(label: string): boolean {
  return !label.startsWith('__') || readAfterRules.has(label) || label.startsWith(parameterPrefix);
}

/**
 * Whether Prometheus refuses the address: one with a slash, as of a URL. Its older versions (2.24) then lose every
 * target that shares a group with it. Source: prometheus/config, CheckTargetAddress.
 */
export function isBadAddress({ [addressLabel]: address = '' }: LabelSet): boolean {
  return address.includes('/');
}

/** The targets of a listing that Prometheus cannot scrape as they are. */
type TargetFact =
  /** Left out, because its rules leave it without an address. */
  | 'addressless'
  /** Left out: its address is bad. */
  | 'refused'
  /** Published with a bad address, which rules of Prometheus may mend. */
  | 'bad';

/** Gets a fact about a target, with its address. */
export type NoteTarget = (fact: TargetFact, address: string) => void;
