import type { Endpoint, EndpointSlice } from '../objects.ts';
import { flag, inside, many, one, type Shape, text, textMap, texts, word } from '../wire/fields.ts';
import * as slots from '../wire/slots.ts';
import { type Draft, emptyMeta, type Kind, kind, metadata } from './kind.ts';
import { reference } from './messages.ts';

const endpoint: Shape<Draft<Endpoint>> = {
  create: () => ({
    addresses: [],
    ready: undefined,
    serving: undefined,
    terminating: undefined,
    hostname: '',
    targetRef: undefined,
    deprecatedTopology: [],
    nodeName: undefined,
    zone: '',
  }),
  fields: [
    texts(1, 'addresses', (target, address) => target.addresses.push(address)),
    inside(2, 'conditions', [
      flag(1, 'ready', (target, ready) => {
        target.ready = ready;
      }),
      flag(2, 'serving', (target, serving) => {
        target.serving = serving;
      }),
      flag(3, 'terminating', (target, terminating) => {
        target.terminating = terminating;
      }),
    ]),
    text(3, 'hostname', (target, hostname) => {
      target.hostname = hostname;
    }),
    one(4, 'targetRef', slots.message(reference), (target, targetRef) => {
      target.targetRef = targetRef;
    }),
    textMap(5, 'deprecatedTopology', (target) => target.deprecatedTopology),
    word(6, 'nodeName', (target, nodeName) => {
      target.nodeName = nodeName;
    }),
    word(7, 'zone', (target, zone) => {
      target.zone = zone;
    }),
  ],
};

const port = slots.message({
  name: slots.word(1),
  protocol: slots.word(2),
  port: slots.optionalInt32(3),
  appProtocol: slots.word(4),
});

/** Endpoint slices, several a service. */
export const endpointSlice: Kind<EndpointSlice> = kind<Draft<EndpointSlice>>({
  resource: 'endpointslices',
  apiVersion: 'discovery.k8s.io/v1',
  listKind: 'EndpointSliceList',
  namespaced: true,
  create: () => ({ ...emptyMeta(), addressType: '', endpoints: [], ports: [] }),
  fields: [
    metadata(),
    many(2, 'endpoints', endpoint, (target, item) => target.endpoints.push(item)),
    many(3, 'ports', port, (target, item) => target.ports.push(item)),
    word(4, 'addressType', (target, addressType) => {
      target.addressType = addressType;
    }),
  ],
});
