import { cycleSteps, marked } from './cycle.ts';
import type { Model, Step } from './explore.ts';
import { mirrorSteps } from './mirror.ts';
import { beginRetirement, retirementSteps } from './retire.ts';
import {
  type Budget,
  etagOf,
  firstWorld,
  keyOf,
  type Manifest,
  newMark,
  otherThan,
  publishedIn,
  type Setting,
  showList,
  step,
  type World,
} from './world.ts';

/** The protocol with these mechanisms, in which so much happens. */
export function protocolModel(setting: Setting, budget: Budget): Model<World> {
  return {
    initial: firstWorld(setting, budget),
    steps: (world) => stepsOf(world, setting),
    key: keyOf,
    check: (world) =>
      missingPart(world) ??
      (isQuiet(world) ? whyNotHealed(world, setting, hasDied(world, setting, budget)) : undefined),
  };
}

function hasDied({ left }: World, { start }: Setting, budget: Budget): boolean {
  return left.crashes < budget.crashes || start === 'older left';
}

function stepsOf(world: World, setting: Setting): readonly Step<World>[] {
  return [
    ...world.cycles.flatMap((_, place) => cycleSteps(world, place, setting)),
    ...retirementSteps(world, setting),
    ...(world.left.mirrors ? mirrorSteps(world, setting) : []),
    ...operatorSteps(world),
    ...beginnings(world),
    ...surroundings(world, setting),
    ...crashes(world),
  ];
}

function beginnings(world: World): readonly Step<World>[] {
  const steps: Step<World>[] = [];
  const { left, configured, cycles, status, retirement, held, operator } = world;
  const own = cycles.filter(({ decision: decided }) => decided === undefined);
  const isFull = own.length + (retirement === undefined ? 0 : 1) >= left.together;
  if (configured && left.cycles > 0 && !isFull) steps.push(step('a cycle begins', beginCycle(world)));
  if (!configured && left.retirements > 0 && status !== undefined && retirement === undefined && !isFull)
    steps.push(step('the provider is found to have left', beginRetirement(world)));
  const [decision, ...decisions] = left.decisions;
  if (decision !== undefined && status !== undefined && !cycles.some((one) => one.decision !== undefined)) {
    const process = { name: 'O', at: 'status', layout: world.layout, decision };
    const next = { ...world, cycles: [...cycles, process], left: { ...left, decisions } };
    steps.push(step(`the operator begins to ${decision}`, next));
  }
  if (left.accepts > 0 && held !== undefined && operator === undefined) {
    const next = {
      ...world,
      operator: { held, version: world.journal.length },
      left: { ...left, accepts: left.accepts - 1 },
    };
    steps.push(step('the operator reads what is held', next));
  }
  return steps;
}

function beginCycle(world: World): World {
  const { cycles, left } = world;
  const name = cycles.some((one) => one.name === 'A') ? 'B' : 'A';
  return {
    ...world,
    cycles: [...cycles, { name, at: 'status', layout: world.layout }],
    left: { ...left, cycles: left.cycles - 1 },
  };
}

/** An acceptance is of what was read, and is made again where that has changed. */
function operatorSteps(world: World): readonly Step<World>[] {
  const { operator, held, accepted } = world;
  if (operator === undefined) return [];
  if (held === undefined) return [step('the operator finds nothing held', { ...world, operator: undefined })];
  if (held.mark !== operator.held.mark)
    return [step('the operator reads what is held', { ...world, operator: { ...operator, held } })];
  const going = marked(held);
  const rejectedAt = world.journal.at(-1)?.control?.rejectedAt ?? 0;
  const counts = operator.version >= rejectedAt ? going : 0;
  return [
    step(`the operator accepts that ${showList(going)} go`, {
      ...world,
      operator: undefined,
      held: { ...held, accepted: going, acceptedAt: operator.version, mark: newMark(world) },
      accepted: accepted | counts,
      unwanted: world.unwanted & ~counts,
    }),
  ];
}

function surroundings(world: World, setting: Setting): readonly Step<World>[] {
  const { left, configured, manifest, file, journal } = world;
  const published = file ?? manifest;
  const steps: Step<World>[] = [];
  const [list, ...lists] = left.lists;
  if (list !== undefined)
    steps.push(
      step(`the backend now has ${showList(list)}`, { ...world, backend: list, left: { ...left, lists } }),
    );
  if (left.edits > 0) {
    const label = configured ? 'the provider leaves the configuration' : 'the provider comes back';
    steps.push(step(label, { ...world, configured: !configured, left: { ...left, edits: left.edits - 1 } }));
  }
  if (left.pinEnds > 0 && !world.isPinOver && journal.at(-1)?.control?.pinned === true) {
    const after = { ...left, pinEnds: left.pinEnds - 1 };
    steps.push(step('the time of the pin passes', { ...world, isPinOver: true, left: after }));
  }
  const [layout, ...layouts] = left.layouts ?? [];
  if (layout !== undefined) {
    const label = layout === 1 ? 'the list is to be one file' : 'the list is to be in parts';
    steps.push(step(label, { ...world, layout, left: { ...left, layouts } }));
  }
  if (left.damages > 0 && published !== undefined) {
    const after = { ...left, damages: left.damages - 1 };
    const gone = published.form === 'file' ? { file: undefined } : { manifest: undefined };
    steps.push(step('the published file vanishes', { ...world, ...gone, left: after }));
    const version = published.version - 1;
    const old = journal[version - 1];
    if (setting.shards === 1 && old !== undefined) {
      const restored = { form: 'file', version, list: old.list, parts: [] } as const;
      steps.push(
        step(`the file of version ${version} is put back`, { ...world, file: restored, left: after }),
      );
    }
  }
  return steps;
}

