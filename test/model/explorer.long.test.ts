import { describe, expect, test } from '@jest/globals';
import { repeats } from '../support/counts.ts';
import { type Exploration, explore } from './explore.ts';
import { protocolModel } from './protocol.ts';
import { allOn, type Budget, type Mechanisms, type Setting } from './world.ts';

/** One run at a time, on a backend that stays as it is. */
const quiet: Budget = {
  cycles: 2,
  together: 1,
  retirements: 0,
  lists: [],
  edits: 0,
  accepts: 0,
  decisions: [],
  pinEnds: 0,
  crashes: 0,
  damages: 0,
  mirrors: true,
};

const ab = 0b011;
const bc = 0b110;
const abc = 0b111;
const none = 0;

/** What may happen, in every order. Each is small enough to be followed to its end. */
const situations = {
  'two cycles at once, a backend that changes and falls silent, a crash, a mirror': {
    shards: 2,
    budget: { ...quiet, together: 2, lists: [bc, none], crashes: 1 },
  },
  'two cycles at once, with one plain file': {
    shards: 1,
    budget: { ...quiet, together: 2, lists: [bc, none], crashes: 1 },
  },
  'a retirement beside a cycle of the provider that comes back, a crash, a mirror': {
    shards: 2,
    budget: { ...quiet, together: 2, retirements: 1, edits: 2, crashes: 1 },
  },
  'the same with one plain file': {
    shards: 1,
    budget: { ...quiet, together: 2, retirements: 1, edits: 2, crashes: 1, mirrors: false },
  },
  'the same with a second retirement': {
    shards: 1,
    budget: { ...quiet, together: 2, retirements: 2, edits: 3, mirrors: false },
  },
  'an acceptance beside two of three cycles, a backend that falls further': {
    shards: 1,
    budget: { ...quiet, cycles: 3, together: 2, lists: [bc, none], accepts: 1, mirrors: false },
  },
  'a cycle, a retirement, an acceptance, a change of the configuration and of the backend, a crash': {
    shards: 2,
    budget: { ...quiet, retirements: 1, edits: 2, lists: [bc], accepts: 1, crashes: 1 },
  },
  'targets that come back and go again between crashes': {
    shards: 1,
    budget: { ...quiet, cycles: 4, lists: [bc, ab, bc], crashes: 2, mirrors: false },
  },
  'a published file that vanishes or is put back to an older one, a retirement, a crash': {
    shards: 1,
    budget: { ...quiet, retirements: 1, edits: 2, lists: [bc], damages: 1, crashes: 1 },
  },
  'a rollback that is pinned and unpinned beside two cycles, a backend that changes, a crash': {
    shards: 1,
    budget: { ...quiet, lists: [bc], decisions: ['rollback and pin', 'unpin'], crashes: 1, mirrors: false },
  },
  'a pin beside two cycles at once, whose time passes': {
    shards: 1,
    budget: { ...quiet, together: 2, lists: [bc], decisions: ['pin'], pinEnds: 1, mirrors: false },
  },
  'a pin beside a retirement, whose time passes, a crash': {
    shards: 1,
    budget: {
      ...quiet,
      retirements: 1,
      edits: 1,
      decisions: ['pin'],
      pinEnds: 1,
      crashes: 1,
      mirrors: false,
    },
  },
  'a rejection and an acceptance beside three cycles, targets that come back': {
    shards: 1,
    budget: { ...quiet, cycles: 3, lists: [bc, ab], accepts: 1, decisions: ['reject'], mirrors: false },
  },
  'a rollback between three cycles, targets that come and go, a crash': {
    shards: 1,
    budget: { ...quiet, cycles: 3, lists: [abc, bc], decisions: ['rollback'], crashes: 1, mirrors: false },
  },
  'a pin in two parts beside two cycles, a backend that grows, a crash': {
    shards: 2,
    budget: { ...quiet, lists: [abc], decisions: ['pin'], crashes: 1, mirrors: false },
  },
  'a pinned rollback in two parts beside two cycles, a backend that changes': {
    shards: 2,
    budget: { ...quiet, lists: [bc], decisions: ['rollback and pin'], mirrors: false },
  },
  'a pinned rollback in two parts, a mirror': {
    shards: 2,
    budget: { ...quiet, lists: [bc], decisions: ['rollback and pin'], pinEnds: 1 },
  },
  'a list in parts that becomes one file, beside a cycle of before, a backend that changes, a crash': {
    shards: 2,
    budget: { ...quiet, together: 2, layouts: [1], lists: [bc], crashes: 1, mirrors: false },
  },
  'one file that becomes a list in parts, beside a cycle of before, a backend that changes, a crash': {
    shards: 1,
    budget: { ...quiet, together: 2, layouts: [2], lists: [bc], crashes: 1, mirrors: false },
  },
  'a list that changes its layout, beside a retirement': {
    shards: 2,
    budget: { ...quiet, together: 2, layouts: [1], retirements: 1, edits: 1, mirrors: false },
  },
  'a pin of what becomes one file beside a cycle of before, where nothing dies': {
    shards: 2,
    budget: { ...quiet, cycles: 1, layouts: [1], lists: [abc], decisions: ['pin'], mirrors: false },
  },
  'a list in parts that becomes one file beside two cycles of before, where nothing dies': {
    ...{ shards: 2, staysYoung: true },
    budget: { ...quiet, cycles: 3, together: 2, layouts: [1], lists: [bc], mirrors: false },
  },
  'a list in parts that vanishes, a run that publishes it beside a retirement': {
    shards: 2,
    budget: { ...quiet, cycles: 1, together: 2, retirements: 1, edits: 1, damages: 1 },
  },
  'files of both layouts at first, to become one file, a crash, a mirror': {
    ...{ shards: 1, start: 'both layouts' },
    budget: { ...quiet, lists: [bc], crashes: 1 },
  },
  'files of both layouts at first, to be in parts, a crash, a mirror': {
    ...{ shards: 2, start: 'both layouts' },
    budget: { ...quiet, lists: [bc], crashes: 1 },
  },
  'one file beside an older list in parts that was left, a mirror': {
    ...{ shards: 1, start: 'older left' },
    budget: { ...quiet, lists: [bc], crashes: 1 },
  },
  'parts of the form before blocks at first, a crash, a mirror': {
    ...{ shards: 2, start: 'old parts' },
    budget: { ...quiet, lists: [bc], crashes: 1 },
  },
  'parts of the form before blocks at first, to become one file, two cycles at once, a crash, a mirror': {
    ...{ shards: 1, start: 'old parts' },
    budget: { ...quiet, together: 2, lists: [bc], crashes: 1 },
  },
} satisfies Record<string, Situated>;

