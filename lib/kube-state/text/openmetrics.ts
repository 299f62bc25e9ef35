import type { Described } from '../family.ts';
import { helpOf } from './write-family.ts';

/**
 * The header as OpenMetrics has it: a counter and an info are named without what their samples' names end in, and quotes
 * in the help are escaped. Where the samples are not what the type demands, the type is one that demands nothing.
 * Source: OpenMetrics 1.0.0, "MetricFamily" and "ABNF".
 */
export function openMetricsHeader(family: Described): string {
  const { name, type } = nameAndType(family);
  const help = helpOf(family).replace(/[\\\n"]/g, (character) => escapes[character] ?? character);
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`;
}

const escapes: Readonly<Record<string, string>> = { '\\': '\\\\', '\n': '\\n', '"': '\\"' };

/** What the names of all samples of a type end in, and those of families do not. */
const suffixes: Readonly<Record<string, string>> = { counter: '_total', info: '_info' };

function nameAndType(family: Described): { readonly name: string; readonly type: string } {
  const { name, type = 'gauge' }: { readonly name: string; readonly type?: string } = family;
  const suffix = suffixes[type];
  if (suffix !== undefined)
    return name.endsWith(suffix) && name !== suffix
      ? { name: name.slice(0, -suffix.length), type }
      : { name, type: 'unknown' };
  // Each state is a sample with a label of the family's own name.
  if (type === 'stateset' && !hasLabel(family, name)) return { name, type: 'gauge' };
  return { name, type };
}

function hasLabel(family: Described, label: string): boolean {
  return 'labels' in family && Array.isArray(family.labels) && family.labels.includes(label);
}
