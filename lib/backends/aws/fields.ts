import { type LabelSet, sanitizeLabelName } from '../../targets/group.ts';

/** The fields of an object of the API, by their names in the SDK. */
export type Fields = Readonly<Record<string, unknown>>;

/**
 * A label for each field of the table that the object has, as in `{Endpoint.Port: 'endpoint_port'}`. The prefix comes before
 * the name and `suffix` after it. Times are RFC 3339 without fractions, as in Go; commas join lists.
 */
export function fieldLabels(
  source: Fields,
  table: Readonly<Record<string, string>>,
  prefix: string,
  suffix = '',
): LabelSet {
  return Object.fromEntries(
    Object.entries(table).flatMap(([path, name]) => {
      const value = textOf(valueAt(source, path.split('.')));
      return value === '' ? [] : [[`${prefix}${name}${suffix}`, value]];
    }),
  );
}

function valueAt(value: unknown, [name, ...rest]: readonly string[]): unknown {
  if (name === undefined) return value;
  return isFields(value) && Object.hasOwn(value, name) ? valueAt(value[name], rest) : undefined;
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null;
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return value.toFixed(0);
  if (typeof value === 'boolean') return String(value);
  if (value instanceof Date) return value.toISOString().replace(/\.\d+Z$/, 'Z');
  return Array.isArray(value) ? value.map(textOf).join(',') : '';
}

interface Tag {
  readonly Key?: string | undefined;
  readonly Value?: string | undefined;
}

/** A label for each tag. Where two names become one, the later tag wins. */
export function tagLabels(prefix: string, tags: readonly Tag[]): LabelSet {
  return Object.fromEntries(
    tags.flatMap(({ Key, Value }) =>
      Key === undefined || Value === undefined ? [] : [[prefix + sanitizeLabelName(Key), Value]],
    ),
  );
}
