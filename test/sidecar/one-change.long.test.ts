import { expect, test } from '@jest/globals';
import { openScenario, targets } from '../cycle/scenario.ts';
import { cleanUpAfterEach, makeFolder, openTestFolder, round, visibleFiles } from './world.ts';

cleanUpAfterEach();

test('of 50,000 targets in one provider, one that changes reaches the disk with two blocks and a manifest', async () => {
  const { store, cycle } = openScenario({ shards: 2 });
  const path = await makeFolder();
  const folder = await openTestFolder(path);
  const list = (label: string) => [
    ...targets(0, 20_000),
    ...targets(20_000, 20_001, { label }),
    ...targets(20_001, 50_000),
  ];
  const fetched: number[] = [];
  for (const label of ['before', 'after']) {
    await cycle(list(label));
    fetched.push((await round(store, folder, { layout: 'job' })).bytes);
  }
  const [first = 0, change = 0] = fetched;
  const text = (await visibleFiles(path))['api/consul-0.json'] ?? '';
  expect([text.split('"after"').length - 1, text.split('"targets"').length - 1]).toEqual([1, 50_001]);
  expect({ first, change, isSmall: change < 50_000 && change < first / 5 }).toEqual({
    first,
    change,
    isSmall: true,
  });
});
