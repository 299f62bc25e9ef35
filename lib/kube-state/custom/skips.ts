import type { Each } from './config.ts';
import type { Skip } from './family.ts';

/** Values without a sample, counted: a line for each of them would be a line for each object. */
export interface Skips {
  readonly add: (family: string, each: Each, ...why: Parameters<Skip>) => void;
  /** A line for each family and reason. */
  readonly lines: () => readonly string[];
}

export function countSkips(): Skips {
  const counts = new Map<string, number>();
  return {
    add(family, each, why) {
      const valueFrom = 'valueFrom' in each ? each.valueFrom : [];
      const line = `${family}: what is at [${[...each.path, ...valueFrom].join()}] is ${why} and has no sample`;
      counts.set(line, (counts.get(line) ?? 0) + 1);
    },
    lines: () => [...counts].map(([line, count]) => `${line} (${count} times)`),
  };
}
