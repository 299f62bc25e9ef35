import * as z from 'zod';
import { intField, listBody, listField, structField, textField } from '../../http/go-json.ts';

const service = z.object({ ServiceName: z.string().min(1) });

/** `GET /v1/services`: the names of the services, by namespace. Source: Nomad's API documentation, Services. */
export const serviceList = listBody(structField({ Namespace: textField, Services: listField(service) }));

const registration = z.object({
  ID: textField,
  ServiceName: textField,
  Namespace: textField,
  NodeID: textField,
  Datacenter: textField,
  Tags: listField(textField),
  Address: textField,
  Port: intField,
});

/** `GET /v1/service/:name`: the instances of a service. */
export const registrationList = listBody(registration);

export type Registration = z.infer<typeof registration>;

/** `GET /v1/status/peers`: addresses of the region's servers. */
export const raftPeers = listBody(z.string().min(1));
