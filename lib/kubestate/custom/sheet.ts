import type { LabelledFamily } from '../family.ts';
import type { Sheet } from '../list-onto.ts';
import type { Collected } from '../resource.ts';
import { type Blocks, createBlocks, type Header } from '../text/blocks.ts';
import { familyHeader } from '../text/header.ts';
import { openMetricsHeader } from '../text/openmetrics.ts';
import type { Spill } from '../text/spill.ts';
import { familyWriter } from '../text/write-family.ts';
import type { CustomObject } from './family.ts';

/** How much was written, and where each column ends. */
interface Mark {
  readonly samples: number;
  readonly objects: number;
  readonly columns: readonly (readonly [Column, number])[];
}

interface Column {
  readonly header: Header;
  readonly blocks: Blocks;
  /** Whether there was an object that could have samples of it. */
  isUsed: boolean;
}

/** The text of all custom resources: what several of them call by one name stands together, below one header. */
export interface CustomSheet {
  /** For the objects of one kind, with these families. */
  readonly of: (families: readonly LabelledFamily<CustomObject>[]) => Sheet<CustomObject, Mark>;
  readonly finish: () => Collected;
}

export function openCustomSheet(spill: Spill): CustomSheet {
  const columns = new Map<string, Column>();
  let samples = 0;
  let objects = 0;
  const columnOf = (family: LabelledFamily<CustomObject>): Column => {
    const column = columns.get(family.name) ?? {
      header: { text: familyHeader(family), openMetrics: openMetricsHeader(family) },
      blocks: createBlocks(spill),
      isUsed: false,
    };
    columns.set(family.name, column);
    return column;
  };
  return {
    of(families) {
      const written = families.map((family) => {
        const column = columnOf(family);
        const put = (line: string): void => {
          samples++;
          column.blocks.put(line);
        };
        return { column, put, write: familyWriter(family, {}) };
      });
      const own = new Set(written.map(({ column }) => column));
      return {
        write(object) {
          objects++;
          for (const column of own) column.isUsed = true;
          for (const { write, put } of written) write?.(object, '', put);
        },
        mark: () => ({
          samples,
          objects,
          columns: [...own].map((column) => [column, column.blocks.mark()] as const),
        }),
        backTo(mark) {
          ({ samples, objects } = mark);
          for (const [column, at] of mark.columns) column.blocks.backTo(at);
        },
      };
    },
    finish() {
      const used = [...columns.values()].filter(({ isUsed }) => isUsed);
      const members = used.flatMap(({ blocks, header }) => blocks.take(header));
      return { members, objects, samples };
    },
  };
}
