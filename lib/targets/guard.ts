/** When removals from a list wait: `guard` in the configuration. Durations are in milliseconds. */
export interface Guard {
  /** Share of the targets, 0 to 1, that may go within `confirm_after`. */
  readonly max_removed: number;
  /** Below this many targets only the loss of all of them is held. */
  readonly min_targets: number;
  /** How long a held target must have been missing from complete listings before it leaves. */
  readonly confirm_after: number;
  /** The same if no target would be left. `never` waits for an operator. */
  readonly confirm_empty_after: number | 'never';
}

/** Whether a list of `count` targets loses more than the guard allows at once. A short list never does. */
export function losesTooMany(
  lost: number,
  count: number,
  { max_removed, min_targets }: Pick<Guard, 'max_removed' | 'min_targets'>,
): boolean {
  return count >= min_targets && lost > max_removed * count;
}
