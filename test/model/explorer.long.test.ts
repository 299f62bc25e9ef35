import { describe, expect, test } from '@jest/globals';
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
} satisfies Record<string, { readonly shards: 1 | 2; readonly budget: Budget }>;

type Situation = keyof typeof situations;

function run(situation: Situation, off: Partial<Mechanisms> = {}): Exploration {
  const { shards, budget } = situations[situation];
  const setting: Setting = { ...allOn, ...off, shards };
  return explore(protocolModel(setting, budget), 300_000);
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
    'announced',
    'a retirement beside a cycle of the provider that comes back, a crash, a mirror',
    'after a crash at any point the next run heals',
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
      for (const situation of Object.keys(situations)) {
        if (!isSituation(situation)) continue;
        const explored = run(situation);
        expect({ situation, broken: explored.violation }).toEqual({ situation, broken: undefined });
        states += explored.states;
        transitions += explored.transitions;
        print(`${situation}: ${explored.states} states, ${explored.transitions} transitions`);
      }
      print(`all: ${states} states, ${transitions} transitions, 0 violations`);
    },
    4 * minute,
  );

  test.each([...mechanisms, ...decisions])(
    'without %s a promise is broken',
    (mechanism, situation, promise) => {
      const { violation } = run(situation, { [mechanism]: false });
      print(`without ${mechanism}: ${violation?.promise}\n  ${violation?.trace.join('\n  ')}`);
      expect(violation?.promise).toBe(promise);
    },
    2 * minute,
  );

  test('every mechanism is switched off once', () => {
    expect([...mechanisms, ...decisions].map(([mechanism]) => mechanism).sort()).toEqual(
      Object.keys(allOn).sort(),
    );
  });
});

function isSituation(name: string): name is Situation {
  return Object.hasOwn(situations, name);
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
