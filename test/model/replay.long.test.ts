import { expect, test } from '@jest/globals';
import { repeats } from '../support/counts.ts';
import type { Step } from './explore.ts';
import { protocolModel } from './protocol.ts';
import { bucketOf, openReplay } from './replay.ts';
import { allOn, type Budget, type Layout, type World } from './world.ts';

const budget: Budget = {
  cycles: 3,
  together: 2,
  retirements: 0,
  lists: [0b111, 0b110],
  edits: 0,
  accepts: 0,
  decisions: [],
  pinEnds: 0,
  crashes: 1,
  damages: 0,
  mirrors: false,
};

const leaving: Budget = { ...budget, retirements: 1, edits: 2 };

/** What can happen, and how often: each schedule is one random way through it. */
const situations: readonly (readonly [string, Layout, Budget])[] = [
  ['cycles of one file', 1, budget],
  ['cycles of a list in parts', 2, budget],
  ['one file that becomes a list in parts', 1, { ...budget, layouts: [2] }],
  ['a list in parts that becomes one file', 2, { ...budget, layouts: [1] }],
  ['a retirement of one file', 1, leaving],
  ['a retirement of a list in parts', 2, leaving],
];

/** A small generator of numbers from 0 to below 1, the same for the same seed. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

test.each(situations)(
  'the code does what the model does, in any order of its steps: %s',
  async (_, shards, left) => {
    const setting = { ...allOn, shards, gateOpen: true, staysYoung: true };
    const model = protocolModel(setting, left);
    for (let seed = 1; seed <= repeats(50); seed++) {
      const random = randomOf(seed);
      const replay = await openReplay(shards);
      const trace: string[] = [];
      let world = model.initial;
      for (;;) {
        const steps = model.steps(world).filter(isPlayed);
        const step: Step<World> | undefined = steps[Math.floor(random() * steps.length)];
        if (step === undefined) break;
        trace.push(step.label);
        await replay.follow(world, step);
        world = step.next;
      }
      expect({ seed, trace, ...(await replay.bucket()) }).toEqual({ seed, trace, ...bucketOf(world) });
    }
  },
  120_000,
);

/** An hour does not pass. */
function isPlayed({ label }: Step<World>): boolean {
  return !label.includes('no longer names');
}
