import { isMapping } from '../config/fields.ts';
import type { JsonSchema } from '../config/shape.ts';
import { defineCommand, exitCodes } from './command.ts';
import { partOf, readFileSchema } from './file-schema.ts';

/** `muster schema` */
export const schema = defineCommand({
  name: 'schema',
  description:
    'Prints the JSON schema of muster.yml. An editor completes and checks the file with it; put this line at its top:\n' +
    '# yaml-language-server: $schema=./muster.schema.json\n' +
    'With --format markdown it prints a reference: every key with its type, default, meaning and an example.',
  examples: ['muster schema > muster.schema.json', 'muster schema --format markdown > configuration.md'],
  options: {
    format: { value: 'FORMAT', default: 'json', choices: ['json', 'markdown'], help: 'json or markdown.' },
  },
  async run({ format }, io) {
    const file = await readFileSchema();
    if (format === 'json') await io.out(`${JSON.stringify(wholeSchema(file.json))}\n`);
    else await io.out((await import('./reference.ts')).formatReference(file));
    return exitCodes.good;
  },
});

/** The schema of a file, which may also be a bare list of jobs. Repeated parts become definitions. */
function wholeSchema(json: JsonSchema): JsonSchema {
  const { items } = partOf(json.properties?.scrape_configs);
  const whole: JsonSchema = { ...json, type: ['object', 'array'], items: partOf(items) };
  const { shared, definitions } = share(whole);
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'muster.yml',
    ...partOf(shared),
    definitions,
  };
}

/** Characters of the smallest part that becomes a definition. */
const worthSharing = 400;

function share(whole: JsonSchema) {
  const counts = new Map<string, number>();
  const count = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return;
    const text = JSON.stringify(node);
    counts.set(text, (counts.get(text) ?? 0) + 1);
    // The parts inside a repeated part are not counted again.
    if (counts.get(text) === 1) for (const value of Object.values(node)) count(value);
  };
  count(whole);
  const names = new Map<string, string>();
  const definitions: Record<string, unknown> = {};
  const replaced = (node: unknown, key: string): unknown => {
    if (Array.isArray(node)) return node.map((one) => replaced(one, key));
    if (!isMapping(node)) return node;
    const text = JSON.stringify(node);
    const isShared = (counts.get(text) ?? 0) > 1 && text.length > worthSharing && isSchema(node);
    if (!isShared) return inside(node, key);
    const known = names.get(text);
    const name = known ?? unused(key, definitions);
    if (known === undefined) {
      names.set(text, name);
      definitions[name] = {};
      definitions[name] = inside(node, key);
    }
    return { $ref: `#/definitions/${name}` };
  };
  const inside = (node: object, key: string) =>
    Object.fromEntries(
      Object.entries(node).map(([name, value]) => [name, replaced(value, keywords.has(name) ? key : name)]),
    );
  return { shared: inside(whole, 'file'), definitions };
}

/** Keywords of JSON schema: they are not keys of the file. */
const keywords = new Set([
  'properties',
  'items',
  'additionalProperties',
  'anyOf',
  'examples',
  'default',
  'type',
]);

/** Whether the node is a schema, and not the mapping below `properties`. */
function isSchema(node: object): boolean {
  return ('type' in node || 'anyOf' in node) && !('type' in node && isMapping(node.type));
}

function unused(key: string, taken: Readonly<Record<string, unknown>>): string {
  let name = key;
  for (let number = 2; Object.hasOwn(taken, name); number += 1) name = `${key}-${number}`;
  return name;
}
