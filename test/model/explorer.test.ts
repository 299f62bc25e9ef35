import { describe, expect, test } from '@jest/globals';
import { type Exploration, explore } from './explore.ts';
import { protocolModel } from './protocol.ts';
import { allOn, type Budget, type Mechanisms } from './world.ts';

const quiet: Budget = {
  cycles: 2,
  together: 2,
  retirements: 0,
  lists: [],
  edits: 0,
  accepts: 0,
  crashes: 0,
  damages: 0,
  mirrors: true,
};

const ab = 0b011;
const bc = 0b110;
const none = 0;

/** What happens in each exploration, with how many shards. Each is small enough to be exhaustive. */
const settings: Readonly<Record<string, { readonly shards: 1 | 2; readonly budget: Budget }>> = {
  'two cycles, a crash, a changing backend': {
    shards: 2,
    budget: { ...quiet, lists: [bc, none], crashes: 1 },
  },
};
