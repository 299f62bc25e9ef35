import type { EndpointAddress, EndpointSubset, Endpoints, ServicePort } from '../objects.ts';
import { int32, many, one, type Shape, text, word } from '../wire/fields.ts';
import { type Draft, emptyMeta, type Kind, kind, metadata } from './kind.ts';
import { reference } from './reference.ts';

const address: Shape<Draft<EndpointAddress>> = {
  create: () => ({ ip: '', hostname: '', nodeName: undefined, targetRef: undefined }),
  fields: [
    text(1, 'ip', (target, ip) => {
      target.ip = ip;
    }),
    one(2, 'targetRef', reference, (target, targetRef) => {
      target.targetRef = targetRef;
    }),
    text(3, 'hostname', (target, hostname) => {
      target.hostname = hostname;
    }),
    word(4, 'nodeName', (target, nodeName) => {
      target.nodeName = nodeName;
    }),
  ],
};

const port: Shape<Draft<ServicePort>> = {
  create: () => ({ name: '', protocol: '', port: 0 }),
  fields: [
    word(1, 'name', (target, name) => {
      target.name = name;
    }),
    int32(2, 'port', (target, number) => {
      target.port = number;
    }),
    word(3, 'protocol', (target, protocol) => {
      target.protocol = protocol;
    }),
  ],
};

const subset: Shape<Draft<EndpointSubset>> = {
  create: () => ({ addresses: [], notReadyAddresses: [], ports: [] }),
  fields: [
    many(1, 'addresses', address, (target, item) => target.addresses.push(item)),
    many(2, 'notReadyAddresses', address, (target, item) => target.notReadyAddresses.push(item)),
    many(3, 'ports', port, (target, item) => target.ports.push(item)),
  ],
};

/** Endpoints objects, one a service. */
export const endpoints: Kind<Endpoints> = kind<Draft<Endpoints>>({
  resource: 'endpoints',
  apiVersion: 'v1',
  listKind: 'EndpointsList',
  namespaced: true,
  create: () => ({ ...emptyMeta(), subsets: [] }),
  fields: [metadata(), many(2, 'subsets', subset, (target, item) => target.subsets.push(item))],
});
