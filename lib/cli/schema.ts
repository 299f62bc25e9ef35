import { stringify } from 'yaml';
import { isMapping } from '../config/fields.ts';
import { firstVersion, sdConfigTexts } from '../config/key-texts.ts';
import {
  mechanismKeys,
  prometheusKeys,
  scrapeKeys,
  sdKeyOf,
  stayingKeys,
} from '../config/prometheus-keys.ts';
import type { JsonSchema } from '../config/shape.ts';
import { defineCommand, exitCodes } from './command.ts';
import {
  type FileSchema,
  leftToPrometheus,
  partOf,
  partsBelow,
  readFileSchema,
  sdConfigsAt,
} from './file-schema.ts';

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
    else await io.out((await import('./schema.ts')).formatReference(file));
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

/** The fewest characters of a part that becomes a definition. */
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

const introduction = `# Configuration reference

Made from Muster's schemas by \`muster schema --format markdown\` (\`npm run docs\` in a clone); a test fails when it is
old. The [README](../README.md) explains what the settings are for.

- \`a[].b\` is the key \`b\` in each element of the list \`a\`; \`a.*.b\` is the key \`b\` in each value of the mapping \`a\`.
- A key without a value counts as absent. Durations are Prometheus's: \`30s\`, \`5m\`, \`1h30m\`.
- A key with \`_file\` or \`_ref\` replaces the key without it: give at most one of them.
- Relative paths start from the folder of the file that has them.

An editor knows all of this from the JSON schema. Run \`muster schema > muster.schema.json\`, and put this line at the top of
\`muster.yml\`:

\`\`\`yaml
# yaml-language-server: $schema=./muster.schema.json
\`\`\`
`;

/** The reference of the whole file, as Markdown. */
export function formatReference({ json, textOf, backends }: FileSchema): string {
  const job = partOf(partOf(json.properties?.scrape_configs).items);
  const output = partOf(partOf(json.properties?.kube_state_metrics).items);
  const table = (part: JsonSchema, at: string, leftOut: readonly string[] = []) =>
    formatTable(rowsOf(part, { at, textOf, leftOut }));
  const common = sdConfigOf(job, 'consul');
  const http = httpKeys(common);
  const sdKeys = backends.map(sdKeyOf);
  const parts = [
    introduction,
    '## The file\n',
    table(json, '', ['defaults', 'scrape_configs', 'kube_state_metrics']),
    '## A job: `scrape_configs[]`\n',
    table(job, 'scrape_configs[].', ['muster', ...sdKeys]),
    "## Muster's settings: `scrape_configs[].muster` and `defaults`\n",
    table(partOf(job.properties?.muster), 'scrape_configs[].muster.'),
    '## HTTP client\n',
    'An SD config of every backend that speaks HTTP may have these keys.\n',
    table(only(common, http), `${sdConfigsAt('consul')}[].`),
    ...backends.flatMap((name) => {
      const config = sdConfigOf(job, name);
      const keys = httpKeys(config);
      return [
        `## \`${sdKeyOf(name)}[]\`\n`,
        table(config, `${sdConfigsAt(name)}[].`, keys),
        keys.length > 0 ? 'And the keys of the [HTTP client](#http-client).\n' : '',
      ];
    }),
    '## `kube_state_metrics[]`\n',
    table(output, 'kube_state_metrics[].', ['kubernetes']),
    '### `kube_state_metrics[].kubernetes`\n',
    table(partOf(output.properties?.kubernetes), 'kube_state_metrics[].kubernetes.', http),
    'And the keys of the [HTTP client](#http-client).\n',
    '## Left to Prometheus\n',
    'These keys are accepted and not read. `muster check` names the SD configs among them.\n',
    `- Of the file: ${codes(prometheusKeys.filter((key) => key !== 'scrape_config_files'))}. \`scrape_config_files\` are read.`,
    `- Of a job: ${codes(scrapeKeys.filter((key) => isLeft(job, key)))}.`,
    `- SD configs: ${codes(mechanismKeys.filter((key) => !sdKeys.includes(key)))}.`,
    `- In jobs without \`muster: { publish: all }\`: ${codes(stayingKeys)}.\n`,
  ];
  return parts.filter((part) => part !== '').join('\n');
}

