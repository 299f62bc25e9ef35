import { describe, expect, test } from '@jest/globals';
import { groupsOf, groupsOfRows } from './variants.ts';

describe('texts that could be taken for others', () => {
  const node = (...children: readonly (readonly string[])[]) =>
    groupsOfRows([['Nodes', '1'], [' n', 'h:1'], ...children])[1]?.targets[0];
  const own = { __address__: 'h:8070', __meta_swarm_node_address: 'h:1', __meta_swarm_node_name: 'n' };

  test.each([
    ['', {}],
    ['a=', {}],
    ['a=1, b=2', { a: '1', b: '2' }],
    ['a=x, y, b=z', { a: 'x, y', b: 'z' }],
    ['a=b=c, d=e=f', { a: 'b=c', d: 'e=f' }],
    ['a=x,y=1', { a: 'x,y=1' }],
    ['a=x, two words=3', { a: 'x, two words=3' }],
    ['a=see http://x/?b=1, c=2', { a: 'see http://x/?b=1', c: '2' }],
    ['a=x, , b=2', { a: 'x, ', b: '2' }],
    ['odd key=1, b=2', { odd_key: '1', b: '2' }],
    ['com.example/a-b=1, com.example/a_b=2', { com_example_a_b: '2' }],
    [
      '__proto__=1, constructor=2',
      Object.fromEntries([
        ['__proto__', '1'],
        ['constructor', '2'],
      ]),
    ],
  ])('labels %j', (text, labels) => {
    const named = Object.entries(labels).map(([key, value]) => [`__meta_swarm_node_label_${key}`, value]);
    expect(node([' └ Labels', text])).toEqual({ ...own, ...Object.fromEntries(named) });
  });

  test.each([
    ['0 B / 1 B', '0', '1'],
    ['512 B / 1.5 KiB', '512', '1536'],
    ['1.234 GiB / 1.001 TiB', '1324997411', '1100611139404'],
    ['1023 MiB / 1024 MiB', '1072693248', '1073741824'],
    ['3.75GiB / 2.5 PiB', '4026531840', '2814749767106560'],
    ['7.999 EiB / 8 EiB', '9222219115350168961', '9223372036854775808'],
  ])('memory %j', (text, reserved, total) => {
    expect(node([' └ Reserved Memory', text])).toEqual({
      ...own,
      __meta_swarm_node_reserved_memory_bytes: reserved,
      __meta_swarm_node_total_memory_bytes: total,
    });
  });

  test.each([
    ['10.0.0.1:2375', '10.0.0.1:8070'],
    ['[fd00::1]:2375', '[fd00::1]:8070'],
    ['engine.example:80', 'engine.example:8070'],
    [' 10.0.0.1:2375 ', '10.0.0.1:8070'],
  ])('the address %j', (address, target) => {
    const [, nodes] = groupsOfRows([
      ['Nodes', '1'],
      [' n', address],
    ]);
    expect(nodes?.targets[0]?.__address__).toBe(target);
  });

  test('a node may be called as a row is', () => {
    const names = ['Nodes', 'Role', 'Status'];
    const [, nodes] = groupsOfRows([['Nodes', '3'], ...names.map((name) => [` ${name}`, 'h:1'])]);
    expect(nodes?.targets.map((target) => target.__meta_swarm_node_name)).toEqual(names);
  });

  test('the old field counts when the new one is empty', () => {
    const DriverStatus = [['\bNodes', '0']];
    for (const SystemStatus of [null, [], undefined])
      expect(groupsOf(JSON.stringify({ SystemStatus, DriverStatus }))[1]?.targets).toEqual([]);
  });
});
