import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe } from '@jest/globals';
import { createFileStore } from '../../lib/store/file.ts';
import { describeContract } from './contract.ts';

describe('the file store', () => {
  describeContract(async () => {
    const folder = await mkdtemp(join(tmpdir(), 'muster-store-'));
    return () => createFileStore(folder);
  });
});
