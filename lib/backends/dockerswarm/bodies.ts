import * as z from 'zod';
import { intField, listBody, listField, mapField, structField, textField } from '../../http/go-json.ts';
import { ipOfCidr } from './cidr.ts';

const labelMap = mapField(textField);

/** An address with the length of its prefix, as its IP alone; empty where the network gives none, as the host's does. */
const address = textField.transform((text, context) => {
  const ip = text === '' ? '' : ipOfCidr(text);
  if (ip !== undefined) return ip;
  context.addIssue({ code: 'custom', message: 'expected an address such as 10.0.1.4/24' });
  return z.NEVER;
});

const port = structField({
  Name: textField,
  Protocol: textField,
  PublishedPort: intField,
  PublishMode: textField,
});

const containerSpec = z.object({ Image: textField, Hostname: textField, Labels: labelMap }).nullish();

const service = z.object({
  ID: z.string().min(1),
  Spec: structField({
    Name: textField,
    Labels: labelMap,
    Mode: structField({ Global: z.unknown().optional(), Replicated: z.unknown().optional() }),
    // Services of plugins have no container.
    TaskTemplate: structField({ ContainerSpec: containerSpec }),
  }),
  Endpoint: structField({
    Ports: listField(port),
    VirtualIPs: listField(structField({ NetworkID: textField, Addr: address })),
  }),
  UpdateStatus: z.object({ State: textField }).nullish(),
});

const task = z.object({
  ID: z.string().min(1),
  ServiceID: textField,
  NodeID: textField,
  // Tasks of global services have none.
  Slot: intField,
  DesiredState: textField,
  Spec: structField({ ContainerSpec: containerSpec }),
  Status: structField({
    State: textField,
    ContainerStatus: z.object({ ContainerID: textField }).nullish(),
    PortStatus: z.object({ Ports: listField(port) }).nullish(),
  }),
  NetworksAttachments: listField(
    structField({ Network: structField({ ID: textField }), Addresses: listField(address) }),
  ),
});

const node = z.object({
  ID: z.string().min(1),
  Spec: structField({ Role: textField, Availability: textField, Labels: labelMap }),
  Description: structField({
    Hostname: textField,
    Platform: structField({ Architecture: textField, OS: textField }),
    Engine: structField({ EngineVersion: textField }),
  }),
  Status: structField({ State: textField, Addr: textField }),
  ManagerStatus: z
    .object({ Leader: z.boolean().nullish(), Reachability: textField, Addr: textField })
    .nullish(),
});

/** `GET /services`, as far as it is read. Source of all three: Docker Engine API reference. */
export const serviceList = listBody(service);
/** `GET /tasks`. */
export const taskList = listBody(task);
/** `GET /nodes`. */
export const nodeList = listBody(node);

export type Port = z.infer<typeof port>;
export type Service = z.infer<typeof service>;
export type Task = z.infer<typeof task>;
export type Node = z.infer<typeof node>;
