import type { z } from 'zod';

/** A JSON schema, or a part of one. */
export type JsonSchema = z.core.JSONSchema.BaseSchema;

/** Whether it is a schema with keywords. `true` and `false` are schemas without keywords. */
export function isJsonSchema(value: unknown): value is JsonSchema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What zod cannot see of a schema, because a function reads the value. `jsonSchemaOf` needs it for the JSON schema. */
export interface Shape {
  /** What a value must be, in the words of the messages. */
  readonly what?: string;
  /** The JSON schema of the value in the file. It may allow too much, but never too little. */
  readonly json?: JsonSchema;
  /** The function hands the value to one of these. */
  readonly reads?: readonly z.core.$ZodType[];
  /** Whether an empty text counts as no value. */
  readonly orEmpty?: true;
  /** Keys of the section that are accepted and ignored. */
  readonly ignored?: readonly string[];
}

const shapes = new WeakMap<z.core.$ZodType, Shape>();

/** Notes the shape of a schema, and returns the same schema. A copy, as `.check(…)` makes one, has no shape. */
export function withShape<Schema extends z.core.$ZodType>(schema: Schema, shape: Shape): Schema {
  shapes.set(schema, shape);
  return schema;
}

/** The noted shape of the schema. */
export function shapeOf(schema: z.core.$ZodType): Shape | undefined {
  return shapes.get(schema);
}

/** Any scalar. */
export const scalarShape: JsonSchema = { type: ['string', 'number', 'boolean'] };

/** A scalar, or a key without a value. */
export const scalarOrNullShape: JsonSchema = { type: ['string', 'number', 'boolean', 'null'] };

/** One of the words, in upper or lower case or mixed. */
export function anyCaseShape(words: readonly string[]): JsonSchema {
  const either = (letter: string) => `[${letter.toUpperCase()}${letter.toLowerCase()}]`;
  const pattern = words.map((word) => word.replace(/[a-z]/gi, either)).join('|');
  return { anyOf: [{ enum: [...words] }, { type: 'string', pattern: `^(?:${pattern})$` }] };
}
