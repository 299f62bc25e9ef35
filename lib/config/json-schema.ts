import * as z from 'zod';
import { type JsonSchema, shapeOf } from './shape.ts';

/** What stands in a JSON schema for a key that is accepted and left alone. */
export const leftToPrometheus = 'Left to Prometheus.';

/**
 * The JSON schema (draft 7, which editors know) of what this schema reads: its keys, types, defaults and bounds. What
 * must hold between keys it cannot say. `title` is what a value has to be. A key without a value counts as absent.
 */
export function jsonSchemaOf(schema: z.core.$ZodType): JsonSchema {
  return tidy(convert(schema));
}

function convert(schema: z.core.$ZodType): JsonSchema {
  const { $schema, ...json } = z.toJSONSchema(schema, {
    target: 'draft-07',
    io: 'input',
    unrepresentable: 'any',
    override: ({ zodSchema, jsonSchema }) => shapeJson(zodSchema, jsonSchema),
  });
  return json;
}

function shapeJson(schema: z.core.$ZodType, json: JsonSchema): void {
  const { what, json: known, reads = [], orEmpty, ignored = [] } = shapeOf(schema) ?? {};
  if (known !== undefined)
    replace(json, { ...known, ...(what !== undefined && { title: what }) }, ['default']);
  if (reads.length > 0) {
    const [first = {}, ...others] = reads.map(convert);
    replace(json, others.length === 0 ? first : { anyOf: [first, ...others] }, ['default']);
  }
  if (orEmpty && json.enum !== undefined) json.enum = [...json.enum, ''];
  const left = Object.fromEntries(ignored.map((key) => [key, { description: leftToPrometheus }]));
  if (ignored.length > 0) json.properties = { ...json.properties, ...left, ...json.properties };
}

/** Gives the object other members, but for those that are kept. */
function replace(json: JsonSchema, members: JsonSchema, kept: readonly string[]): void {
  for (const key of Object.keys(json)) if (!kept.includes(key)) delete json[key];
  Object.assign(json, members);
}

/** The same without what says nothing: empty defaults, a part that allows all beside another one. */
function tidy(json: JsonSchema): JsonSchema {
  const { allOf, properties, items, additionalProperties, anyOf, propertyNames, required, ...rest } = json;
  const parts = allOf?.filter((part) => typeof part === 'object' && part.description !== leftToPrometheus);
  const [only, another] = parts ?? [];
  if (only !== undefined && another === undefined) return tidy({ ...only, ...rest });
  if (isEmpty(rest.default)) delete rest.default;
  const one = (schema: z.core.JSONSchema._JSONSchema) => (typeof schema === 'object' ? tidy(schema) : schema);
  const entries = Object.entries(properties ?? {}).map(([key, value]) => {
    const isRequired = required?.includes(key) === true;
    return [key, isRequired || typeof value !== 'object' ? one(value) : orNull(tidy(value))] as const;
  });
  return {
    ...rest,
    ...(properties && { properties: Object.fromEntries(entries) }),
    ...(required && { required }),
    ...(additionalProperties !== undefined && { additionalProperties: one(additionalProperties) }),
    ...(items !== undefined && !Array.isArray(items) && { items: one(items) }),
    ...(anyOf && { anyOf: anyOf.map(tidy) }),
  };
}

function isEmpty(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0;
}

function orNull(json: JsonSchema): JsonSchema {
  const { type, enum: words, anyOf } = json;
  if (anyOf !== undefined) return { ...json, anyOf: [...anyOf, { type: 'null' }] };
  if (words !== undefined) return { ...json, enum: [...words, null] };
  if (type === undefined) return json;
  const types = [type].flat();
  return types.includes('null') ? json : { ...json, type: [...types, 'null'] };
}
