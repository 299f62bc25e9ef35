import * as z from 'zod';

/** A member of a serverset, as Finagle and Aurora write it. */
export interface ServersetMember {
  readonly serviceEndpoint: Endpoint;
  readonly additionalEndpoints: ReadonlyMap<string, Endpoint>;
  readonly status: string;
  readonly shard: number;
}

export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

/** A service as Airbnb's Nerve writes it. */
export interface NerveMember extends Endpoint {
  readonly name: string;
}

/** The member in a node's data; undefined where it holds something else, as nodes between members do. */
export function parseServersetMember(data: Uint8Array): ServersetMember | undefined {
  return parse(data, serversetMember);
}

/** The same for Nerve. */
export function parseNerveMember(data: Uint8Array): NerveMember | undefined {
  return parse(data, nerveMember);
}

function parse<T>(data: Uint8Array, schema: z.ZodType<T>): T | undefined {
  try {
    return schema.safeParse(JSON.parse(decoder.decode(data))).data;
  } catch {
    return undefined;
  }
}

/** Bytes that are no UTF-8 become U+FFFD, and a mark of the byte order is no JSON, both as in Go. */
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** Go takes a key in any case (the writers' own are mixed), and null or nothing for an empty value. */
function struct<const Shape extends z.core.$ZodLooseShape>(shape: Shape) {
  const names = Object.keys(shape).map((name) => [name, new RegExp(`^${name}$`, 'iu')] as const);
  return z.preprocess((value) => {
    if (value === null) return {};
    if (typeof value !== 'object' || Array.isArray(value)) return value;
    const entries = Object.entries(value).flatMap(([key, each]) => {
      const [name] = names.find(([, pattern]) => pattern.test(key)) ?? [];
      return name === undefined || each === null ? [] : [[name, each] as const];
    });
    return Object.fromEntries(entries);
  }, z.object(shape));
}

const text = z
  .string()
  .default('')
  .transform((value) => value.toWellFormed());
const integer = z.int().default(0);

const endpoint = struct({ host: text, port: integer });
const endpoints = z.preprocess(
  (value) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? new Map(Object.entries(value))
      : value,
  z.map(z.string(), endpoint),
);

const nothing = { host: '', port: 0 };

const serversetMember = struct({
  serviceEndpoint: endpoint.default(nothing),
  additionalEndpoints: endpoints.default(new Map()),
  status: text,
  shard: integer,
});

const nerveMember = struct({ host: text, port: integer, name: text });
