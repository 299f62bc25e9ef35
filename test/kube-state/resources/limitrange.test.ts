import { describe, expect, test } from '@jest/globals';
import { limitRange } from '../../../lib/kube-state/resources/limitrange.ts';
import { linesOf } from './harness.ts';

const own = 'namespace="shop",limitrange="limits"';
const metadata = { name: 'limits', namespace: 'shop' };

function limit(resource: string, type: string, constraint: string, value: string): string {
  return `kube_limitrange{${own},resource="${resource}",type="${type}",constraint="${constraint}"} ${value}`;
}

test('each constraint of each type has a sample for each resource', async () => {
  const object = {
    metadata: { ...metadata, creationTimestamp: '2026-01-31T12:00:00Z' },
    spec: {
      limits: [
        {
          type: 'Container',
          max: { cpu: '2', memory: '1Gi' },
          min: { cpu: '10m' },
          default: { cpu: '500m', 'ephemeral-storage': '2G' },
          defaultRequest: { cpu: '100m' },
          maxLimitRequestRatio: { cpu: '10', memory: '1500m' },
        },
        { type: 'Pod', max: { cpu: '4' }, maxLimitRequestRatio: { memory: '2' } },
        { type: 'PersistentVolumeClaim', max: { storage: '1Ti' }, min: { storage: '1Gi' } },
        { type: 'openshift.io/Image', max: { storage: '1G' } },
        { type: 'openshift.io/ImageStream', max: { 'openshift.io/image-tags': '20' } },
      ],
    },
  };
  const lines = await linesOf(limitRange, object);
  expect(lines.toSorted()).toEqual(
    [
      limit('cpu', 'Container', 'max', '2'),
      limit('memory', 'Container', 'max', '1.073741824e+09'),
      limit('cpu', 'Container', 'min', '0.01'),
      limit('cpu', 'Container', 'default', '0.5'),
      limit('ephemeral-storage', 'Container', 'default', '2e+09'),
      limit('cpu', 'Container', 'defaultRequest', '0.1'),
      limit('cpu', 'Container', 'maxLimitRequestRatio', '10'),
      limit('memory', 'Container', 'maxLimitRequestRatio', '1.5'),
      limit('cpu', 'Pod', 'max', '4'),
      limit('memory', 'Pod', 'maxLimitRequestRatio', '2'),
      limit('storage', 'PersistentVolumeClaim', 'max', '1.099511627776e+12'),
      limit('storage', 'PersistentVolumeClaim', 'min', '1.073741824e+09'),
      limit('storage', 'openshift.io/Image', 'max', '1e+09'),
      limit('openshift.io/image-tags', 'openshift.io/ImageStream', 'max', '20'),
      `kube_limitrange_created{${own}} 1.7698608e+09`,
    ].toSorted(),
  );
});

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
