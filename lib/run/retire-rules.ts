import type { MusterConfig, NamedOutput } from '../config/muster-config.ts';
import type { RetireRules } from '../cycle/leaving.ts';

/** When the providers of a configuration that leave it are retired. */
export function retireRulesOf({
  jobs,
  defaults,
  journal,
}: Pick<MusterConfig<unknown, NamedOutput>, 'jobs' | 'defaults' | 'journal'>): RetireRules {
  const byJob = new Map(jobs.map(({ name, retire_after }) => [name, retire_after]));
  return {
    guard: defaults.guard,
    keep: journal.keep,
    retireAfter: (job) => byJob.get(job) ?? defaults.retire_after,
  };
}
