import { describe, expect, test } from '@jest/globals';
import { namespace } from '../../../lib/kube-state/resources/namespace.ts';
import { linesOf } from './harness.ts';

const own = 'namespace="shop"';
const metadata = { name: 'shop' };

describe('its phase is one of two or neither', () => {
  test.each([
    [{ status: { phase: 'Active' } }, 1, 0],
    [{ status: { phase: 'Terminating' } }, 0, 1],
    [{ status: { phase: 'Frozen' } }, 0, 0],
    [{}, 0, 0],
  ])('%j', async (fields, active, terminating) => {
    expect(await linesOf(namespace, { metadata, ...fields })).toEqual([
      `kube_namespace_status_phase{${own},phase="Active"} ${active}`,
      `kube_namespace_status_phase{${own},phase="Terminating"} ${terminating}`,
    ]);
  });
});

test('of every condition its status is one of three or none', async () => {
  const conditions = [
    { type: 'NamespaceDeletionDiscoveryFailure', status: 'True' },
    { type: 'NamespaceDeletionContentFailure', status: 'False' },
    { type: 'NamespaceDeletionGroupVersionParsingFailure', status: 'Unknown' },
    { type: 'NamespaceFinalizersRemaining' },
    { type: 'Own', status: 'true' },
  ];
  const shown = [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
    [0, 0, 0],
    [0, 0, 0],
  ];
  const object = { metadata, status: { conditions } };
  expect(await linesOf(namespace, object, { families: ['kube_namespace_status_condition'] })).toEqual(
    conditions.flatMap(({ type }, index) =>
      ['true', 'false', 'unknown'].map(
        (status, column) =>
          `kube_namespace_status_condition{${own},condition="${type}",status="${status}"} ${shown[index]?.[column]}`,
      ),
    ),
  );
});
