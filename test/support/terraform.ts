import { readdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import * as z from 'zod';
import { evaluateTemplate, type HclValue, listOf, objectOf, type Scope } from './hcl.ts';

const values: z.ZodType<HclValue> = z.lazy(() =>
  z.union([z.string(), z.number(), z.boolean(), z.null(), z.array(values), z.record(z.string(), values)]),
);
const bodies = z.record(z.string(), values);
const named = z.record(z.string(), z.array(bodies));

const fileSchema = z.object({
  terraform: z.unknown().optional(),
  variable: named.default({}),
  locals: z.array(bodies).default([]),
  data: z.record(z.string(), named).default({}),
  resource: z.record(z.string(), named).default({}),
  output: named.default({}),
});

const require = createRequire(import.meta.url);

/** HashiCorp's own parser. Its types would bring those of browsers along, so it comes in without them. */
const parser = z
  .object({
    parse: z.custom<(name: string, text: string) => Promise<unknown>>((value) => typeof value === 'function'),
  })
  .parse(require('@cdktn/hcl2json'));

/** The files of a module, read by HashiCorp's own parser. */
export type Module = readonly z.output<typeof fileSchema>[];

/** Reads the `.tf` files of a folder; throws with file and line what is no HCL. */
export async function readModule(folder: string): Promise<Module> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.tf')).sort();
  const files: Module[number][] = [];
  for (const name of names)
    files.push(fileSchema.parse(await parser.parse(name, await readFile(join(folder, name), 'utf8'))));
  return files;
}

/** A resource that the module makes. */
export interface PlannedResource {
  readonly type: string;
  /** As in `function["consul"]`. */
  readonly name: string;
  /** The key of `for_each`, or the index of `count`; empty for a single one. */
  readonly key: string;
  /** Arguments and blocks; a block is a list of objects. */
  readonly values: { readonly [name: string]: HclValue };
  readonly preventsDestroy: boolean;
}

/** What the module makes. */
export interface Plan {
  readonly resources: readonly PlannedResource[];
  readonly outputs: { readonly [name: string]: HclValue };
}

/** Where the module is tried. */
export const place = { account: '123456789012', region: 'eu-west-1', partition: 'aws' } as const;

/**
 * What the module makes with these variables, as `terraform plan` would work it out. What only AWS can tell is a name in
 * angle brackets, as in `<aws_kms_key.muster[0].arn>`. Throws the error message of a validation or precondition.
 */
export function planModule(files: Module, given: { readonly [name: string]: HclValue }): Plan {
  const scope = new Map<string, HclValue | (() => HclValue)>([
    ['data', dataOf(files)],
    ...['string', 'number', 'bool'].map((type) => [type, type] as const),
  ]);
  scope.set('var', variablesOf(files, given, scope));
  const locals = lazyObject(
    files.flatMap((file) => file.locals).flatMap((body) => Object.entries(body)),
    (value) => evaluate(value, scope),
  );
  scope.set('local', locals);
  const resources: PlannedResource[] = [];
  for (const [type, byName] of files.flatMap(({ resource }) => Object.entries(resource))) {
    const others = scope.get(type);
    if (others !== undefined) throw new Error(`${type} stands in two files`);
    scope.set(
      type,
      lazyObject(Object.entries(byName), (definitions, name) => {
        const [body = {}] = listOf(definitions);
        const made = makeResources({ type, name, body: objectOf(body) }, scope);
        resources.push(...made.planned);
        return made.value;
      }),
    );
  }
  // Asks for all of them: none is left out.
  const types = new Set(files.flatMap(({ resource }) => Object.keys(resource)));
  for (const type of types)
    for (const name of namesOf(files, type)) evaluateTemplate(`\${${type}.${name}}`, scope);
  const outputs = files.flatMap(({ output }) => Object.entries(output));
  return {
    resources,
    outputs: Object.fromEntries(
      outputs.map(([name, [body]]) => [name, evaluate(body?.value ?? null, scope)]),
    ),
  };
}

function namesOf(files: Module, type: string): readonly string[] {
  return files.flatMap(({ resource }) => Object.keys(resource[type] ?? {}));
}

/** An object whose properties are worked out once, when they are asked for. */
function lazyObject<T extends HclValue>(
  entries: readonly (readonly [string, T])[],
  work: (value: T, name: string) => HclValue,
): { readonly [key: string]: HclValue } {
  const object = {};
  for (const [name, value] of entries) {
    let known: { readonly value: HclValue } | undefined;
    const get = () => {
      known ??= { value: work(value, name) };
      return known.value;
    };
    Object.defineProperty(object, name, { get, enumerable: true });
  }
  return object;
}

function evaluate(value: HclValue, scope: Scope): HclValue {
  if (typeof value === 'string') return value.includes('${') ? evaluateTemplate(value, scope) : value;
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return listOf(value).map((item) => evaluate(item, scope));
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, evaluate(item, scope)]));
}

function dataOf(files: Module): HclValue {
  const known = {
    aws_caller_identity: { account_id: place.account },
    aws_partition: { partition: place.partition },
    aws_region: { region: place.region },
  };
  const asked = files.flatMap(({ data }) => Object.entries(data));
  return Object.fromEntries(
    asked.map(([type, byName]) => {
      const values = new Map<string, HclValue>(Object.entries(known)).get(type);
      if (values === undefined) throw new Error(`data ${type} is not known here`);
      return [type, Object.fromEntries(Object.keys(byName).map((name) => [name, values]))];
    }),
  );
}

