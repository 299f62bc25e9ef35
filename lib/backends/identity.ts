import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import * as z from 'zod';
import { isMapping, plainValue, scalarText } from '../config/fields.ts';
import { Secret } from '../config/secret.ts';

/**
 * What a provider lists: the keys of its stanza that select the backend, the account and the targets, where they differ
 * from their default. Keys are sorted; lists are sets and sorted too. A credential stands as its reference, an inline
 * one as `inline`; an inline user name stands as it is.
 */
export interface Identity {
  readonly [key: string]: IdentityValue;
}

type IdentityValue = string | number | boolean | null | readonly IdentityValue[] | Identity;

/** How `identityOf` reads a stanza. */
export interface IdentityInput {
  readonly mechanism: string;
  readonly schema: z.ZodType;
  /** The mechanism's own keys that change how it lists, not what: `muster.page_size`. */
  readonly incidental: readonly string[];
}

/**
 * The identity of a stanza that the schema has accepted. It is made only of the keys that the stanza has, so that a key
 * which a later version adds with a default changes no identity.
 */
export function identityOf(stanza: unknown, { mechanism, schema, incidental }: IdentityInput): Identity {
  const ignored = new Set([...incidentalKeys, ...incidental]);
  const own = identityAt(schema, stanza, '', ignored);
  const keys = Object.entries(own !== undefined && isIdentity(own) ? own : {});
  return sorted([...keys, ['mechanism', mechanism]]);
}

/** The digest of an identity: 32 hexadecimal digits. */
export function digestIdentity(identity: Identity): string {
  return createHash('sha256').update(JSON.stringify(identity)).digest('hex').slice(0, 32);
}

/** Keys of all mechanisms that change how a provider lists, not what. */
const incidentalKeys = [
  'refresh_interval',
  'tls_config',
  'oauth2.tls_config',
  'follow_redirects',
  'enable_http2',
  'muster.name',
];

/** The part of the identity at the path, as the schema reads it; undefined if nothing of it counts. */
function identityAt(
  schema: z.core.$ZodType,
  input: unknown,
  path: string,
  ignored: ReadonlySet<string>,
): IdentityValue | undefined {
  const form = formOf(schema);
  if (form instanceof z.ZodObject && isMapping(input)) {
    const counted = Object.entries(input).flatMap(([key, value]): [string, IdentityValue][] => {
      const field: z.core.$ZodType | undefined = Object.hasOwn(form.shape, key) ? form.shape[key] : undefined;
      const keyPath = path === '' ? key : `${path}.${key}`;
      if (field === undefined || value === null || ignored.has(keyPath) || isDefault(field, value)) return [];
      const part = identityAt(field, value, keyPath, ignored);
      return part === undefined ? [] : [[key, part]];
    });
    return counted.length === 0 ? undefined : sorted(counted);
  }
  if (form instanceof z.ZodRecord && isMapping(input)) {
    const values = Object.entries(input).flatMap(([key, value]): [string, IdentityValue][] => {
      const part = identityAt(form.valueType, value, `${path}.*`, ignored);
      return part === undefined ? [] : [[key, part]];
    });
    return sorted(values);
  }
  if (form instanceof z.ZodArray && Array.isArray(input)) {
    const items = input.map((item) => identityAt(form.element, item, path, ignored));
    return asSet(items.filter((item) => item !== undefined));
  }
  return leafOf(read(schema, input), input, path);
}

/** The schema of the keys, items or scalar itself, without the pipes, defaults and transforms around it. */
function formOf(schema: z.core.$ZodType): z.core.$ZodType {
  if (schema instanceof z.ZodPipe)
    return formOf(schema.in instanceof z.ZodTransform ? schema.out : schema.in);
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodPrefault || schema instanceof z.ZodDefault)
    return formOf(schema.unwrap());
  return schema;
}

function isDefault(field: z.core.$ZodType, value: unknown): boolean {
  const byDefault = z.safeParse(field, undefined, { jitless: true });
  return byDefault.success && isDeepStrictEqual(read(field, value), byDefault.data);
}

function read(schema: z.core.$ZodType, input: unknown): unknown {
  return z.parse(schema, input, { jitless: true });
}

/** A value without parts: a scalar, or values without a schema of their own. */
function leafOf(value: unknown, input: unknown, path: string): IdentityValue | undefined {
  if (value === undefined) return undefined;
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return value;
  if (value instanceof URL) return withoutPassword(value);
  if (isMapping(value) && 'from' in value) {
    if ('path' in value && typeof value.path === 'string') return value.path;
    if ('ref' in value && typeof value.ref === 'string') return value.ref;
    const isUser = /(?:^|\.)username$/.test(path);
    return isUser && 'secret' in value && value.secret instanceof Secret ? value.secret.reveal() : 'inline';
  }
  return scalarText(input) ?? plain(plainValue(input));
}

function withoutPassword(url: URL): string {
  const shown = new URL(url.href);
  if (shown.password !== '') shown.password = 'inline';
  return shown.href;
}

function plain(value: unknown): IdentityValue {
  if (Array.isArray(value)) return value.map(plain);
  if (isMapping(value)) return sorted(Object.entries(value).map(([key, part]) => [key, plain(part)]));
  return scalarText(value) ?? null;
}

function sorted(entries: readonly (readonly [string, IdentityValue])[]): Identity {
  return Object.fromEntries(entries.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

function asSet(items: readonly IdentityValue[]): readonly IdentityValue[] {
  const byText = new Map(items.map((item) => [JSON.stringify(item), item]));
  return [...byText].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, item]) => item);
}

function isIdentity(value: IdentityValue): value is Identity {
  return isMapping(value);
}
