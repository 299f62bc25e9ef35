import { formatDuration } from '../config/duration.ts';
import { acceptRetiredCommand, retireCommand } from '../discovery/hints.ts';
import type { LeavingProvider } from '../discovery/leaving.ts';
import { counted } from './output.ts';
import { printable } from './table.ts';

/** What becomes of a provider that left the configuration, in a line; `verb` is `retired` or `would be retired`. */
export function leavingText(one: LeavingProvider, verb: 'retired' | 'would be retired'): string {
  const { job, provider, targets, state, wait, reason } = one;
  const name = `${printable(`${job}/${provider}`)} (${counted(targets, 'target')})`;
  if (state === 'due') return `${name}: ${verb}, ${reason}\n`;
  if (state === 'held') return `${name}: not retired: ${reason}; "${acceptRetiredCommand}" lets it go\n`;
  const left = formatDuration(Math.ceil(wait / 1000) * 1000);
  return `${name}: ${reason}, is retired in ${left}; "${printable(retireCommand({ job, provider }))}" does it now\n`;
}
