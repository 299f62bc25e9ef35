import * as z from 'zod';

/** A JSON object of arbitrary keys as a Map, in which a key like `__proto__` is a key like any other. */
const mapOf = <T>(values: z.ZodType<T>) =>
  z.preprocess(
    (value) => (isObject(value) ? new Map(Object.entries(value)) : value),
    z.map(z.string(), values),
  );

const isObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

// Go writes an empty list, map or string as null, as "" or not at all, depending on the version.
const text = z
  .string()
  .nullish()
  .transform((value) => value ?? '');
const texts = z
  .array(z.string())
  .nullish()
  .transform((value) => value ?? []);

const meta = mapOf(z.string())
  .nullish()
  .transform((value) => value ?? new Map<string, string>());

/** `GET /v1/agent/self`, as far as it is read. */
export const agentSelf = z.object({ Config: z.object({ Datacenter: z.string().min(1) }) });

/** `GET /v1/catalog/services`: service names to the tags of all their instances. */
export const catalogServices = mapOf(texts);

const check = z.object({ CheckID: text, Status: text });

/** An element of `GET /v1/health/service/<name>`: an instance, its node, and the checks of both. */
const serviceEntry = z.object({
  Node: z.object({
    Node: z.string(),
    Address: z.string(),
    Meta: meta,
    TaggedAddresses: meta,
  }),
  Service: z.object({
    ID: z.string(),
    Address: text,
    Port: z.int(),
    Tags: texts,
    Meta: meta,
    // Consul Enterprise only.
    Namespace: text,
    Partition: text,
  }),
  Checks: z
    .array(check)
    .nullish()
    .transform((value) => value ?? []),
});

/** `GET /v1/health/service/<name>`. */
export const serviceEntries = z.array(serviceEntry);

export type HealthCheck = z.infer<typeof check>;
export type ServiceEntry = z.infer<typeof serviceEntry>;
