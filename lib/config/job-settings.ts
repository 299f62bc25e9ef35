import { parseDuration } from './duration.ts';
import { duration, durationShape, int, leaf, number, oneOf } from './fields.ts';
import type { JobSettings } from './muster-config.ts';
import { type SectionOf, section } from './section.ts';

/** Settings of a job that stand nowhere in the file. */
export const builtInSettings: JobSettings = {
  guard: { max_removed: 0.5, min_targets: 10, confirm_after: 900_000, confirm_empty_after: 3_600_000 },
  relabel: 'prometheus',
  labels: 'all',
  shards: 1,
  retire_after: 900_000,
};

const guardFields = {
  max_removed: number({ min: 0, max: 1 }).optional(),
  min_targets: int({ min: 0 }).optional(),
  // A number counted cycles once.
  confirm_after: leaf(
    'a duration such as 15m, not a number of cycles',
    longerThanZero,
    durationShape,
  ).optional(),
  confirm_empty_after: leaf(
    'a duration such as 1h, or never',
    (source) => (source === 'never' ? source : longerThanZero(source)),
    { anyOf: [durationShape, { enum: ['never'] }] },
  ).optional(),
};

const fields = {
  guard: section(guardFields).prefault({}),
  relabel: oneOf(['prometheus', 'publish']).optional(),
  labels: oneOf(['all', 'needed']).optional(),
  shards: int({ min: 1, max: 1000 }).optional(),
  deadline: duration().optional(),
  retire_after: duration(undefined, { zero: true }).optional(),
};

/** `muster:` of a job, and `defaults:` of the file. */
export const jobSettings = section(fields);

/** The settings with what is configured in `over` in their place. */
export function overrideSettings(settings: JobSettings, over: SectionOf<typeof fields>): JobSettings {
  const deadline = over.deadline ?? settings.deadline;
  return {
    guard: {
      max_removed: over.guard.max_removed ?? settings.guard.max_removed,
      min_targets: over.guard.min_targets ?? settings.guard.min_targets,
      confirm_after: over.guard.confirm_after ?? settings.guard.confirm_after,
      confirm_empty_after: over.guard.confirm_empty_after ?? settings.guard.confirm_empty_after,
    },
    relabel: over.relabel ?? settings.relabel,
    labels: over.labels ?? settings.labels,
    shards: over.shards ?? settings.shards,
    retire_after: over.retire_after ?? settings.retire_after,
    ...(deadline !== undefined && { deadline }),
  };
}

function longerThanZero(source: string): number | undefined {
  const milliseconds = parseDuration(source);
  return milliseconds === 0 ? undefined : milliseconds;
}
