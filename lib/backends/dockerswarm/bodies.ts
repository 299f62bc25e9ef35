import { isIPv4, isIPv6 } from 'node:net';
import * as z from 'zod';
import { intField, listBody, listField, mapField, structField, textField } from '../../http/json.ts';

const labelMap = mapField(textField);

/** The IP of an address with a prefix length; empty where the network gives none, as the host's does. */
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

/** `GET /services`: the fields that are read. Source of these answers: Docker Engine API reference. */
export const serviceList = listBody(service);
/** `GET /tasks`. */
export const taskList = listBody(task);
/** `GET /nodes`. */
export const nodeList = listBody(node);

/** A port that a service or a task publishes. */
export type Port = z.infer<typeof port>;
/** A service of the swarm. */
export type Service = z.infer<typeof service>;
/** A task of a service. */
export type Task = z.infer<typeof task>;
/** A node of the swarm. */
export type Node = z.infer<typeof node>;

/** `GET /info` of a manager: the fields that are read. */
export const managerInfo = z.object({ Swarm: z.object({ Cluster: z.object({ ID: z.string().min(1) }) }) });

/** The IP of an address such as `10.0.1.4/24`, as Go writes it; undefined for other text. Source: Go's net.ParseCIDR. */
export function ipOfCidr(text: string): string | undefined {
  const { ip = '', bits = '' } = /^(?<ip>[^/%]+)\/(?<bits>\d{1,3})$/.exec(text)?.groups ?? {};
  if (isIPv4(ip)) return Number(bits) <= 32 ? ip : undefined;
  return isIPv6(ip) && Number(bits) <= 128 ? canonicalIPv6(ip) : undefined;
}

/** The shortest form in lower case; an IPv4 address inside IPv6 as IPv4. */
function canonicalIPv6(ip: string): string {
  const canonical = new URL(`http://[${ip}]`).hostname.slice(1, -1);
  const { high, low } = /^::ffff:(?<high>[\da-f]{1,4}):(?<low>[\da-f]{1,4})$/.exec(canonical)?.groups ?? {};
  if (high === undefined || low === undefined) return canonical;
  return [high, low]
    .map((part) => Number.parseInt(part, 16))
    .flatMap((part) => [part >> 8, part & 255])
    .join('.');
}
