import type { Described } from '../family.ts';
import { escapeHelp } from './escape.ts';

/** The two lines in front of a family's samples. */
export function familyHeader(family: Described): string {
  const { name, type = 'gauge' } = family;
  // The text format knows no other types: as kube-state-metrics does it, these are gauges there.
  const shown = type === 'info' || type === 'stateset' ? 'gauge' : type;
  return `# HELP ${name} ${escapeHelp(helpOf(family))}\n# TYPE ${name} ${shown}\n`;
}

/** The help text, with what it says of the family's stability. */
export function helpOf({ help, stable, deprecated }: Described): string {
  const stability = stable === true ? '[STABLE] ' : '';
  const since = deprecated === undefined ? '' : `(Deprecated since ${deprecated}) `;
  return `${stability}${since}${help}`;
}
