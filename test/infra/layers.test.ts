import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import * as z from 'zod';

const root = join(import.meta.dirname, '../..');

const override = z.object({
  includes: z.tuple([z.string()]),
  linter: z.object({
    rules: z.object({
      style: z.object({
        noRestrictedImports: z.object({
          level: z.literal('error'),
          options: z.object({ patterns: z.tuple([z.object({ group: z.array(z.string()) })]) }),
        }),
      }),
    }),
  }),
});

/** What the table of CONTRIBUTING says that each room may import. */
function tableOfRooms(): ReadonlyMap<string, readonly string[]> {
  const rows = readFileSync(join(root, 'CONTRIBUTING.md'), 'utf8').matchAll(
    /^\| `lib\/(?<room>[\w-]+)\/(?:<mechanism>\/)?` \|.*\| (?<rooms>[^|]+) \|$/gm,
  );
  return new Map(
    [...rows].map(({ groups }) => {
      const rooms = groups?.rooms ?? '';
      return [groups?.room ?? '', rooms === '–' ? [] : rooms.split(', ')];
    }),
  );
}

test('lint forbids each room what the table of CONTRIBUTING does not allow', () => {
  const table = tableOfRooms();
  const rooms = [...table.keys()];
  const biome = z
    .object({ overrides: z.array(override) })
    .parse(JSON.parse(readFileSync(join(root, 'biome.json'), 'utf8')));
  const held = biome.overrides.map(({ includes: [place], linter }) => {
    const room = /^lib\/(.+)\/\*\*$/.exec(place)?.[1] ?? '';
    const [{ group }] = linter.rules.style.noRestrictedImports.options.patterns;
    const forbidden = group.flatMap((pattern) => /^\*\*\/\.\.\/(.+)\/\*\*$/.exec(pattern)?.[1] ?? []);
    return [room, rooms.filter((one) => one !== room && !forbidden.includes(one)).sort()];
  });
  const said = rooms
    .filter((room) => room !== 'cli')
    .map((room) => [room, [...(table.get(room) ?? [])].sort()]);
  expect(held.sort()).toEqual(said.sort());
});

test('every file and folder that CONTRIBUTING names exists', () => {
  const text = readFileSync(join(root, 'CONTRIBUTING.md'), 'utf8');
  const named = [...text.matchAll(/`((?:lib|test|functions|infra|docs)\/[\w./-]*)`/g)].map(
    ([, path = '']) => path,
  );
  expect(named.length).toBeGreaterThan(30);
  expect(named.filter((path) => !existsSync(join(root, path)))).toEqual([]);
});
