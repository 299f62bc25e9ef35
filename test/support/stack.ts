import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import * as z from 'zod';
import { readCustom, type Settings } from '../../infra/stack/settings.ts';
import { functions, resources } from '../../infra/stack/stack.ts';
import { type Template, templateSchema } from './cloudformation.ts';

const file = z.object({
  params: z.object({ default: z.record(z.string(), z.unknown()) }),
  provider: z.looseObject({ runtime: z.string(), architecture: z.string() }),
  custom: z.object({
    settings: z.record(z.string(), z.unknown()),
    backends: z.record(z.string(), z.record(z.string(), z.unknown())),
  }),
});

/** serverless.yml as it stands. */
export function readServiceFile(): z.output<typeof file> {
  const path = join(import.meta.dirname, '../../serverless.yml');
  return file.parse(parse(readFileSync(path, 'utf8')));
}

/** Our part of the template with these parameters, without the Serverless Framework. */
export async function makeStack(params: Readonly<Record<string, string>>): Promise<Template> {
  const custom = fillCustom(params);
  return templateSchema.parse(await resources({ resolveConfigurationProperty: async () => custom }));
}

/** The functions with these parameters, in the words of serverless.yml, by their keys there. */
export async function makeFunctions(
  params: Readonly<Record<string, string>>,
): Promise<Readonly<Record<string, z.output<typeof functionSchema>>>> {
  const custom = fillCustom(params);
  const made = await functions({ resolveConfigurationProperty: async () => custom });
  return z.record(z.string(), functionSchema).parse(made);
}

const functionSchema = z.strictObject({
  name: z.string(),
  description: z.string(),
  handler: z.string(),
  package: z.unknown(),
  memorySize: z.number(),
  timeout: z.number(),
  role: z.string(),
  environment: z.record(z.string(), z.unknown()),
  maximumRetryAttempts: z.number(),
  maximumEventAge: z.number(),
  destinations: z.object({ onFailure: z.object({ type: z.literal('sqs'), arn: z.unknown() }) }).optional(),
  reservedConcurrency: z.number().optional(),
  vpc: z.object({ subnetIds: z.string().array(), securityGroupIds: z.string().array() }).optional(),
});

/** The settings with these parameters. */
export function makeSettings(params: Readonly<Record<string, string>>): Settings {
  return readCustom(fillCustom(params)).settings;
}

/** All backends, where nothing else is asked for. */
function fillCustom(params: Readonly<Record<string, string>>): object {
  const { params: presets, custom } = readServiceFile();
  const values: Readonly<Record<string, unknown>> = { ...presets.default, backends: 'all', ...params };
  const fill = (value: unknown): unknown => {
    if (typeof value !== 'string') return value;
    const name = /^\$\{param:(\w+)\}$/.exec(value)?.[1];
    return name === undefined ? value.replaceAll(/\$\{[^}]*\}/g, 'x') : values[name];
  };
  const fillAll = (section: object) =>
    Object.fromEntries(Object.entries(section).map(([key, value]) => [key, fill(value)]));
  return {
    settings: { ...fillAll(custom.settings), stack: 'muster-test' },
    backends: Object.fromEntries(
      Object.entries(custom.backends).map(([name, stanza]) => [name, fillAll(stanza)]),
    ),
  };
}
