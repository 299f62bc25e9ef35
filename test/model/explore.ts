/** Something that can happen next: a step to another state, or one that breaks a promise. */
export interface Step<S> {
  /** Who does what, for a trace. */
  readonly label: string;
  readonly next: S;
  /** The promise that the step breaks. */
  readonly broken?: string | undefined;
}

/** A system whose every state can be told from the others by its text. */
export interface Model<S> {
  readonly initial: S;
  /** Everything that can happen in a state. */
  steps(state: S): readonly Step<S>[];
  /** The same text for states that behave the same. */
  key(state: S): string;
  /** The promise that the state breaks, if it breaks one. */
  check(state: S): string | undefined;
}

/** A promise that was broken, and the shortest way there. */
interface Violation {
  readonly promise: string;
  readonly trace: readonly string[];
}

/** What an exploration came to. */
export interface Exploration {
  readonly states: number;
  readonly transitions: number;
  readonly violation: Violation | undefined;
}

interface Visited<S> {
  readonly state: S;
  readonly label: string;
  /** Place of the state that it was reached from; -1 for the first. */
  readonly from: number;
}

/**
 * Visits every reachable state once, the nearest ones first, and ends at the first broken promise. Throws where there
 * are more than `most` states: an exploration that is not exhaustive proves nothing.
 */
export function explore<S>(model: Model<S>, most = 1_000_000): Exploration {
  const visited: Visited<S>[] = [{ state: model.initial, label: '', from: -1 }];
  const known = new Set([model.key(model.initial)]);
  let transitions = 0;
  const end = (violation?: Violation): Exploration => ({ states: visited.length, transitions, violation });
  for (let place = 0; place < visited.length; place++) {
    const current = visited[place];
    if (current === undefined) break;
    const promise = model.check(current.state);
    if (promise !== undefined) return end({ promise, trace: traceTo(visited, place) });
    for (const { label, next, broken } of model.steps(current.state)) {
      transitions++;
      if (broken !== undefined) return end({ promise: broken, trace: [...traceTo(visited, place), label] });
      const key = model.key(next);
      if (known.has(key)) continue;
      if (known.size >= most) throw new Error(`more than ${most} states`);
      known.add(key);
      visited.push({ state: next, label, from: place });
    }
  }
  return end();
}

function traceTo<S>(visited: readonly Visited<S>[], place: number): readonly string[] {
  const labels: string[] = [];
  for (let at = visited[place]; at !== undefined && at.from >= 0; at = visited[at.from])
    labels.push(at.label);
  return labels.reverse();
}
