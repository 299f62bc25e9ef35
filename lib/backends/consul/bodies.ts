import * as z from 'zod';
import {
  anyMap,
  intField,
  listBody,
  listField,
  mapField,
  structField,
  textField,
} from '../../http/go-json.ts';

const texts = listField(textField);
const meta = mapField(textField);

/** `GET /v1/agent/self`, as far as it is read. */
export const agentSelf = z.object({ Config: z.object({ Datacenter: z.string().min(1) }) });

/** `GET /v1/catalog/services`: service names to the tags of all their instances. */
export const catalogServices = anyMap(texts)
  .nullable()
  .transform((services) => services ?? new Map<string, string[]>());

const check = structField({ CheckID: textField, Status: textField });

/** An element of `GET /v1/health/service/<name>`: an instance, its node, and the checks of both. */
const serviceEntry = z.object({
  Node: z.object({
    Node: textField,
    Address: textField,
    Meta: meta,
    TaggedAddresses: meta,
  }),
  Service: z.object({
    ID: z.string(),
    Address: textField,
    Port: intField,
    Tags: texts,
    Meta: meta,
    // Consul Enterprise only.
    Namespace: textField,
    Partition: textField,
  }),
  Checks: listField(check),
});

/** `GET /v1/health/service/<name>`. */
export const serviceEntries = listBody(serviceEntry);

export type HealthCheck = z.infer<typeof check>;
export type ServiceEntry = z.infer<typeof serviceEntry>;
