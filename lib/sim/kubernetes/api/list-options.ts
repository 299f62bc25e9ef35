import type { FleetRequest } from '../../faults.ts';
import { isList, isObject, type JsonObject, objectAt, parseJson, textAt } from '../wire/json.ts';
import type { Resource } from './resources.ts';
import { ApiError, failures } from './status.ts';

/** Options of a list or watch request. */
export interface ListOptions {
  readonly watch: boolean;
  readonly bookmarks: boolean;
  /** A streaming list: a watch that begins with all objects. */
  readonly initialEvents: boolean;
  /** 0: all. */
  readonly limit: number;
  readonly token: ContinueToken | undefined;
  /** Undefined: the newest version. 0: any version. */
  readonly version: number | undefined;
  readonly exact: boolean;
  /** Undefined: every object. */
  readonly matches: Matches | undefined;
  /** The selectors as a string. Equal strings select the same objects. */
  readonly selection: string;
}

/**
 * Reads and checks the query. `watchList` allows streaming lists. Throws an `ApiError` with the server's 400 or 422.
 */
export function readListOptions(
  { query }: FleetRequest,
  resource: Resource,
  watchList: boolean,
): ListOptions {
  const watch = flag(query.get('watch'));
  const version = query.get('resourceVersion') ?? '';
  const match = query.get('resourceVersionMatch') ?? '';
  const token = query.get('continue') ?? '';
  const initialEvents = query.get('sendInitialEvents');
  checkCombination({ watch, version, match, token, initialEvents, watchList });
  if (token !== '' && version !== '' && version !== '0')
    throw new ApiError(failures.badRequest('specifying resource version is not allowed when using continue'));

  const labels = query.get('labelSelector') ?? '';
  const fields = query.get('fieldSelector') ?? '';
  const byLabels = labels === '' ? undefined : readLabelSelector(labels);
  const byFields = fields === '' ? undefined : readFieldSelector(fields, resource);
  return {
    watch,
    bookmarks: flag(query.get('allowWatchBookmarks')),
    initialEvents: flag(initialEvents),
    limit: number('limit', query.get('limit') ?? ''),
    token: token === '' ? undefined : decodeToken(token),
    version: version === '' ? undefined : number('resourceVersion', version),
    exact: match === 'Exact',
    matches: byLabels && byFields ? (object) => byLabels(object) && byFields(object) : (byLabels ?? byFields),
    selection: `${labels}&${fields}`,
  };
}

interface Combination {
  readonly watch: boolean;
  readonly version: string;
  readonly match: string;
  readonly token: string;
  readonly initialEvents: string | null;
  readonly watchList: boolean;
}

/** The rules of pkg/apis/meta/internalversion/validation of k8s.io/apimachinery. */
function checkCombination({ watch, version, match, token, initialEvents, watchList }: Combination): void {
  const field = 'resourceVersionMatch';
  if (initialEvents !== null) {
    if (!watch) throw refusal('sendInitialEvents', 'sendInitialEvents is forbidden for list');
    if (match !== 'NotOlderThan')
      throw refusal(field, `sendInitialEvents requires setting ${field} to NotOlderThan`);
    if (!watchList)
      throw refusal(
        'sendInitialEvents',
        'sendInitialEvents is forbidden for watch unless the WatchList feature gate is enabled',
      );
    return;
  }
  if (match === '') return;
  if (watch) throw refusal(field, `${field} is forbidden for watch unless sendInitialEvents is provided`);
  if (version === '') throw refusal(field, `${field} is forbidden unless resourceVersion is provided`);
  if (token !== '') throw refusal(field, `${field} is forbidden when continue is provided`);
  if (match !== 'Exact' && match !== 'NotOlderThan') throw refusal(field, `unsupported value '${match}'`);
  if (match === 'Exact' && version === '0')
    throw refusal(field, `${field} "exact" is forbidden for resourceVersion "0"`);
}

