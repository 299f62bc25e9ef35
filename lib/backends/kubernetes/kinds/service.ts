import type { Service } from '../objects.ts';
import { inside, many, text, word } from '../wire/fields.ts';
import * as slots from '../wire/slots.ts';
import { type Draft, emptyMeta, type Kind, kind, metadata } from './kind.ts';

const servicePort = slots.message({ name: slots.word(1), protocol: slots.word(2), port: slots.int32(3) });

const balancer = slots.message({ ip: slots.text(1) });

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
