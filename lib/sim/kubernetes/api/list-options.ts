import type { FleetRequest } from '../../faults.ts';
import type { Resource } from './resources.ts';
import { type Matches, readFieldSelector, readLabelSelector } from './selectors.ts';
import { ApiError, failures } from './status.ts';
import { type ContinueToken, decodeToken } from './token.ts';

/** What a list or watch asks for. */
export interface ListOptions {
  readonly watch: boolean;
  readonly bookmarks: boolean;
  /** A streaming list: a watch that begins with all there is. */
  readonly initialEvents: boolean;
  /** 0: all. */
  readonly limit: number;
  readonly token: ContinueToken | undefined;
  /** Undefined: the newest, whatever it costs; 0: any. */
  readonly version: number | undefined;
  readonly exact: boolean;
  /** Undefined: every object. */
  readonly matches: Matches | undefined;
  /** The selectors as text: equal texts select alike. */
  readonly selection: string;
}

/** Reads and checks the query; `watchList`: the server knows streaming lists. Throws the server's own 400 or 422. */
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
