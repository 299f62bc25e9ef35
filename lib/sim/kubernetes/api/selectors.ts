import { isList, isObject, type JsonObject, objectAt, textAt } from '../wire/json.ts';
import type { Resource } from './resources.ts';
import { ApiError, failures } from './status.ts';

/** Whether an object is meant. */
export type Matches = (object: JsonObject) => boolean;

/**
 * A label selector: `a=b`, `a==b`, `a!=b`, `a in (b,c)`, `a notin (b,c)`, `a`, `!a`, joined by commas. Throws the
 * server's 400 where it cannot be read.
 */
export function readLabelSelector(text: string): Matches {
  const requirements: Matches[] = [];
  let rest = text.trim();
  while (rest !== '') {
    const [whole, not, key = '', set, list = '', operator, value = ''] = requirement.exec(rest) ?? [];
    if (whole === undefined) throw badLabelSelector(rest);
    rest = rest.slice(whole.length);
    if (rest !== '' && !rest.startsWith(',')) throw badLabelSelector(rest);
    rest = rest.replace(/^,\s*/, '');
    const values = set ? list.split(',').map((each) => each.trim()) : [value];
    const kind = not
      ? 'absent'
      : !set && !operator
        ? 'present'
        : set === 'notin' || operator === '!='
          ? 'out'
          : 'in';
    requirements.push((object) => {
      const labels = objectAt(object, 'metadata', 'labels');
      return meets(Object.hasOwn(labels, key) ? labels[key] : undefined, kind, values);
    });
  }
  return (object) => requirements.every((matches) => matches(object));
}

const requirement =
  /^\s*(?:(!)\s*)?([\w./-]+)\s*(?:(in|notin)\s*\(([^()]*)\)|(==?|!=)\s*([\w.-]*))?\s*(?=,|$)/;

function meets(
  value: unknown,
  kind: 'absent' | 'present' | 'in' | 'out',
  values: readonly string[],
): boolean {
  if (kind === 'absent' || kind === 'present') return (value === undefined) === (kind === 'absent');
  const among = typeof value === 'string' && values.includes(value);
  return among === (kind === 'in');
}

function badLabelSelector(rest: string): ApiError {
  return new ApiError(
    failures.badRequest(`unable to parse requirement: found '${rest[0]}', expected: identifier`),
  );
}

/** A field selector: `a=b`, `a==b`, `a!=b`, joined by commas. Throws the server's 400 for fields it does not know. */
export function readFieldSelector(text: string, resource: Resource): Matches {
  const terms = text.split(/(?<!\\),/).filter((term) => term !== '');
  const requirements = terms.map((term): Matches => {
    const [, path, operator, escaped = ''] = /^([^=!]*)(==?|!=)(.*)$/.exec(term) ?? [];
    if (path === undefined)
      throw new ApiError(failures.badRequest(`invalid selector: '${text}'; can't understand '${term}'`));
    if (!isSelectable(path, resource)) throw new ApiError(failures.badRequest(notSelectable(path, resource)));
    const value = escaped.replace(/\\([\\,=])/g, '$1');
    return (object) => (fieldOf(object, path) === value) === (operator !== '!=');
  });
  return (object) => requirements.every((matches) => matches(object));
}

function isSelectable(path: string, { namespaced, selectable }: Resource): boolean {
  return (
    path === 'metadata.name' || (namespaced && path === 'metadata.namespace') || selectable.includes(path)
  );
}

/** Kinds with selectable fields of their own put it differently from those without. */
function notSelectable(path: string, { selectable }: Resource): string {
  return selectable.length > 0
    ? `field label not supported: ${path}`
    : `"${path}" is not a known field selector: only "metadata.name", "metadata.namespace"`;
}

function fieldOf(object: JsonObject, path: string): string {
  const keys = path.split('.');
  const last = keys.pop() ?? '';
  const owner = objectAt(object, ...keys);
  if (flags.has(path)) return String(owner[last] === true);
  if (path === 'status.podIPs') {
    const ips = owner[last];
    return isList(ips) ? ips.map((entry) => (isObject(entry) ? textAt(entry, 'ip') : '')).join(',') : '';
  }
  return textAt(owner, last);
}

const flags: ReadonlySet<string> = new Set(['spec.unschedulable', 'spec.hostNetwork']);
