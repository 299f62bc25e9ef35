import { MusterError } from './errors.ts';

/** JSON text as a value, for a schema to check. `name` names it in messages. Throws kind `malformed`. */
export function parseJson(text: string, name?: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new MusterError('malformed', `${name === undefined ? '' : `${name}: `}not JSON: ${why}`, { cause });
  }
}

/**
 * JSON text, or its UTF-8 bytes, as a value for a schema to check; undefined if it is not JSON. For text that may
 * contain a secret, which the parser's error would quote.
 */
export function tryParseJson(text: string | Uint8Array): unknown {
  try {
    return JSON.parse(typeof text === 'string' ? text : new TextDecoder().decode(text));
  } catch {
    return undefined;
  }
}