function refusal(field: string, problem: string): ApiError {
  return new ApiError(failures.invalidOption(field, problem));
}

function flag(value: string | null): boolean {
  return value !== null && value !== 'false' && value !== '0';
}

function number(name: string, text: string): number {
  if (text === '') return 0;
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new ApiError(failures.badRequest(`${name}: strconv.ParseInt: parsing "${text}": invalid syntax`));
}

/** The position of a paged list. Clients must not look into it. */
export interface ContinueToken {
  /** Version of the listing's first page. -1, which comes with a 410, stands for the newest version. */
  readonly version: number;
  /** The rest begins at this key or after it. The key is relative to the path of the list. */
  readonly start: string;
}

/** The token in the form of a real API server: JSON in unpadded base64url. */
export function encodeToken({ version, start }: ContinueToken): string {
  return Buffer.from(JSON.stringify({ v: 'meta.k8s.io/v1', rv: version, start: `/${start}` })).toString(
    'base64url',
  );
}

/** Reads a continue token. Throws an `ApiError` with the server's 400 for an invalid one. */
export function decodeToken(text: string): ContinueToken {
  const raw = Buffer.from(text, 'base64url').toString();
  const token = parseJson(raw);
  if (!isObject(token)) {
    if (token !== undefined) throw invalid('incorrect type');
    throw invalid(goSyntaxError(raw));
  }
  const { v, rv, start } = token;
  if (v !== 'meta.k8s.io/v1')
    throw invalid(`server does not recognize this encoded version ${JSON.stringify(v)}`);
  if (typeof rv !== 'number' || rv === 0)
    throw invalid('incorrect encoded start resourceVersion (version meta.k8s.io/v1)');
  if (typeof start !== 'string' || start === '')
    throw invalid('encoded start key empty (version meta.k8s.io/v1)');
  return { version: rv, start: start.replace(/^\//, '') };
}

function invalid(problem: string): ApiError {
  return new ApiError(failures.badRequest(`invalid continue token: continue key is not valid: ${problem}`));
}

/** The words of Go's JSON decoder for a word that begins like a literal, and for other text. */
function goSyntaxError(raw: string): string {
  for (const literal of ['null', 'true', 'false']) {
    if (raw[0] !== literal[0]) continue;
    const at = [...literal].findIndex((letter, index) => raw[index] !== letter);
    if (raw[at] !== undefined)
      return `invalid character '${raw[at]}' in literal ${literal} (expecting '${literal[at]}')`;
  }
  return raw === ''
    ? 'unexpected end of JSON input'
    : `invalid character '${raw[0]}' looking for beginning of value`;
}

/** Whether a selector selects the object. */
type Matches = (object: JsonObject) => boolean;

/**
 * A label selector: `a=b`, `a==b`, `a!=b`, `a in (b,c)`, `a notin (b,c)`, `a`, `!a`, joined by commas. Throws the
 * server's 400 if it cannot be read.
 */
function readLabelSelector(text: string): Matches {
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
function readFieldSelector(text: string, resource: Resource): Matches {
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

/** Kinds with selectable fields of their own use other words than kinds without. */
function notSelectable(path: string, { selectable }: Resource): string {
  return selectable.length > 0
    ? `field label not supported: ${path}`
    : `"${path}" is not a known field selector: only "metadata.name", "metadata.namespace"`;
}

function fieldOf(object: JsonObject, path: string): string {
  const keys = path.split('.');
  const last = keys.pop() ?? '';
  const owner = objectAt(object, ...keys);
  if (booleanFields.has(path)) return String(owner[last] === true);
  if (path === 'status.podIPs') {
    const ips = owner[last];
    return isList(ips) ? ips.map((entry) => (isObject(entry) ? textAt(entry, 'ip') : '')).join(',') : '';
  }
  return textAt(owner, last);
}

const booleanFields: ReadonlySet<string> = new Set(['spec.unschedulable', 'spec.hostNetwork']);
