import * as z from 'zod';
import { intField, listBody, listField, mapField, structField, textField } from '../../http/go-json.ts';

/** A port that the image exposes or the container publishes: with a public one it is reachable from outside. */
const port = structField({
  IP: textField,
  PrivatePort: intField,
  PublicPort: intField,
  Type: textField,
});

/** The container's end of a network. */
const endpoint = z.object({ NetworkID: textField, IPAddress: textField, GlobalIPv6Address: textField });

const container = z.object({
  Id: z.string().min(1),
  Names: listField(textField),
  Image: textField,
  ImageID: textField,
  Labels: mapField(textField),
  Ports: listField(port),
  // Podman's API leaves it out.
  HostConfig: structField({ NetworkMode: textField }),
  NetworkSettings: z
    .object({ Networks: mapField(endpoint.nullable()) })
    .nullish()
    .transform((value) => value?.Networks ?? new Map()),
});

/** `GET /containers/json`, as far as it is read. Source: Docker Engine API reference, ContainerList. */
export const containerList = listBody(container);

export type Container = z.infer<typeof container>;
export type Port = z.infer<typeof port>;
export type Endpoint = z.infer<typeof endpoint>;
