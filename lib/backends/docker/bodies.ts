import * as z from 'zod';
import { listField, mapField, textField } from '../../http/go-json.ts';

/** A port that the image exposes or the container publishes: with a public one it is reachable from outside. */
const port = z.object({
  IP: textField,
  PrivatePort: z.int(),
  PublicPort: z
    .int()
    .nullish()
    .transform((value) => value ?? 0),
  Type: textField,
});

/** The container's end of a network. */
const endpoint = z.object({ NetworkID: textField, IPAddress: textField, GlobalIPv6Address: textField });

const container = z.object({
  Id: z.string().min(1),
  Names: listField(z.string()),
  Image: textField,
  ImageID: textField,
  Labels: mapField(textField),
  Ports: listField(port),
  HostConfig: z.object({ NetworkMode: textField }),
  NetworkSettings: z
    .object({ Networks: mapField(endpoint.nullable()) })
    .nullish()
    .transform((value) => value?.Networks ?? new Map()),
});

/** `GET /containers/json`, as far as it is read. Source: Docker Engine API reference, ContainerList. */
export const containerList = z.array(container);

export type Container = z.infer<typeof container>;
export type Port = z.infer<typeof port>;
export type Endpoint = z.infer<typeof endpoint>;

/** `GET /info`, as far as it is read. */
export const engineInfo = z.object({ ID: z.string().min(1) });
