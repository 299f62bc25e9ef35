import { loadAwsServiceSpecSync } from '@aws-cdk/aws-service-spec';
import * as z from 'zod';

/** A CloudFormation template as far as tests look into it. */
export const templateSchema = z.looseObject({
  Resources: z.record(
    z.string(),
    z.strictObject({
      Type: z.string(),
      Properties: z.record(z.string(), z.unknown()).default({}),
      DependsOn: z.union([z.string(), z.array(z.string())]).optional(),
      DeletionPolicy: z.enum(['Delete', 'Retain', 'RetainExceptOnCreate', 'Snapshot']).optional(),
      UpdateReplacePolicy: z.enum(['Delete', 'Retain', 'Snapshot']).optional(),
    }),
  ),
  Outputs: z.record(z.string(), z.unknown()).default({}),
});

export type Template = z.output<typeof templateSchema>;

const spec = loadAwsServiceSpecSync();

/**
 * Holds a template against AWS's own specification of its resources: unknown types and properties, missing ones, values
 * of the wrong type or outside those allowed; and references to what is not there. One line for each finding.
 */
export function lintTemplate({ Resources, Outputs }: Template): readonly string[] {
  const ids = new Set(Object.keys(Resources));
  const own = Object.entries(Resources).flatMap(([id, resource]) => {
    const known = findResource(resource.Type);
    if (known === undefined) return [`${id}: there is no ${resource.Type}`];
    const dependsOn = [resource.DependsOn ?? []].flat().filter((name) => !ids.has(name));
    return [
      ...checkProperties(known.properties, resource.Properties, id),
      ...dependsOn.map((name) => `${id}: depends on ${name}, which is not there`),
    ];
  });
  return [...own, ...checkReferences({ Resources, Outputs }, '', ids)];
}

function findResource(type: string) {
  return [...spec.lookup('resource', 'cloudFormationType', 'equals', type)][0];
}

type Properties = NonNullable<ReturnType<typeof findResource>>['properties'];
type PropertyType = Properties[string]['type'];

function checkProperties(known: Properties, given: object, path: string): readonly string[] {
  const values = new Map<string, unknown>(Object.entries(given));
  const missing = Object.entries(known)
    .filter(([name, { required }]) => required === true && !values.has(name))
    .map(([name]) => `${path}: ${name} is missing`);
  const wrong = [...values].flatMap(([name, value]) => {
    const property = known[name];
    if (property === undefined) return [`${path}: there is no property ${name}`];
    return checkValue(property.type, value, `${path}.${name}`);
  });
  return [...missing, ...wrong];
}

function checkValue(type: PropertyType, value: unknown, path: string): readonly string[] {
  if (isIntrinsic(value)) return [];
  const fail = [`${path}: ${JSON.stringify(value)} is no ${type.type}`];
  switch (type.type) {
    case 'string':
    case 'date-time':
      if (typeof value !== 'string') return fail;
      return 'allowedValues' in type && type.allowedValues?.includes(value) === false ? fail : [];
    case 'number':
    case 'integer':
      return typeof value === 'number' ? [] : fail;
    case 'boolean':
      return typeof value === 'boolean' ? [] : fail;
    case 'json':
      return typeof value === 'object' || typeof value === 'string' ? [] : fail;
    case 'tag':
      return z.strictObject({ Key: z.string(), Value: z.unknown() }).safeParse(value).success ? [] : fail;
    case 'array':
      if (!Array.isArray(value)) return fail;
      return value.flatMap((item, index) => checkValue(type.element, item, `${path}[${index}]`));
    case 'map':
      if (typeof value !== 'object' || value === null) return fail;
      return Object.entries(value).flatMap(([key, item]) => checkValue(type.element, item, `${path}.${key}`));
    case 'union': {
      const findings = type.types.map((one) => checkValue(one, value, path));
      return findings.some(({ length }) => length === 0) ? [] : (findings[0] ?? fail);
    }
    case 'ref':
      if (typeof value !== 'object' || value === null) return fail;
      return checkProperties(spec.get('typeDefinition', type.reference).properties, value, path);
    default:
      return fail;
  }
}

function isIntrinsic(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const [key = '', ...others] = Object.keys(value);
  return others.length === 0 && (key === 'Ref' || key.startsWith('Fn::'));
}

/** Every Ref, GetAtt and Sub names a resource of the template, or one of CloudFormation's own variables. */
function checkReferences(value: unknown, path: string, ids: ReadonlySet<string>): readonly string[] {
  if (typeof value !== 'object' || value === null) return [];
  const known = (name: string, also: object = {}) =>
    ids.has(name) || name.startsWith('AWS::') || Object.hasOwn(also, name);
  return Object.entries(value).flatMap(([key, item]: [string, unknown]) => {
    const here = `${path}.${key}`;
    const names = [
      ...(key === 'Ref' ? z.tuple([z.string()]).parse([item]) : []),
      ...(key === 'Fn::GetAtt' ? z.tuple([z.string()], z.unknown()).parse(item).slice(0, 1) : []),
    ].map(String);
    const inText =
      key === 'Fn::Sub' ? namesInSub(item).filter((name) => !known(name, valuesOfSub(item))) : [];
    return [
      ...[...names.filter((name) => !known(name)), ...inText].map((name) => `${here}: there is no ${name}`),
      ...checkReferences(item, here, ids),
    ];
  });
}

function namesInSub(item: unknown): readonly string[] {
  const text = z.string().parse(Array.isArray(item) ? item[0] : item);
  return [...text.matchAll(/\$\{([^!}.][^}.]*)[^}]*\}/g)].map(([, name = '']) => name);
}

function valuesOfSub(item: unknown): object {
  return z
    .object({})
    .loose()
    .parse(Array.isArray(item) ? item[1] : {});
}
