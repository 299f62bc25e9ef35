import type { LabelledFamily } from '../family.ts';
import type { Sheet } from '../list-onto.ts';
import type { Collected } from '../resource.ts';
import { type Blocks, type BlocksMark, createBlocks, type Spill } from '../text/blocks.ts';
import { familyHeader, familyWriter } from '../text/write-family.ts';
import type { CustomObject } from './family.ts';

/** How much was written, and where each column ends. */
interface Mark {
  readonly objects: number;
  readonly columns: readonly (readonly [Column, BlocksMark & { readonly objects: number }])[];
}

interface Column {
  readonly header: string;
  readonly blocks: Blocks;
  /** Objects that could have samples of it. */
  objects: number;
}

/** The text of all custom resources: what several of them call by one name stands together, below one header. */
export interface CustomSheet {
  /** For the objects of one kind, with these families. */
  readonly of: (families: readonly LabelledFamily<CustomObject>[]) => Sheet<CustomObject, Mark>;
  readonly finish: () => Collected;
}

export function openCustomSheet(spill: Spill): CustomSheet {
  const columns = new Map<string, Column>();
  let objects = 0;
  const columnOf = (family: LabelledFamily<CustomObject>): Column => {
    const column = columns.get(family.name) ?? {
      header: familyHeader(family),
      blocks: createBlocks(spill),
      objects: 0,
    };
    columns.set(family.name, column);
    return column;
  };
  return {
    of(families) {
      const written = families.map((family) => {
        const column = columnOf(family);
        const put = (line: string): void => column.blocks.put(line);
        return { column, put, write: familyWriter(family, {}) };
      });
      const own = new Set(written.map(({ column }) => column));
      return {
        write(object) {
          objects++;
          for (const column of own) column.objects++;
          for (const { write, put } of written) write?.(object, '', put);
        },
        mark: () => ({
          objects,
          columns: [...own].map((column) => {
            const { blocks, objects } = column;
            return [column, { ...blocks.mark(), objects }] as const;
          }),
        }),
        backTo(mark) {
          ({ objects } = mark);
          for (const [column, at] of mark.columns) {
            column.blocks.backTo(at);
            column.objects = at.objects;
          }
        },
      };
    },
    finish() {
      const used = [...columns].filter(([, column]) => column.objects > 0);
      const members = used.flatMap(([, { blocks, header }]) => blocks.take(header));
      const families = new Map(
        used.map(([name, column]) => [name, { samples: column.blocks.count(), objects: column.objects }]),
      );
      return { members, objects, families };
    },
  };
}
