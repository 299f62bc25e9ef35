import { expect, test } from '@jest/globals';
import { pathOf } from '../../../lib/kube-state/custom/path.ts';

const foo = {
  metadata: { name: 'foo', 'a=b=c': 'whole', 'x=y': 'also whole' },
  spec: {
    order: [
      { id: 1, value: true },
      { id: 3, value: false },
    ],
    replicas: 1,
    nothing: null,
  },
  status: {
    conditions: [
      { name: 'a', value: 45 },
      { name: 'b', value: 66, ready: 'True' },
      { name: 'b', value: 67, ready: false },
      'no object',
    ],
  },
};

test.each<[readonly string[], unknown]>([
  [[], foo],
  [['spec', 'replicas'], 1],
  [['spec', 'order', '0', 'value'], true],
  [['spec', 'order', '-1', 'id'], 3],
  [['spec', 'order', '+1', 'id'], 3],
  [['spec', 'order', '2'], undefined],
  [['spec', 'order', '-3'], undefined],
  [['spec', 'order', 'id'], undefined],
  [['spec', 'nothing'], undefined],
  [['spec', 'nothing', 'at', 'all'], undefined],
  [['spec', 'replicas', '0'], undefined],
  [['spec', 'toString'], undefined],
  [['status', 'conditions', '[name=a]', 'value'], 45],
  [['status', 'conditions', '[value=66]', 'name'], 'b'],
  [['status', 'conditions', '[value=66.0]', 'name'], 'b'],
  // As a number, True is 1, and so is any other word for it.
  [['status', 'conditions', '[ready=yes]', 'value'], 66],
  [['status', 'conditions', '[ready=f]', 'value'], 67],
  [['status', 'conditions', '[name=c]', 'value'], undefined],
  [['status', '[conditions=a]'], undefined],
  [['metadata', 'name=foo'], 'foo'],
  [['metadata', 'name=bar'], undefined],
  [['metadata', 'a=b=c'], 'whole'],
  [['metadata', 'x=y'], 'also whole'],
])('%j finds %j', (steps, found) => {
  expect(pathOf(steps)(foo)).toEqual(found);
});