interface Situated {
  readonly shards: Setting['shards'];
  readonly start?: Setting['start'];
  readonly staysYoung?: boolean;
  readonly budget: Budget;
}

/** What takes half a minute each: followed where a release has to outlive more, with MUSTER_SCALE=5. */
const large: Readonly<Record<string, Situated>> = {
  'a list in parts that becomes one file, with a mirror': {
    shards: 2,
    budget: { ...quiet, together: 2, layouts: [1], lists: [bc], crashes: 1 },
  },
  'one file that becomes a list in parts, with a mirror': {
    shards: 1,
    budget: { ...quiet, together: 2, layouts: [2], lists: [bc], crashes: 1 },
  },
  'one file that becomes a list in parts beside two cycles of before, where nothing dies': {
    shards: 1,
    budget: { ...quiet, cycles: 3, together: 2, layouts: [2], lists: [bc], mirrors: false },
  },
  'one file that becomes a list in parts and one file again': {
    shards: 1,
    budget: { ...quiet, together: 2, layouts: [2, 1], lists: [bc], mirrors: false },
  },
  'parts of the form before blocks at first, two cycles at once': {
    ...{ shards: 2, start: 'old parts' },
    budget: { ...quiet, together: 2, lists: [bc], crashes: 1 },
  },
  'files of both layouts at first, two cycles at once': {
    ...{ shards: 2, start: 'both layouts' },
    budget: { ...quiet, together: 2, lists: [bc], crashes: 1 },
  },
};

type Situation = keyof typeof situations;

function run(situation: Situation, off: Partial<Mechanisms> = {}): Exploration {
  return runOne(situations[situation], off);
}

function runOne({ shards, start, staysYoung, budget }: Situated, off: Partial<Mechanisms> = {}): Exploration {
  // A retirement has enough to meet.
  const looksOften = budget.retirements === 0 && (start ?? budget.layouts) !== undefined;
  const setting: Setting = { ...allOn, ...off, shards, start, looksOften, staysYoung };
  return explore(protocolModel(setting, budget), 3_000_000);
}

