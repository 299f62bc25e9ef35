import type { Service, ServicePort } from '../objects.ts';
import { inside, int32, many, type Shape, text, word } from '../wire/fields.ts';
import { type Draft, emptyMeta, type Kind, kind, metadata } from './kind.ts';

const servicePort: Shape<Draft<ServicePort>> = {
  create: () => ({ name: '', protocol: '', port: 0 }),
  fields: [
    word(1, 'name', (target, name) => {
      target.name = name;
    }),
    word(2, 'protocol', (target, protocol) => {
      target.protocol = protocol;
    }),
    int32(3, 'port', (target, port) => {
      target.port = port;
    }),
  ],
};

const balancer: Shape<{ ip: string }> = {
  create: () => ({ ip: '' }),
  fields: [
    text(1, 'ip', (target, ip) => {
      target.ip = ip;
    }),
  ],
};

/** Services as targets. */
export const service: Kind<Service> = kind<Draft<Service>>({
  resource: 'services',
  apiVersion: 'v1',
  listKind: 'ServiceList',
  namespaced: true,
  create: () => ({
    ...emptyMeta(),
    type: '',
    clusterIP: '',
    externalName: '',
    loadBalancerIP: '',
    balancerIPs: [],
    ports: [],
  }),
  fields: [
    metadata(),
    inside(2, 'spec', [
      many(1, 'ports', servicePort, (target, port) => target.ports.push(port)),
      text(3, 'clusterIP', (target, clusterIP) => {
        target.clusterIP = clusterIP;
      }),
      word(4, 'type', (target, type) => {
        target.type = type;
      }),
      text(8, 'loadBalancerIP', (target, loadBalancerIP) => {
        target.loadBalancerIP = loadBalancerIP;
      }),
      text(10, 'externalName', (target, externalName) => {
        target.externalName = externalName;
      }),
    ]),
    inside(3, 'status', [
      inside(1, 'loadBalancer', [
        many(1, 'ingress', balancer, (target, { ip }) => {
          if (ip !== '') target.balancerIPs.push(ip);
        }),
      ]),
    ]),
  ],
});
