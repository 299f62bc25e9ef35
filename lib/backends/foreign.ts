import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import * as z from 'zod';
import { heedSignals } from '../base/deadlines.ts';
import { codeOf, isMusterError, MusterError, oneLine } from '../base/errors.ts';
import { bool, duration, int, list, nonEmptyText, oneOf } from '../config/fields.ts';
import { httpClientFields, withHttpClient } from '../config/http-client.ts';
import { mechanismKeys } from '../config/prometheus-keys.ts';
import { httpSdConfig, ownFields, serverUrl } from '../config/sd-config.ts';
import type { HttpClient } from '../http/client.ts';
import { addressLabel, isLabelName, type TargetGroup } from '../targets/group.ts';
import type { Mechanism, MechanismInput } from './mechanism.ts';

/** The SD config of a backend from outside. */
export type ForeignConfig = z.output<ReturnType<typeof schemaOf>>;

/** Its own keys beside those that every SD config has; `own` has them apart once they are read. */
function schemaOf(refresh: string, fields: Readonly<Record<string, z.ZodType>>) {
  return httpSdConfig(refresh, { ...fields, ...ownFields }).transform((config) => {
    const { refresh_interval, muster, http } = withHttpClient(config);
    const own = Object.fromEntries(Object.entries(config).filter(([key]) => Object.hasOwn(fields, key)));
    return { refresh_interval, muster, http, own };
  });
}

/**
 * Loads the backend that a file exports by default, see lib/library/backend.ts. `path` starts from the folder. The file
 * is run as code, once for a process. Throws kind `config` for a file that is missing, fails to load or exports no
 * backend.
 */
export async function loadBackendFile(path: string, directory: string): Promise<Mechanism<ForeignConfig>> {
  if (/^[a-z][a-z0-9+.-]+:/i.test(path))
    throw new MusterError('config', 'must be the path of a file on this machine, as in ./my-backend.mjs');
  const file = resolve(directory, path);
  let exported: unknown;
  try {
    ({ default: exported } = await import(pathToFileURL(file).href));
  } catch (cause) {
    const isMissing = codeOf(cause) === 'ERR_MODULE_NOT_FOUND' && String(cause).includes(`'${file}'`);
    const why = isMissing
      ? 'there is no such file'
      : oneLine(cause instanceof Error ? cause.message : String(cause));
    throw new MusterError('config', `cannot be loaded: ${why}`, { cause });
  }
  return backendFrom(exported);
}

const callable = z.custom<(...args: readonly unknown[]) => unknown>((value) => typeof value === 'function', {
  error: 'must be a function',
});

const fieldSchema = z.object({
  type: z.enum(['text', 'url', 'int', 'bool', 'duration', 'oneOf', 'textList']),
  default: z.union([z.string(), z.number(), z.boolean()]).optional(),
  optional: z.boolean().optional(),
  min: z.number().optional(),
  max: z.number().optional(),
  words: z.array(z.string()).optional(),
  check: callable.optional(),
});

type FieldData = z.output<typeof fieldSchema>;

const reserved = ['refresh_interval', 'muster'];

const backendSchema = z.object({
  api: z.literal(1, { error: 'must be 1: the backend was made for another version of Muster' }),
  name: z.string().regex(/^[a-z][a-z0-9]{0,30}$/, 'must be lower-case letters and digits'),
  fields: z.record(
    z.string().regex(/^[a-z][a-z0-9_]*$/, 'must be lower-case letters, digits and _'),
    fieldSchema,
  ),
  refresh: z.string(),
  server: callable,
  list: callable,
});

/**
 * What a file exports as a mechanism. Throws kind `config` where it is no backend, or has the name or the keys of
 * something that Muster or Prometheus has.
 */
export function backendFrom(exported: unknown): Mechanism<ForeignConfig> {
  const parsed = backendSchema.safeParse(exported, { jitless: true });
  if (!parsed.success) {
    const [{ path = [], message = '' } = {}] = parsed.error.issues;
    const where = path.length === 0 ? 'its default export' : path.join('.');
    throw new MusterError('config', `is no backend: ${where} ${message}; make it with defineBackend`);
  }
  const { name, fields, refresh, server, list: listGroups } = parsed.data;
  const configKey = `${name}_sd_configs`;
  if (mechanismKeys.includes(configKey) || ['static', 'file'].includes(name))
    throw new MusterError(
      'config',
      `cannot be called ${name}: Prometheus or Muster has a mechanism of that name`,
    );
  const taken = Object.keys(fields).find(
    (key) => reserved.includes(key) || Object.hasOwn(httpClientFields, key),
  );
  if (taken !== undefined)
    throw new MusterError('config', `cannot have a key ${taken}: every SD config has one of that name`);
  const readers = Object.fromEntries(Object.entries(fields).map(([key, field]) => [key, readerOf(field)]));
  return {
    name,
    configKey,
    schema: schemaOf(refresh, readers),
    server({ own }) {
      const found = server(own);
      return typeof found === 'string' ? found : name;
    },
    async *discover({ http, own }, input) {
      const client = await input.openHttp(http);
      try {
        for await (const group of heeding(listGroups(own, foreignInput(client, input)), name, input.signal))
          yield [groupFrom(group)];
      } catch (error) {
        throw named(name, error);
      }
      return undefined;
    },
  };
}

