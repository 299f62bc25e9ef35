import { describe, expect, test } from '@jest/globals';
import { samplesOf } from './rendering.ts';

/** An object with this status. */
function foo(status: unknown) {
  return { metadata: { name: 'foo', namespace: 'default', uid: 'f00' }, status };
}

const path = ['status'];

describe('a gauge', () => {
  const samples = (gauge: object, status: unknown) =>
    samplesOf({ type: 'Gauge', gauge: { path, ...gauge } }, [foo(status)]);

  test('of a list has a sample for each item that is a number', async () => {
    const status = [{ v: 1, n: 'a' }, { v: 'x', n: 'b' }, { n: 'c' }, { v: '50%', n: 'd' }, 7];
    const gauge = { labelsFromPath: { n: ['n'] }, valueFrom: ['v'] };
    expect(await samples(gauge, status)).toEqual(['x{n="a"} 1', 'x{n="d"} 0.5']);
  });

  test('of a list can take nothing for zero', async () => {
    const gauge = { labelsFromPath: { n: ['n'] }, valueFrom: ['v'], nilIsZero: true };
    expect(await samples(gauge, [{ v: 1, n: 'a' }, { v: null, n: 'b' }, { n: 'c' }])).toEqual([
      'x{n="a"} 1',
      'x{n="b"} 0',
      'x{n="c"} 0',
    ]);
  });

  test('of an object has a sample for each key', async () => {
    const gauge = { labelFromKey: 'key' };
    expect(await samples(gauge, { b: 2, a: true, c: 'no number', d: null, e: [1] })).toEqual([
      'x{key="a"} 1',
      'x{key="b"} 2',
    ]);
  });

  test('of an object finds its value in each of them, or at the key of that name', async () => {
    const gauge = { labelFromKey: 'key', valueFrom: ['ready'] };
    expect(await samples(gauge, { a: { ready: 2 }, b: { active: 1 }, ready: '3', other: 4 })).toEqual([
      'x{key="a"} 2',
      'x{key="ready"} 3',
    ]);
  });

  test('of an object finds labels in each value and in the object', async () => {
    const gauge = { labelFromKey: 'key', labelsFromPath: { in: ['in'], over: ['over'] }, valueFrom: ['v'] };
    const status = { a: { v: 1, in: 'a', over: 'a' }, over: 'all', b: { v: 2 } };
    expect(await samples(gauge, status)).toEqual([
      'x{in="a",key="a",over="all"} 1',
      'x{key="b",over="all"} 2',
    ]);
  });

  test('with a path for its labels that meets the label of the key has that of the path', async () => {
    const gauge = { labelFromKey: 'key', labelsFromPath: { key: ['name'] }, valueFrom: ['v'] };
    expect(await samples(gauge, { a: { v: 1, name: 'own' } })).toEqual(['x{key="own"} 1']);
  });

  test.each<[unknown, object, readonly string[]]>([
    ['2h', {}, []],
    [undefined, {}, []],
    [undefined, { nilIsZero: true }, ['x{} 0']],
    [null, { nilIsZero: true }, ['x{} 0']],
    [5, { valueFrom: ['v'] }, []],
    [5, { valueFrom: ['v'], nilIsZero: true }, ['x{} 0']],
    [{}, { nilIsZero: true }, []],
    [[], { nilIsZero: true }, []],
    [1e9, {}, ['x{} 1e+09']],
  ])('of %j with %j is %j', async (status, gauge, lines) => {
    expect(await samples(gauge, status)).toEqual(lines);
  });
});

describe('an info', () => {
  const samples = (info: object, status: unknown) =>
    samplesOf({ type: 'info', info: { path, ...info } }, [foo(status)]);

  test('of an object has a sample for each value with labels, and one for the object', async () => {
    const info = { labelsFromPath: { name: ['name'] } };
    expect(await samples(info, { name: 'all', a: { name: 'one' }, b: { other: 1 } })).toEqual([
      'x{name="all"} 1',
      'x{name="one"} 1',
    ]);
  });

  test('of an object can have the keys for a label', async () => {
    const info = { labelFromKey: 'key', labelsFromPath: { name: ['name'] } };
    expect(await samples(info, { b: null, a: { name: 'one' } })).toEqual([
      'x{key="a",name="one"} 1',
      'x{key="b"} 1',
    ]);
  });

  test.each<[unknown, readonly string[]]>([
    [
      ['b', null, 'a', 1, true],
      ['x{v="1"} 1', 'x{v="a"} 1', 'x{v="b"} 1', 'x{v="true"} 1'],
    ],
    ['text', ['x{v="text"} 1']],
    [null, []],
    [undefined, []],
    [[], []],
  ])('of %j is %j', async (status, lines) => {
    expect(await samples({ labelsFromPath: { v: [] } }, status)).toEqual(lines);
  });
});

describe('a state set', () => {
  const samples = (stateSet: object, status: unknown) =>
    samplesOf({ type: 'STATESET', stateSet: { path, labelName: 's', list: ['on', 'off'], ...stateSet } }, [
      foo(status),
    ]);

  test('of a list has the states of each item', async () => {
    const stateSet = { labelsFromPath: { n: ['n'] }, valueFrom: ['v'] };
    const status = [{ n: 'a', v: 'on' }, { n: 'b', v: 'broken' }, { n: 'c' }, { n: 'd', v: 1 }];
    expect(await samples(stateSet, status)).toEqual([
      'x{n="a",s="off"} 0',
      'x{n="a",s="on"} 1',
      'x{n="b",s="off"} 0',
      'x{n="b",s="on"} 0',
    ]);
  });

  test.each<[unknown, readonly string[]]>([
    ['off', ['x{s="off"} 1', 'x{s="on"} 0']],
    [true, []],
    [{ on: true }, []],
    [undefined, []],
  ])('of %j is %j', async (status, lines) => {
    expect(await samples({}, status)).toEqual(lines);
  });
});
