import * as z from 'zod';
import { mechanisms } from '../backends/registry.ts';
import { documentSchema } from '../config/document.ts';
import { durationPattern, formatDuration, isMapping } from '../config/fields.ts';
import {
  documentTexts,
  type KeyText,
  type KeyTexts,
  sdConfigTexts,
  settingsTexts,
} from '../config/key-texts.ts';
import { parseConfig } from '../config/load.ts';
import type { JobSettings } from '../config/muster-config.ts';
import { sdKeyOf } from '../config/prometheus-keys.ts';
import { isJsonSchema, type JsonSchema, shapeOf } from '../config/shape.ts';
import { defaultDeadline } from '../run/providers.ts';

/** The schema of `muster.yml`, with descriptions. */
export interface FileSchema {
  /** The JSON schema; each key has its default, and its meaning as `description`. */
  readonly json: JsonSchema;
  /** All descriptions. */
  readonly chapters: readonly Chapter[];
  /** The description of a key by its whole path, as in `scrape_configs[].job_name`. */
  readonly textOf: (path: string) => KeyText | undefined;
  /** Names of the backends, in the order of the registry. */
  readonly backends: readonly string[];
}

/** Reads the schemas of the whole file, including all backends. */
export async function readFileSchema(): Promise<FileSchema> {
  const [{ kubeStateConfig }, { kubeStateTexts }, { connectionTexts }, loaded, texts] = await Promise.all([
    import('../kube-state/options.ts'),
    import('../kube-state/options.ts'),
    import('../backends/kubernetes/schema.ts'),
    Promise.all(mechanisms.map(({ load }) => load())),
    Promise.all(mechanisms.map(async ({ name, loadTexts }) => ({ name, texts: await loadTexts() }))),
  ]);
  const chapters: readonly Chapter[] = [
    ...texts.flatMap((one) => [
      { at: `${sdConfigsAt(one.name)}[].`, texts: one.texts },
      { at: `${sdConfigsAt(one.name)}[].`, texts: sdConfigTexts },
    ]),
    { at: 'defaults.', texts: settingsTexts },
    { at: 'scrape_configs[].muster.', texts: settingsTexts },
    { at: 'kube_state_metrics[].kubernetes.', texts: connectionTexts },
    { at: 'kube_state_metrics[].kubernetes.', texts: sdConfigTexts },
    { at: 'kube_state_metrics[].', texts: kubeStateTexts },
    { at: '', texts: documentTexts },
    { at: '', texts: Object.fromEntries(texts.map(({ name }) => [sdConfigsAt(name), backendText(name)])) },
  ];
  const textOf = finder(chapters);
  const json = jsonSchemaOf(
    documentSchema({ mechanisms: loaded, kubeState: kubeStateConfig, directory: '.' }),
  );
  const explained = explain(json, '', textOf);
  const settings = defaultSettings();
  const { defaults, scrape_configs: jobs, ...others } = explained.properties ?? {};
  return {
    json: {
      ...explained,
      properties: {
        ...others,
        defaults: withDefaults(partOf(defaults), settings),
        scrape_configs: inItems(partOf(jobs), (job) => {
          const { muster, ...keys } = job.properties ?? {};
          return { ...job, properties: { ...keys, muster: withDefaults(partOf(muster), settings) } };
        }),
      },
    },
    chapters,
    textOf,
    backends: texts.map(({ name }) => name),
  };
}

/** The path of the SD configs of a backend. */
export function sdConfigsAt(backend: string): string {
  return `scrape_configs[].${sdKeyOf(backend)}`;
}

/** The schemas of the mappings in a value, each with the suffix of its path after the key. */
export function partsBelow(part: JsonSchema): readonly (readonly [suffix: string, below: JsonSchema])[] {
  const { items, additionalProperties, anyOf = [] } = part;
  return [
    ['', part],
    ...anyOf.map((one) => ['', one] as const),
    ...(items === undefined ? [] : [['[]', partOf(items)] as const]),
    ...(additionalProperties === undefined ? [] : [['.*', partOf(additionalProperties)] as const]),
  ];
}

/** A part of a JSON schema; empty for `true` and `false`, which describe no keys. */
export function partOf(value: unknown): JsonSchema {
  return isJsonSchema(value) ? value : {};
}

/** Descriptions of keys whose paths begin with `at`. */
interface Chapter {
  readonly at: string;
  readonly texts: KeyTexts;
}

function finder(chapters: readonly Chapter[]): FileSchema['textOf'] {
  return (path) => {
    for (const { at, texts } of chapters) {
      if (!path.startsWith(at)) continue;
      const key = path.slice(at.length);
      const text = texts[key] ?? texts[key.replace(/^oauth2\./, '')];
      if (text !== undefined) return text;
    }
    return undefined;
  };
}

function backendText(name: string): KeyText {
  return [`Targets that the backend \`${name}\` lists.`, []];
}

/** The schema with the descriptions. */
function explain(json: JsonSchema, at: string, textOf: FileSchema['textOf']): JsonSchema {
  const { properties, items, additionalProperties, anyOf, ...rest } = json;
  const below = (value: unknown, path: string) => (isJsonSchema(value) ? explain(value, path, textOf) : {});
  const entries = Object.entries(properties ?? {}).map(([key, value]) => {
    const path = at === '' ? key : `${at}.${key}`;
    const [means, example] = textOf(path) ?? [];
    const texts = means === undefined ? {} : { description: means, examples: [example] };
    return [key, { ...explain(partOf(value), path, textOf), ...texts }] as const;
  });
  return {
    ...rest,
    ...(properties && { properties: Object.fromEntries(entries) }),
    ...(items !== undefined && { items: below(items, `${at}[]`) }),
    ...(additionalProperties !== undefined && {
      additionalProperties: additionalProperties === false ? false : below(additionalProperties, `${at}.*`),
    }),
    ...(anyOf && { anyOf: anyOf.map((one) => explain(one, at, textOf)) }),
  };
}

/** The settings of a job in an empty configuration. */
function defaultSettings(): JobSettings {
  const { defaults } = parseConfig('{}', { origin: 'empty', directory: '.', mechanisms: [] });
  return { ...defaults, deadline: defaults.deadline ?? defaultDeadline };
}

function withDefaults(json: JsonSchema, values: object): JsonSchema {
  const known = new Map<string, unknown>(Object.entries(values));
  const entries = Object.entries(json.properties ?? {}).map(([key, value]) => {
    const part = partOf(value);
    const found = known.get(key);
    if (isMapping(found)) return [key, withDefaults(part, found)] as const;
    if (found === undefined) return [key, part] as const;
    const isTime = typeof found === 'number' && takesDuration(part);
    return [key, { ...part, default: isTime ? formatDuration(found) : found }] as const;
  });
  return { ...json, properties: Object.fromEntries(entries) };
}

function takesDuration({ pattern, anyOf = [] }: JsonSchema): boolean {
  return pattern === durationPattern || anyOf.some(takesDuration);
}

function inItems(json: JsonSchema, change: (items: JsonSchema) => JsonSchema): JsonSchema {
  return { ...json, items: change(partOf(json.items)) };
}

/** The JSON schema of a key that is accepted and ignored. */
export const leftToPrometheus = 'Left to Prometheus.';

/**
 * The JSON schema (draft 7, which editors know) of what this schema reads: its keys, types, defaults and bounds. What
 * must hold between keys it cannot say. `title` is what a value has to be. A key without a value counts as absent.
 */
function jsonSchemaOf(schema: z.core.$ZodType): JsonSchema {
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

/** Replaces the members of the object, except those to keep. */
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
