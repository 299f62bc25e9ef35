/** A member of a serverset, as Finagle and Aurora write it. */
export interface ServersetMember {
  readonly serviceEndpoint: Endpoint;
  readonly additionalEndpoints: ReadonlyMap<string, Endpoint>;
  readonly status: string;
  /** Digits of a whole number of 64 bits, as is the port. */
  readonly shard: string;
}

export interface Endpoint {
  readonly host: string;
  readonly port: string;
}

/** A service as Airbnb's Nerve writes it. */
export interface NerveMember extends Endpoint {
  readonly name: string;
}

/** The member in a node's data; undefined where it holds something else, as nodes between members do. */
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
    return decode(parseGoJson(decoder.decode(data)), nothing);
  } catch {
    return undefined;
  }
}

/** Bytes that are no UTF-8 become U+FFFD, and a mark of the byte order is no JSON, both as in Go. */
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/**
 * What a value makes of what was there before, as Go's encoding/json decodes into a variable: of a key that comes twice
 * the later value is written over, or into, the earlier one. Throws where the value is of another type.
 */
type Decode<T> = (value: GoJson, before: T) => T;

const text: Decode<string> = (value, before) => {
  if (value.kind === 'null') return before;
  return value.kind === 'text' ? value.text.toWellFormed() : mismatch();
};

/** Go's int: `8080.0` and `8e3` are none. */
const integer: Decode<string> = (value, before) => {
  if (value.kind === 'null') return before;
  if (value.kind !== 'number' || !/^-?\d+$/.test(value.source)) return mismatch();
  const number = BigInt(value.source);
  return BigInt.asIntN(64, number) === number ? String(number) : mismatch();
};

/** Go takes a key in any case (the writers' own are mixed); other keys are left alone, and null changes nothing. */
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

/** Null empties a map, a doubled key replaces its value. */
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

/** A JSON value with what JavaScript's own would lose: how its numbers are written, and keys that come twice. */
type GoJson =
  | { readonly kind: 'object'; readonly entries: readonly (readonly [key: string, value: GoJson])[] }
  | { readonly kind: 'list' | 'null' | 'boolean' }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'number'; readonly source: string };

/** The value of a JSON text; what lists hold is left out. Throws where the text is no JSON, or is nested too deeply. */
function parseGoJson(text: string): GoJson {
  // What follows relies on sound JSON.
  JSON.parse(text);
  const tokens = text.matchAll(token);
  return readValue(next(tokens), tokens, 0);
}

const token = /"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/g;

/** As deep as Go reads. Source: encoding/json, maxNestingDepth. */
const maxDepth = 10_000;

type Tokens = IterableIterator<RegExpExecArray>;

function readValue(first: string, tokens: Tokens, depth: number): GoJson {
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

function readObject(tokens: Tokens, depth: number): GoJson {
  const entries: (readonly [string, GoJson])[] = [];
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
  if (done === true) throw new SyntaxError('JSON breaks off');
  return value[0];
}

function unquote(quoted: string): string {
  return String(JSON.parse(quoted));
}
