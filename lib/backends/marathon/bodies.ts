import * as z from 'zod';
import { listBody, listField, mapField, structField, textField } from '../../http/go-json.ts';

const port = z
  .int()
  .min(0)
  .max(2 ** 32 - 1)
  .nullish()
  .transform((value) => value ?? 0);
const labelMap = mapField(textField);

const portMapping = structField({ containerPort: port, hostPort: port, labels: labelMap });

/** A null or missing container is one without image and mappings. */
const container = z
  .object({
    // Marathon 1.5 moved the mappings from `docker` up.
    portMappings: listField(portMapping),
    docker: z.object({ image: textField, portMappings: listField(portMapping) }).nullish(),
  })
  .nullish();

const task = structField({
  id: textField,
  host: textField,
  ports: listField(port),
  ipAddresses: listField(structField({ ipAddress: textField })),
});

const app = z.object({
  id: z.string().min(1),
  labels: labelMap,
  container,
  portDefinitions: listField(structField({ port, labels: labelMap })),
  networks: listField(structField({ mode: textField })),
  requirePorts: z.boolean().nullish(),
  tasks: listField(task),
});

/** `GET /v2/apps?embed=apps.tasks`, as far as it is read. Source: Marathon's API reference. */
export const appList = z.object({ apps: listBody(app) });

export type App = z.infer<typeof app>;
export type Task = z.infer<typeof task>;
