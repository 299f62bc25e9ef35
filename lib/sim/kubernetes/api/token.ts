import { isObject, parseJson } from '../wire/json.ts';
import { ApiError, failures } from './status.ts';

/** Where a paged listing goes on: opaque to clients. */
export interface ContinueToken {
  /** Version of the listing's first page; -1 for "whatever is there now", as handed out with a 410. */
  readonly version: number;
  /** The rest begins at or after this key, relative to what is listed. */
  readonly start: string;
}

/** The token in the form of a real API server: JSON in unpadded base64url. */
export function encodeToken({ version, start }: ContinueToken): string {
  return Buffer.from(JSON.stringify({ v: 'meta.k8s.io/v1', rv: version, start: `/${start}` })).toString(
    'base64url',
  );
}

/** Reads a token; throws the server's own 400 for what is none. */
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

/** How Go's JSON decoder puts it for a word that begins like a literal, and for anything else. */
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