/** What is lost without each mechanism, and where it shows. */
const mechanisms: readonly (readonly [keyof Mechanisms, Situation, string])[] = [
  ['createOnlyJournal', 'two cycles at once, with one plain file', 'each version is in the journal once'],
  [
    'fence',
    'two cycles at once, a backend that changes and falls silent, a crash, a mirror',
    'no list goes back in version',
  ],
  [
    'partsFirst',
    'two cycles at once, a backend that changes and falls silent, a crash, a mirror',
    'whoever reads a snapshot finds all its parts',
  ],
  ['immutableParts', 'a pinned rollback in two parts, a mirror', 'a mirrored list is one committed version'],
  [
    'keptAsNamed',
    'a pinned rollback in two parts beside two cycles, a backend that changes',
    'whoever reads a snapshot finds all its parts',
  ],
  [
    'clearedWhenWhole',
    'a pin in two parts beside two cycles, a backend that grows, a crash',
    'whoever reads a manifest finds all its parts',
  ],
  [
    'tombstone',
    'a published file that vanishes or is put back to an older one, a retirement, a crash',
    'a file is removed only for a tombstone of a higher version',
  ],
  [
    'comparedVersions',
    'a published file that vanishes or is put back to an older one, a retirement, a crash',
    'no list goes back in version',
  ],
  [
    'memoryPerTarget',
    'an acceptance beside two of three cycles, a backend that falls further',
    'no target leaves by accident (b,c)',
  ],
  [
    'memoryOfVersion',
    'targets that come back and go again between crashes',
    'no target leaves by accident (a)',
  ],
  [
    'conditionalDelete',
    'the same with one plain file',
    'a stalled retirement deletes no file that came after it',
  ],
  [
    'retiredStay',
    'a list in parts that vanishes, a run that publishes it beside a retirement',
    'whoever reads a manifest finds all its parts',
  ],
  [
    'announced',
    'a retirement beside a cycle of the provider that comes back, a crash, a mirror',
    'after a crash at any point the next run heals',
  ],
];

const layouts: typeof mechanisms = [
  [
    'otherRemoved',
    'files of both layouts at first, to become one file, a crash, a mirror',
    'after a crash at any point the next run heals',
  ],
  [
    'otherFenced',
    'a list in parts that becomes one file, beside a cycle of before, a backend that changes, a crash',
    'no list goes back in version',
  ],
  [
    'lateTakenBack',
    'a pin of what becomes one file beside a cycle of before, where nothing dies',
    'after a crash at any point the next run heals',
  ],
  [
    'higherTaken',
    'one file beside an older list in parts that was left, a mirror',
    'after a crash at any point the next run heals',
  ],
  [
    'clearedInForm',
    'a list in parts that becomes one file, beside a cycle of before, a backend that changes, a crash',
    'whoever reads a manifest finds all its parts',
  ],
  [
    'clearedAfter',
    'a list in parts that becomes one file beside two cycles of before, where nothing dies',
    'whoever reads a snapshot finds all its parts',
  ],
  [
    'youngStay',
    'a list in parts that becomes one file, beside a cycle of before, a backend that changes, a crash',
    'whoever reads a snapshot finds all its parts',
  ],
  [
    'beforeStays',
    'parts of the form before blocks at first, to become one file, two cycles at once, a crash, a mirror',
    'whoever reads a manifest finds all its parts',
  ],
];

const decisions: typeof mechanisms = [
  ['pinIsVersion', 'a pin beside two cycles at once, whose time passes', 'a pinned list stays as it is'],
  [
    'pinStopsRetirement',
    'a pin beside a retirement, whose time passes, a crash',
    'a pinned list stays as it is',
  ],
  [
    'laterWordCounts',
    'a rejection and an acceptance beside three cycles, targets that come back',
    'what was rejected stays',
  ],
  [
    'rollbackForgets',
    'a rollback between three cycles, targets that come and go, a crash',
    'no target leaves by accident (a)',
  ],
];

const minute = 60_000;

describe('the protocol of the bucket, in every order of its steps', () => {
  test(
    'no promise is broken, whatever dies wherever',
    () => {
      let [states, transitions] = [0, 0];
      const all: Readonly<Record<string, Situated>> =
        repeats(1) < 5 ? situations : { ...situations, ...large };
      for (const [situation, one] of Object.entries(all)) {
        const explored = runOne(one);
        expect({ situation, broken: explored.violation }).toEqual({ situation, broken: undefined });
        states += explored.states;
        transitions += explored.transitions;
        print(`${situation}: ${explored.states} states, ${explored.transitions} transitions`);
      }
      print(`all: ${states} states, ${transitions} transitions, 0 violations`);
    },
    4 * minute * Math.max(1, repeats(1)),
  );

  test.each([...mechanisms, ...layouts, ...decisions])(
    'without %s a promise is broken',
    (mechanism, situation, promise) => {
      const { violation } = run(situation, { [mechanism]: false });
      print(`without ${mechanism}: ${violation?.promise}\n  ${violation?.trace.join('\n  ')}`);
      expect(violation?.promise).toBe(promise);
    },
    2 * minute,
  );

  test('every mechanism is switched off once', () => {
    expect([...mechanisms, ...layouts, ...decisions].map(([mechanism]) => mechanism).sort()).toEqual(
      Object.keys(allOn).sort(),
    );
  });
});

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
