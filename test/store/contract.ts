import { test } from '@jest/globals';
import { storeContract } from '../../lib/store/contract/contract.ts';
import type { MakePlace } from '../../lib/store/contract/probe.ts';

/** A test for each promise of every driver; see lib/store/store.ts. */
export function describeContract(makePlace: MakePlace): void {
  for (const { name, run } of storeContract(makePlace)) test(name, run);
}
