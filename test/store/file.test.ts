import { describe } from '@jest/globals';
import { createFileStore } from '../../lib/store/folder/store.ts';
import { describeContract } from './contract.ts';
import { newFolder } from './folders.ts';

describe('the file store', () => {
  describeContract(async () => {
    const folder = await newFolder();
    return () => createFileStore(folder);
  });
});
