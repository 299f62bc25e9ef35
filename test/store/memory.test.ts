import { describe } from '@jest/globals';
import { createMemoryStore } from '../../lib/store/memory.ts';
import { describeContract } from './contract.ts';

describe('the memory store', () => {
  describeContract(async () => {
    const store = createMemoryStore();
    return () => store;
  });
});
