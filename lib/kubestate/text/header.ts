import type { Described } from '../family.ts';
import { escapeHelp } from './escape.ts';

/** The two lines in front of a family's samples. */
export function familyHeader({ name, help, stable, deprecated, type = 'gauge' }: Described): string {
  const stability = stable === true ? '[STABLE] ' : '';
  const since = deprecated === undefined ? '' : `(Deprecated since ${deprecated}) `;
  return `# HELP ${name} ${stability}${since}${escapeHelp(help)}\n# TYPE ${name} ${type}\n`;
}
