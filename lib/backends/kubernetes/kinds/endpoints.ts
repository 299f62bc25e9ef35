import type { Endpoints } from '../objects.ts';
import { many } from '../wire/fields.ts';
import { int32, list, message, optionalWord, pointer, text, word } from '../wire/slots.ts';
import { type Draft, emptyMeta, type Kind, kind, metadata } from './kind.ts';
import { reference } from './messages.ts';

const address = {
  ip: text(1),
  targetRef: pointer(2, reference),
  hostname: text(3),
  nodeName: optionalWord(4),
};

const port = { name: word(1), port: int32(2), protocol: word(3) };

const subset = message({
  addresses: list(1, address),
  notReadyAddresses: list(2, address),
  ports: list(3, port),
});

/** Endpoints objects, one a service. */
export const endpoints: Kind<Endpoints> = kind<Draft<Endpoints>>({
  resource: 'endpoints',
  apiVersion: 'v1',
  listKind: 'EndpointsList',
  namespaced: true,
  create: () => ({ ...emptyMeta(), subsets: [] }),
  fields: [metadata(), many(2, 'subsets', subset, (target, item) => target.subsets.push(item))],
});
