import type { KubernetesNode } from '../objects.ts';
import { inside, int32, many, text } from '../wire/fields.ts';
import * as slots from '../wire/slots.ts';
import { type Draft, emptyMeta, type Kind, kind, metadata } from './kind.ts';
import { condition, nodeAddress } from './messages.ts';

const address = slots.message(nodeAddress);

const conditionShape = slots.message(condition);

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
      many(4, 'conditions', conditionShape, (target, { type, status }) =>
        target.conditions.push(type, status),
      ),
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