/** A crash forgets what a process has read, wherever it stands. */
function crashes(world: World): readonly Step<World>[] {
  const { left, cycles, retirement, mirror, operator } = world;
  if (left.crashes === 0) return [];
  const after = { ...world, left: { ...left, crashes: left.crashes - 1 } };
  return [
    ...cycles.map(({ name }, place) =>
      step(`cycle ${name} dies`, { ...after, cycles: cycles.toSpliced(place, 1) }),
    ),
    ...(retirement ? [step('the retirement dies', { ...after, retirement: undefined })] : []),
    ...(mirror ? [step('the mirror dies', { ...after, mirror: undefined })] : []),
    ...(operator ? [step('the operator gives up', { ...after, operator: undefined })] : []),
  ];
}

/** A manifest that is older than the file beside it is one that nobody takes. */
function missingPart({ manifest, file, snapshot, parts }: World): string | undefined {
  const isThere = (name: string) => parts[name] !== undefined;
  const isTaken = (manifest?.version ?? 0) >= (file?.version ?? 0);
  if (isTaken && manifest?.parts.every(isThere) === false)
    return 'whoever reads a manifest finds all its parts';
  return snapshot.parts?.every(isThere) === false
    ? 'whoever reads a snapshot finds all its parts'
    : undefined;
}

function isQuiet({ cycles, retirement, mirror, operator }: World): boolean {
  return [...cycles, retirement, mirror, operator].every((one) => one === undefined);
}

/** One undisturbed run and one round of the mirror, then bucket and disk agree with the last committed list. */
function whyNotHealed(world: World, setting: Setting, isAfterDeath: boolean): string | undefined {
  const promise = 'after a crash at any point the next run heals';
  const { configured, status, left } = world;
  const alone = { ...world, left: { ...left, cycles: 1, retirements: 1 } };
  let next: World | string = alone;
  if (configured) next = runAlone(beginCycle(alone), (one) => cycleSteps(one, 0, setting));
  else if (status !== undefined)
    next = runAlone(beginRetirement(alone), (one) => retirementSteps(one, setting));
  if (typeof next !== 'string') next = runAlone(next, (one) => mirrorSteps(one, setting));
  if (typeof next === 'string') return next;
  const { disk, journal, snapshot, layout } = next;
  const published = publishedIn(layout, next);
  const other = publishedIn(otherThan(layout), next);
  // A pin keeps what left the configuration.
  if (!configured && journal.at(-1)?.control?.pinned === true && !next.isPinOver) return undefined;
  if (!configured)
    return published === undefined && other === undefined && disk === undefined ? undefined : promise;
  const version = journal.length;
  const list = journal.at(-1)?.list;
  const isGood =
    published?.version === version &&
    published.list === list &&
    isLeft(other, published, { before: world, isAfterDeath }) &&
    snapshot.version === version &&
    disk?.version === version &&
    disk.list === list &&
    next.status?.file === etagOf(published);
  return isGood ? undefined : promise;
}

/**
 * Whether the other layout is as it may be: gone where the run published something. Else a slow run may have left the
 * same list or, where one has died, an older one, which the next change removes: a quiet cycle does not look for it. No
 * reader takes it for the newest.
 */
function isLeft(
  other: Manifest | undefined,
  published: Manifest,
  { before, isAfterDeath }: { readonly before: World; readonly isAfterDeath: boolean },
): boolean {
  if (other === undefined) return true;
  if (etagOf(publishedIn(before.layout, before)) !== etagOf(published)) return false;
  return other.version < published.version
    ? isAfterDeath
    : other.version === published.version && other.list === published.list;
}

/** The world when this one process has come to its end, or the promise that it broke. */
function runAlone(world: World, steps: (world: World) => readonly Step<World>[]): World | string {
  let current = world;
  for (let count = 0; ; count++) {
    const [first] = steps(current);
    if (first === undefined) return current;
    if (count === 100) return 'a run ends';
    if (first.broken !== undefined) return first.broken;
    current = first.next;
  }
}