function isLeft(section: JsonSchema, key: string): boolean {
  return partOf(section.properties?.[key]).description === leftToPrometheus;
}

interface Row {
  readonly key: string;
  readonly type: string;
  readonly preset: string;
  readonly since: string;
  readonly means: string;
  readonly example: string;
}

interface RowInput {
  /** Path of the section: the prefix of its keys. */
  readonly at: string;
  readonly textOf: FileSchema['textOf'];
  readonly leftOut?: readonly string[];
}

function rowsOf(section: JsonSchema, { at, textOf, leftOut = [] }: RowInput, below = ''): readonly Row[] {
  return Object.entries(section.properties ?? {}).flatMap(([name, value]) => {
    const part = partOf(value);
    if (part.description === leftToPrometheus || leftOut.includes(name)) return [];
    const key = `${below}${name}`;
    const [means = '', example, since = firstVersion] = textOf(`${at}${key}`) ?? [];
    const isRequired = section.required?.includes(name) === true;
    const row = {
      key: code(key),
      type: typeOf(part),
      preset: isRequired ? 'required' : part.default === undefined ? '–' : code(flow(part.default)),
      since,
      means,
      example: code(flow(example)),
    };
    const inner = partsBelow(part).flatMap(([suffix, one]) =>
      rowsOf(one, { at, textOf }, `${key}${suffix}.`),
    );
    return [row, ...inner];
  });
}

/** The type of a value in words. */
function typeOf(part: JsonSchema): string {
  const { title, type, items, additionalProperties, anyOf = [] } = part;
  if (title !== undefined) return title;
  const types = [type].flat();
  if (types.includes('array')) {
    const item = typeOf(partOf(items));
    return item === 'mapping' || item === 'any' ? 'list' : `list, each ${item}`;
  }
  if (types.includes('object')) {
    const value = typeOf(partOf(additionalProperties));
    return value === 'mapping' || value === 'any' ? 'mapping' : `mapping, each value ${value}`;
  }
  const choices = anyOf.filter((one) => one.type !== 'null').map(typeOf);
  return choices.length === 0 ? 'any' : choices.join('; or ');
}

function formatTable(rows: readonly Row[]): string {
  const lines = rows.map(({ key, type, preset, since, means, example }) =>
    [key, type, preset, since, means, example].map((cell) => cell.replaceAll('|', '\\|')).join(' | '),
  );
  const head = ['Key', 'Type', 'Default', 'Since', 'Meaning', 'Example'];
  return [head.join(' | '), head.map(() => '---').join(' | '), ...lines]
    .map((line) => `| ${line} |\n`)
    .join('');
}

/** The value in one line of YAML. */
function flow(value: unknown): string {
  const text = stringify(value, {
    collectionStyle: 'flow',
    lineWidth: 0,
    flowCollectionPadding: true,
  }).trimEnd();
  return text.includes('\n') ? JSON.stringify(value) : text;
}

function code(text: string): string {
  return text.includes('`') ? `\`\` ${text} \`\`` : `\`${text}\``;
}

function codes(keys: readonly string[]): string {
  return keys.map(code).join(', ');
}

function sdConfigOf(job: JsonSchema, backend: string): JsonSchema {
  return partOf(partOf(job.properties?.[sdKeyOf(backend)]).items);
}

/** The keys of the HTTP client that an SD config has. */
function httpKeys(config: JsonSchema): readonly string[] {
  if (config.properties?.tls_config === undefined) return [];
  const common = Object.keys(sdConfigTexts).filter((key) => !key.includes('.'));
  return common.filter((key) => !['refresh_interval', 'muster'].includes(key));
}

function only(section: JsonSchema, keys: readonly string[]): JsonSchema {
  const entries = Object.entries(section.properties ?? {}).filter(([key]) => keys.includes(key));
  return { ...section, properties: Object.fromEntries(entries) };
}
