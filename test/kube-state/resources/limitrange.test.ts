import { describe, expect, test } from '@jest/globals';
import { limitRange } from '../../../lib/kube-state/resources/limitrange.ts';
import { linesOf } from './harness.ts';

const own = 'namespace="shop",limitrange="limits"';
const metadata = { name: 'limits', namespace: 'shop' };

function limit(resource: string, type: string, constraint: string, value: string): string {
  return `kube_limitrange{${own},resource="${resource}",type="${type}",constraint="${constraint}"} ${value}`;
}

describe('there is no sample', () => {
  test.each([
    ['without a spec', {}],
    ['without limits', { spec: { limits: [] } }],
    [
      'of a limit that constrains nothing',
      { spec: { limits: [{ type: 'Pod' }, { type: 'Container', max: {} }] } },
    ],
  ])('%s', async (_, fields) => {
    expect(await linesOf(limitRange, { metadata, ...fields })).toEqual([]);
  });
});

test('two limits of one type have their samples both', async () => {
  const spec = {
    limits: [
      { type: 'Pod', max: { cpu: '1' } },
      { type: 'Pod', max: { cpu: '2' } },
    ],
  };
  expect(await linesOf(limitRange, { metadata, spec })).toEqual([
    limit('cpu', 'Pod', 'max', '1'),
    limit('cpu', 'Pod', 'max', '2'),
  ]);
});
