/** A member of a serverset, as Finagle and Aurora write it. */
export interface ServersetMember {
  readonly serviceEndpoint: Endpoint;
  readonly additionalEndpoints: ReadonlyMap<string, Endpoint>;
  readonly status: string;
  /** Digits of a 64-bit integer, like the port. */
  readonly shard: string;
}

/** Where a member listens. */
export interface Endpoint {
  readonly host: string;
  readonly port: string;
}

/** A service as Airbnb's Nerve writes it. */
export interface NerveMember extends Endpoint {
  readonly name: string;
}

/** The member in a node's data; undefined if the data is something else, as in nodes above members. */
export function parseServersetMember(data: Uint8Array): ServersetMember | undefined {
  return parse(data, serversetMember, {
    serviceEndpoint: nowhere,
    additionalEndpoints: new Map(),
    status: '',
    shard: '0',
  });
}

/** The same for Nerve. */
export function parseNerveMember(data: Uint8Array): NerveMember | undefined {
  return parse(data, nerveMember, { ...nowhere, name: '' });
}

function parse<T>(data: Uint8Array, decode: Decode<T>, nothing: T): T | undefined {
  try {
    return decode(parseJsonTokens(decoder.decode(data)), nothing);
  } catch {
    return undefined;
  }
}

/** As in Go, invalid UTF-8 becomes U+FFFD, and a byte order mark is not JSON. */
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/**
 * Decodes a value over the one before it, as Go's encoding/json decodes into a variable: when a key comes twice, the
 * later value is written over, or into, the earlier one. Throws when the value has another type.
 */
type Decode<T> = (value: JsonToken, before: T) => T;

const text: Decode<string> = (value, before) => {
  if (value.kind === 'null') return before;
  return value.kind === 'text' ? value.text.toWellFormed() : mismatch();
};

/** An integer as Go reads it: not `8080.0`, not `8e3`. */
const integer: Decode<string> = (value, before) => {
  if (value.kind === 'null') return before;
  if (value.kind !== 'number' || !/^-?\d+$/.test(value.source)) return mismatch();
  const number = BigInt(value.source);
  return BigInt.asIntN(64, number) === number ? String(number) : mismatch();
};

/** Decodes a struct as Go does: keys in any case (writers mix them), other keys ignored, null changes nothing. */
function struct<T>(fields: Readonly<Record<string, Decode<T>>>): Decode<T> {
  const named = Object.entries(fields).map(
    ([name, decode]) => [new RegExp(`^${name}$`, 'iu'), decode] as const,
  );
  return (value, before) => {
    if (value.kind === 'null') return before;
    if (value.kind !== 'object') return mismatch();
    return value.entries.reduce((result, [key, each]) => {
      const [, decode] = named.find(([name]) => name.test(key)) ?? [];
      return decode === undefined ? result : decode(each, result);
    }, before);
  };
}

const endpoint = struct<Endpoint>({
  host: (value, before) => ({ ...before, host: text(value, before.host) }),
  port: (value, before) => ({ ...before, port: integer(value, before.port) }),
});

const nowhere: Endpoint = { host: '', port: '0' };

/** Decodes a map as Go does: null empties it, a repeated key replaces its value. */
const endpoints: Decode<ReadonlyMap<string, Endpoint>> = (value, before) => {
  if (value.kind === 'null') return new Map();
  if (value.kind !== 'object') return mismatch();
  return new Map([...before, ...value.entries.map(([key, each]) => [key, endpoint(each, nowhere)] as const)]);
};

const serversetMember = struct<ServersetMember>({
  serviceEndpoint: (value, before) => ({
    ...before,
    serviceEndpoint: endpoint(value, before.serviceEndpoint),
  }),
  additionalEndpoints: (value, before) => ({
    ...before,
    additionalEndpoints: endpoints(value, before.additionalEndpoints),
  }),
  status: (value, before) => ({ ...before, status: text(value, before.status) }),
  shard: (value, before) => ({ ...before, shard: integer(value, before.shard) }),
});

const nerveMember = struct<NerveMember>({
  host: (value, before) => ({ ...before, host: text(value, before.host) }),
  port: (value, before) => ({ ...before, port: integer(value, before.port) }),
  name: (value, before) => ({ ...before, name: text(value, before.name) }),
});

function mismatch(): never {
  throw new TypeError('a value of another type');
}

/** A JSON value with what JavaScript's parser loses: the digits of numbers, and repeated keys. */
type JsonToken =
  | { readonly kind: 'object'; readonly entries: readonly (readonly [key: string, value: JsonToken])[] }
  | { readonly kind: 'list' | 'null' | 'boolean' }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'number'; readonly source: string };

/** Parses JSON; the items of lists are left out. Throws when the text is not JSON, or is nested too deeply. */
function parseJsonTokens(text: string): JsonToken {
  // The tokenizer below relies on valid JSON.
  JSON.parse(text);
  const tokens = text.matchAll(token);
  return readValue(next(tokens), tokens, 0);
}

const token = /"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/g;

/** The depth to which Go reads. Source: encoding/json, maxNestingDepth. */
const maxDepth = 10_000;

type Tokens = IterableIterator<RegExpExecArray>;

function readValue(first: string, tokens: Tokens, depth: number): JsonToken {
  if (depth > maxDepth) throw new RangeError('JSON is nested too deeply');
  switch (first.charAt(0)) {
    case '{':
      return readObject(tokens, depth);
    case '[':
      for (let each = next(tokens); each !== ']'; each = next(tokens))
        if (each !== ',') readValue(each, tokens, depth + 1);
      return { kind: 'list' };
    case '"':
      return { kind: 'text', text: unquote(first) };
    case 'n':
      return { kind: 'null' };
    case 't':
    case 'f':
      return { kind: 'boolean' };
    default:
      return { kind: 'number', source: first };
  }
}

function readObject(tokens: Tokens, depth: number): JsonToken {
  const entries: (readonly [string, JsonToken])[] = [];
  for (let each = next(tokens); each !== '}'; each = next(tokens)) {
    if (each === ',') continue;
    // The colon.
    next(tokens);
    entries.push([unquote(each), readValue(next(tokens), tokens, depth + 1)]);
  }
  return { kind: 'object', entries };
}

function next(tokens: Tokens): string {
  const { done, value } = tokens.next();
  if (done === true) throw new SyntaxError('unexpected end of JSON');
  return value[0];
}

function unquote(quoted: string): string {
  return String(JSON.parse(quoted));
}
