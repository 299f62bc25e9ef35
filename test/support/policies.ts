import * as z from 'zod';
import type { Template } from './cloudformation.ts';

const oneOrMore = z.union([z.unknown().array(), z.unknown().transform((one) => [one])]);
const statementSchema = z.object({
  Sid: z.string().default(''),
  Effect: z.enum(['Allow', 'Deny']),
  Principal: z.unknown().optional(),
  Action: oneOrMore,
  Resource: oneOrMore.default([]),
  Condition: z.unknown().optional(),
});
const documentSchema = z.object({ Statement: statementSchema.array() });

/** A statement of a policy, in the resource that has it. */
export type FoundStatement = z.output<typeof statementSchema> & { readonly in: string };

/** All statements of a template's policies, wherever they stand; ARNs as one text, `${bucket}` for any bucket. */
export function findStatements({ Resources }: Template): readonly FoundStatement[] {
  return Object.entries(Resources).flatMap(([id, { Properties }]) =>
    findDocuments(Properties).flatMap(({ Statement }) =>
      Statement.map((statement) => ({ ...statement, Resource: statement.Resource.map(textOf), in: id })),
    ),
  );
}

function findDocuments(value: unknown): readonly z.output<typeof documentSchema>[] {
  if (typeof value !== 'object' || value === null) return [];
  const found = documentSchema.safeParse(value);
  return found.success ? [found.data] : Object.values(value).flatMap(findDocuments);
}

const subSchema = z.object({ 'Fn::Sub': z.union([z.string(), z.tuple([z.string()], z.unknown())]) });

function textOf(resource: unknown): unknown {
  const found = subSchema.safeParse(resource);
  return found.success ? [found.data['Fn::Sub']].flat()[0] : resource;
}
