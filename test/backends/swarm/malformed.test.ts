import { describe, expect, test } from '@jest/globals';
import { MusterError } from '../../../lib/base/errors.ts';
import type { Random } from '../../../lib/sim/random.ts';
import { type SwarmRow, type SwarmStyle, swarmRows } from '../../sim/swarm-rows.ts';
import { makeSwarmWorld } from '../../sim/swarm-world.ts';
import { groupsOfRows, makeVariant, variants } from './variants.ts';

describe('a text that is not as Swarm writes it is refused, and the row is named', () => {
  /** What is done to one row; the row's name without marks. */
  const damages: readonly (readonly [row: string, text: string, says: string])[] = [
    ['Nodes', 'many', '(Nodes): must be a number'],
    ['Nodes', '-1', '(Nodes): must be a number'],
    ['Nodes', '100', '(Nodes): says 100, but '],
    ['Containers', 'eight', 'must be a number, or "3 (1 Running'],
    ['Containers', '8 (8 Running)', 'must be a number, or "3 (1 Running'],
    ['Reserved CPUs', '12', 'must be two numbers'],
    ['Reserved CPUs', '12 / 25 / 3', 'must be two numbers'],
    ['Reserved CPUs', '1.5 / 25', 'must be two numbers'],
    ['Reserved Memory', '3 GB / 4 GB', 'must be two sizes'],
    ['Reserved Memory', '3 GiB', 'must be two sizes'],
    ['Reserved Memory', 'NaN GiB / 4 GiB', 'must be two sizes'],
    ['Labels', 'none at all', 'must be labels'],
    ['Labels', '=value', 'must be labels'],
    ['UpdatedAt', 'a minute ago', 'must be a time'],
    ['UpdatedAt', '2016-13-41T09:22:57Z', 'must be a time'],
    ['address', 'node-1', 'must be host:port'],
    ['address', '10.0.0.1:0', 'must be host:port'],
    ['address', '10.0.0.1:65536', 'must be host:port'],
    ['address', 'fd00::1:2375', 'must be host:port'],
    ['address', 'two words:2375', 'must be host:port'],
    ['address', '', 'must be host:port'],
  ];

  test.each(damages)('%s: %j', (name, text, says) => {
    let refused = 0;
    for (let number = 0; number < 20; number += 1) {
      const { rows, style, random } = variantRows(number);
      const candidates = placesOf(rows, name);
      if (candidates.length === 0) continue;
      const at = random.pick(candidates);
      const damaged = rows.map((row, index) => (index === at ? [row[0], text] : row));
      expect(refusal(damaged, style)).toMatch(new RegExp(`^${style.field}\\[${at}\\] .*`));
      expect(refusal(damaged, style)).toContain(says);
      refused += 1;
    }
    expect(refused).toBeGreaterThan(10);
  });

  test(`one of ${variants} damaged variants after the other`, () => {
    for (let number = 0; number < variants; number += 1) {
      const { rows, style, random } = variantRows(number);
      const [name, text] = random.pick(damages.filter(([row]) => placesOf(rows, row).length > 0));
      const at = random.pick(placesOf(rows, name));
      const message = refusal(
        rows.map((row, index) => (index === at ? [row[0], text] : row)),
        style,
      );
      if (!message.startsWith(`${style.field}[${at}] (`)) expect({ number, at, message }).toBeUndefined();
    }
  });

  test('a node is missing, or there is one too many', () => {
    for (let number = 0; number < variants; number += 1) {
      const { rows, style, random } = variantRows(number);
      const nodes = placesOf(rows, 'address');
      const gone = random.integer(0, nodes.length - 1);
      const less = [...rows.slice(0, nodes[gone]), ...rows.slice(nodes[gone + 1] ?? rows.length)];
      const more: readonly unknown[] = [...rows, [`${style.marks[1]}stranger`, '10.0.0.1:2375']];
      const place = `${style.field}[${placesOf(rows, 'Nodes').join()}] (Nodes)`;
      expect([refusal(less, style), refusal(more, style)]).toEqual([
        `${place}: says ${nodes.length}, but ${nodes.length - 1} follow`,
        `${place}: says ${nodes.length}, but ${nodes.length + 1} follow`,
      ]);
    }
  });

  test.each<[string, readonly unknown[], string]>([
    ['no rows', [], 'DriverStatus has no row "Nodes": this is not a master of a classic Swarm'],
    [
      'an engine that is no master',
      [['Backing Filesystem', 'xfs']],
      'SystemStatus has no row "Nodes": this is not a master of a classic Swarm',
    ],
    ['a child of nothing', [[' └ Status', 'Healthy']], 'SystemStatus[0]: stands below no node'],
    [
      'a child before the first node',
      [
        ['Nodes', '1'],
        [' └ Status', 'Healthy'],
        [' n', 'h:1'],
      ],
      'SystemStatus[1]: stands below no node',
    ],
    [
      'a row twice below a node',
      [
        ['Nodes', '1'],
        [' n', 'h:1'],
        [' └ Status', 'Healthy'],
        [' └ ID', 'x'],
        [' └ Status', 'Pending'],
      ],
      'SystemStatus[4] (Status): there is one already, SystemStatus[2]',
    ],
    [
      'a row twice about the cluster',
      [
        ['Role', 'primary'],
        ['\bRole', 'replica'],
        ['Nodes', '0'],
      ],
      'SystemStatus[1] (Role): there is one already, SystemStatus[0]',
    ],
    ['a row of one text', [['Role', 'primary'], ['Nodes']], 'unexpected JSON: SystemStatus[1]: '],
    ['a row of three texts', [['Nodes', '0', '0']], 'unexpected JSON: SystemStatus[0]: '],
    [
      'a row that is no text',
      [
        ['Role', 'primary'],
        ['Nodes', 0],
      ],
      'unexpected JSON: SystemStatus[1][1]: ',
    ],
    ['a row that is null', [null], 'unexpected JSON: SystemStatus[0]: '],
  ])('%s', (_name, rows, says) => {
    const message = refusal(rows, { field: 'SystemStatus' });
    expect(message.slice(0, says.length)).toBe(says);
  });

  test('its own words are not in the error: they could echo a credential', () => {
    const secret = 'canary-91c';
    for (const rows of [
      [['Nodes', secret]],
      [
        ['Nodes', '1'],
        [secret, secret],
      ],
      [
        ['Nodes', '1'],
        [secret, 'h:1'],
        [' └ Labels', secret],
      ],
      [[` └ ${secret}`, secret]],
      [[secret, secret]],
    ])
      expect(refusal(rows, { field: 'SystemStatus' })).not.toContain(secret);
  });

  function variantRows(number: number): { rows: readonly SwarmRow[]; style: SwarmStyle; random: Random } {
    const { style, random } = makeVariant(number);
    const world = makeSwarmWorld({ seed: `damaged-${number}`, nodes: random.integer(1, 6) });
    return { rows: swarmRows(world, style), style, random };
  }

  /** Where rows of that name are; `address` are the nodes' own. */
  function placesOf(rows: readonly SwarmRow[], name: string): readonly number[] {
    const nodes = rows.findIndex(([title]) => title.replace(/^[^A-Za-z]+/, '') === 'Nodes');
    return [...rows.keys()].filter((index) => {
      const title = rows[index]?.[0] ?? '';
      if (name === 'address') return index > nodes && !title.includes('└');
      return title.replace(/^[^A-Za-z]+/, '') === name;
    });
  }

  function refusal(rows: readonly unknown[], { field }: Pick<SwarmStyle, 'field'>): string {
    try {
      groupsOfRows(rows, field);
    } catch (error) {
      if (error instanceof MusterError && error.kind === 'malformed') return error.message;
      throw error;
    }
    throw new Error('it was not refused');
  }
});
