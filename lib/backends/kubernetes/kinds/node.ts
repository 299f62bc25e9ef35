import type { KubernetesNode, NodeAddress } from '../objects.ts';
import { inside, int32, many, type Shape, text, word } from '../wire/fields.ts';
import { type Draft, emptyMeta, type Kind, kind, metadata } from './kind.ts';
import { condition } from './reference.ts';

const address: Shape<Draft<NodeAddress>> = {
  create: () => ({ type: '', address: '' }),
  fields: [
    word(1, 'type', (target, type) => {
      target.type = type;
    }),
    text(2, 'address', (target, value) => {
      target.address = value;
    }),
  ],
};

/** Nodes as targets. */
export const node: Kind<KubernetesNode> = kind<Draft<KubernetesNode>>({
  resource: 'nodes',
  apiVersion: 'v1',
  listKind: 'NodeList',
  namespaced: false,
  create: () => ({ ...emptyMeta(), providerID: '', conditions: [], addresses: [], kubeletPort: 0 }),
  fields: [
    metadata(),
    inside(2, 'spec', [
      text(3, 'providerID', (target, providerID) => {
        target.providerID = providerID;
      }),
    ]),
    inside(3, 'status', [
      many(4, 'conditions', condition, (target, { type, status }) => target.conditions.push(type, status)),
      many(5, 'addresses', address, (target, item) => target.addresses.push(item)),
      inside(6, 'daemonEndpoints', [
        inside(1, 'kubeletEndpoint', [
          int32(1, 'Port', (target, port) => {
            target.kubeletPort = port;
          }),
        ]),
      ]),
    ]),
  ],
});
