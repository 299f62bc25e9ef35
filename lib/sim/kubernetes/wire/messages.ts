import { clusterTable, groupTable, metaTable } from './message-tables.ts';
import { podTable } from './message-tables-pod.ts';

/** A protobuf message of the Kubernetes API: what its fields are called in JSON, and their numbers. */
export interface Message {
  readonly name: string;
  /** In the order of their numbers, which is the order in which an API server writes them. */
  readonly fields: readonly Field[];
  /** All names that an object of this kind may have in JSON, those of inline messages too. */
  readonly names: ReadonlySet<string>;
}

export interface Field {
  readonly name: string;
  readonly number: number;
  readonly type: Scalar | Message;
  /**
   * - `always`: written even where JSON leaves it out, since it is no pointer in Go.
   * - `optional`: written where it is present.
   * - `inline`: a message of its own whose fields lie among those of the outer object in JSON.
   */
  readonly form: 'always' | 'optional' | 'list' | 'map' | 'inline';
}

type Scalar = (typeof scalars)[number];
const scalars = ['text', 'bytes', 'int', 'bool', 'time', 'quantity', 'intOrString', 'fieldsV1'] as const;

/** The message with that name. Throws where the tables have none. */
export function messageNamed(name: string, known = messages): Message {
  const message = known.get(name);
  if (message === undefined) throw new Error(`the tables have no message ${name}`);
  return message;
}

/** All messages by name: those of the simulated API server, and those of further tables. */
export function messagesWith(...tables: readonly string[]): ReadonlyMap<string, Message> {
  return readTables(metaTable, podTable, clusterTable, groupTable, ...tables);
}

/**
 * Reads tables of the form `Name: field number type, …`, a row going on where the next line is indented. A type is a
 * scalar or the name of a message; `?` marks an optional field, `[]` a list, `{…}` a map from text, and the word
 * `inline` a message without a name of its own in JSON.
 */
function readTables(...tables: readonly string[]): ReadonlyMap<string, Message> {
  const rows = tables.flatMap((table) =>
    table
      .trim()
      .replace(/\n {2}/g, ' ')
      .split('\n'),
  );
  const drafts = new Map(
    rows.map((row) => {
      const [name = '', fields = ''] = row.split(': ');
      return [name, { name, row: fields, fields: [] as Field[], names: new Set<string>() }];
    }),
  );
  for (const draft of drafts.values()) {
    for (const text of draft.row.split(', ')) {
      const [, name = '', number, open, type = '', close, inline] =
        /^(\w+) (\d+) (\{?)(\w+)(\}|\[\]|\?)?( inline)?$/.exec(text) ?? [];
      const form = inline ? 'inline' : open ? 'map' : close === '[]' ? 'list' : close ? 'optional' : 'always';
      const scalar = scalars.find((each) => each === type);
      const known = scalar ?? drafts.get(type);
      if (known === undefined) throw new Error(`${draft.name}: cannot read '${text}'`);
      draft.fields.push({ name, number: Number(number), type: known, form });
    }
  }
  for (const { fields, names } of drafts.values()) for (const name of jsonNames(fields)) names.add(name);
  return drafts;
}

/** An inline message may itself hold one, as the rules of an admission policy do. */
function jsonNames(fields: readonly Field[]): readonly string[] {
  return fields.flatMap(({ form, name, type }) =>
    form === 'inline' && typeof type !== 'string' ? jsonNames(type.fields) : [name],
  );
}

const messages = messagesWith();