function variablesOf(
  files: Module,
  given: { readonly [name: string]: HclValue },
  scope: Scope,
): { readonly [name: string]: HclValue } {
  const declared = files.flatMap(({ variable }) => Object.entries(variable));
  const stray = Object.keys(given).filter((name) => declared.every(([known]) => known !== name));
  if (stray.length > 0) throw new Error(`no such variable: ${stray.join(', ')}`);
  const variables = Object.fromEntries(
    declared.map(([name, [body = {}]]) => {
      const value = given[name] ?? body.default;
      if (value === undefined) throw new Error(`variable ${name} is required`);
      return [name, convert(value, evaluate(body.type ?? 'string', scope))];
    }),
  );
  const inner = new Map([...scope, ['var', variables] as const]);
  for (const [, [body = {}]] of declared) check(body.validation, inner);
  return variables;
}

/** Throws the message of the first condition that does not hold. */
function check(conditions: HclValue | undefined, scope: Scope): void {
  for (const one of conditions === undefined ? [] : listOf(conditions)) {
    const { condition = false, error_message = '' } = objectOf(one);
    if (evaluate(condition, scope) !== true) throw new Error(String(evaluate(error_message, scope)));
  }
}

/** A value with the defaults that its type has for keys which are left out. */
function convert(value: HclValue, type: HclValue): HclValue {
  if (typeof type === 'string') {
    const wanted = type === 'bool' ? 'boolean' : type;
    if (typeof value === wanted) return value;
    throw new Error(`${JSON.stringify(value)} is no ${type}`);
  }
  const { list, map, object, optional } = objectOf(type);
  if (optional !== undefined)
    return value === null ? (objectOf(type).value ?? null) : convert(value, optional);
  if (list !== undefined) return listOf(value).map((item) => convert(item, list));
  const entries = Object.entries(objectOf(value));
  if (map !== undefined) return Object.fromEntries(entries.map(([key, item]) => [key, convert(item, map)]));
  const keys = Object.entries(objectOf(object));
  const stray = entries.filter(([key]) => keys.every(([known]) => known !== key));
  if (stray.length > 0) throw new Error(`unexpected ${stray.map(([key]) => key).join(', ')}`);
  return Object.fromEntries(keys.map(([key, item]) => [key, convert(objectOf(value)[key] ?? null, item)]));
}

interface Definition {
  readonly type: string;
  readonly name: string;
  readonly body: { readonly [name: string]: HclValue };
}

/** The resources of a definition, and what `type.name` stands for elsewhere. */
function makeResources({ type, name, body }: Definition, scope: Scope) {
  const { count, for_each: forEach, depends_on: dependsOn = [], lifecycle = [], ...rest } = body;
  // A name that is not there must fail.
  for (const one of listOf(dependsOn)) evaluate(one, scope);
  const [rules = {}] = listOf(lifecycle);
  const make = (key: string, inner: Scope): PlannedResource => {
    check(objectOf(rules).precondition, inner);
    const values = expandBlocks(rest, inner);
    return { type, name, key, values, preventsDestroy: objectOf(rules).prevent_destroy === true };
  };
  const seen = ({ key, values }: PlannedResource) => {
    const address = `${type}.${name}${key === '' ? '' : `[${forEach === undefined ? key : JSON.stringify(key)}]`}`;
    const told = Object.fromEntries(['arn', 'id', 'name'].map((one) => [one, `<${address}.${one}>`]));
    return { ...told, ...values };
  };
  if (count !== undefined) {
    const length = Number(evaluate(count, scope));
    const planned = Array.from({ length }, (_, index) => make(String(index), scope));
    return { planned, value: planned.map(seen) };
  }
  if (forEach === undefined) {
    const one = make('', scope);
    return { planned: [one], value: seen(one) };
  }
  const planned = Object.entries(objectOf(evaluate(forEach, scope))).map(([key, value]) =>
    make(key, new Map([...scope, ['each', { key, value }] as const])),
  );
  return { planned, value: Object.fromEntries(planned.map((one) => [one.key, seen(one)])) };
}

/** Values without those that are null, with `dynamic` blocks spelt out. */
function expandBlocks(body: { readonly [name: string]: HclValue }, scope: Scope) {
  const { dynamic = {}, ...rest } = body;
  const plain = Object.entries(rest).map(
    ([name, value]) => [name, withoutNulls(evaluate(value, scope))] as const,
  );
  const expanded = Object.entries(objectOf(dynamic)).map(([name, blocks]) => {
    const [{ for_each: forEach = [], content = [] } = {}] = listOf(blocks).map(objectOf);
    const items = listOf(evaluate(forEach, scope));
    const made = items.map((value, key) => {
      const inner = new Map([...scope, [name, { key, value }] as const]);
      return withoutNulls(evaluate(listOf(content)[0] ?? {}, inner));
    });
    return [name, made] as const;
  });
  const all = [...plain, ...expanded.filter(([, made]) => made.length > 0)];
  return Object.fromEntries(all.filter(([, value]) => value !== null));
}

function withoutNulls(value: HclValue): HclValue {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return listOf(value).map(withoutNulls);
  const kept = Object.entries(value).filter(([, item]) => item !== null);
  return Object.fromEntries(kept.map(([key, item]) => [key, withoutNulls(item)]));
}