/** The schema of a key. */
function readerOf(field: FieldData): z.ZodType {
  const { default: byDefault, optional: isOptional = false, check } = field;
  const plain = plainReader(field);
  const checked =
    check === undefined
      ? plain
      : plain.superRefine((value, context) => {
          const message = check(value);
          if (typeof message === 'string') context.addIssue({ code: 'custom', message });
        });
  if (byDefault !== undefined) return checked.prefault(byDefault);
  return isOptional ? checked.optional() : checked;
}

function plainReader({ type, min, max, words = [] }: FieldData): z.ZodType {
  switch (type) {
    case 'text':
      return nonEmptyText();
    case 'url':
      return serverUrl;
    case 'int':
      return int({ ...(min !== undefined && { min }), ...(max !== undefined && { max }) });
    case 'bool':
      return bool();
    case 'duration':
      return duration();
    case 'oneOf':
      return oneOf(words);
    case 'textList':
      return list(nonEmptyText());
  }
}

function foreignInput(client: HttpClient, { signal, directory = '.', warn }: MechanismInput) {
  const requestOf = (url: unknown, options: unknown) => {
    const target = typeof url === 'string' || url instanceof URL ? URL.parse(String(url)) : null;
    if (target === null) throw new MusterError('config', 'a request needs a URL, as in http://server/path');
    const { method = 'GET', headers, body } = requestOptions.parse(options ?? {});
    return { url: target, method, headers, body, signal };
  };
  return {
    signal,
    directory,
    warn: (message: unknown) => warn(oneLine(String(message))),
    http: {
      json: (url: unknown, options: unknown) => client.getJson(requestOf(url, options), z.unknown()),
      text: async (url: unknown, options: unknown) =>
        client.read(requestOf(url, options), ({ body }) => new TextDecoder().decode(body)),
    },
  };
}

const requestOptions = z.object({
  method: z.enum(['GET', 'POST']).optional(),
  headers: z.record(z.string(), z.string()).optional(),
  body: z.string().optional(),
});

const labelSet = z.record(z.string().refine(isLabelName, 'is no name of a label'), z.string());

const groupSchema = z.object({
  source: z.string().min(1),
  labels: labelSet.default({}),
  targets: z.array(
    z.union([
      z
        .string()
        .min(1)
        .transform((address) => ({ [addressLabel]: address })),
      labelSet,
    ]),
  ),
});

/** A group of a backend from outside, checked: what is wrong with one fails the listing. */
function groupFrom(group: unknown): TargetGroup {
  const parsed = groupSchema.safeParse(group, { jitless: true });
  if (!parsed.success) {
    const [{ path = [], message = '' } = {}] = parsed.error.issues;
    throw new MusterError('malformed', `it listed something that is no group: ${path.join('.')}: ${message}`);
  }
  const { source, labels, targets } = parsed.data;
  const bare = targets.findIndex((target) => !target[addressLabel] && !labels[addressLabel]);
  if (bare >= 0)
    throw new MusterError('malformed', `group ${source}: targets.${bare} has no ${addressLabel}`);
  return { source, labels, targets };
}

/** The same groups; ends with the signal, also where the backend does not heed it. */
async function* heeding(
  groups: unknown,
  backend: string,
  signal: AbortSignal,
): AsyncGenerator<unknown, undefined> {
  if (!isAsyncIterable(groups)) throw new MusterError('malformed', 'its list is no async generator');
  const iterator = groups[Symbol.asyncIterator]();
  let isWaiting = true;
  try {
    for (;;) {
      const next = await heedSignals(iterator.next(), [signal], `while the backend ${backend} was listing`);
      isWaiting = false;
      if (next.done === true) return undefined;
      yield next.value;
      isWaiting = true;
    }
  } finally {
    // One that still waits for something else would only return when it has that.
    if (!isWaiting) await iterator.return?.();
  }
}

function isAsyncIterable(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value;
}

/** Kinds of errors that a backend may throw. Its MusterError may come from another copy of Muster. */
const kinds = z.object({
  name: z.literal('MusterError'),
  kind: z.enum([
    ...['config', 'unreachable', 'tls', 'denied', 'not-found', 'expired', 'throttled', 'status', 'redirect'],
    ...['malformed', 'too-large', 'timeout'],
  ] as const),
  message: z.string(),
});

function named(backend: string, error: unknown): unknown {
  if (isMusterError(error)) return error;
  const { data } = kinds.safeParse(error);
  if (data !== undefined) return new MusterError(data.kind, data.message, { cause: error });
  if (error instanceof Error && error.name === 'AbortError') return error;
  const message = error instanceof Error ? error.message : String(error);
  return new MusterError('malformed', `the backend ${backend} failed: ${message}`, { cause: error });
}
