import * as z from 'zod';
import { listField, mapField, textField } from '../../http/go-json.ts';
import { ipOfCidr } from './cidr.ts';

const labelMap = mapField(textField);

/** An address with the length of its prefix, as its IP alone; empty where the network gives none, as the host's does. */
const address = textField.transform((text, context) => {
  const ip = text === '' ? '' : ipOfCidr(text);
  if (ip !== undefined) return ip;
  context.addIssue({ code: 'custom', message: 'expected an address such as 10.0.1.4/24' });
  return z.NEVER;
});

const port = z.object({
  Name: textField,
  Protocol: textField,
  PublishedPort: z
    .int()
    .nullish()
    .transform((value) => value ?? 0),
  PublishMode: textField,
});

const containerSpec = z.object({ Image: textField, Hostname: textField, Labels: labelMap }).nullish();

const service = z.object({
  ID: z.string().min(1),
  Spec: z.object({
    Name: textField,
    Labels: labelMap,
    Mode: z.object({ Global: z.unknown(), Replicated: z.unknown() }).partial(),
    // Services of plugins have no container.
    TaskTemplate: z.object({ ContainerSpec: containerSpec }),
  }),
  Endpoint: z
    .object({
      Ports: listField(port),
      VirtualIPs: listField(z.object({ NetworkID: textField, Addr: address })),
    })
    .partial()
    .nullish()
    .transform((value) => ({ Ports: value?.Ports ?? [], VirtualIPs: value?.VirtualIPs ?? [] })),
  UpdateStatus: z.object({ State: textField }).nullish(),
});

const task = z.object({
  ID: z.string().min(1),
  ServiceID: textField,
  NodeID: textField,
  // Tasks of global services have none.
  Slot: z
    .int()
    .nullish()
    .transform((value) => value ?? 0),
  DesiredState: textField,
  Spec: z.object({ ContainerSpec: containerSpec }),
  Status: z.object({
    State: textField,
    ContainerStatus: z.object({ ContainerID: textField }).nullish(),
    PortStatus: z.object({ Ports: listField(port) }).nullish(),
  }),
  NetworksAttachments: listField(
    z.object({ Network: z.object({ ID: textField }), Addresses: listField(address) }),
  ),
});

const node = z.object({
  ID: z.string().min(1),
  Spec: z.object({ Role: textField, Availability: textField, Labels: labelMap }),
  Description: z.object({
    Hostname: textField,
    Platform: z.object({ Architecture: textField, OS: textField }),
    Engine: z.object({ EngineVersion: textField }),
  }),
  Status: z.object({ State: textField, Addr: textField }),
  ManagerStatus: z
    .object({ Leader: z.boolean().nullish(), Reachability: textField, Addr: textField })
    .nullish(),
});

/** `GET /services`, as far as it is read. Source of all three: Docker Engine API reference. */
export const serviceList = z.array(service);
/** `GET /tasks`. */
export const taskList = z.array(task);
/** `GET /nodes`. */
export const nodeList = z.array(node);

export type Port = z.infer<typeof port>;
export type Service = z.infer<typeof service>;
export type Task = z.infer<typeof task>;
export type Node = z.infer<typeof node>;

/** `GET /info` of a manager, as far as it is read. */
export const managerInfo = z.object({ Swarm: z.object({ Cluster: z.object({ ID: z.string().min(1) }) }) });
