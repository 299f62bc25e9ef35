import type { Ingress } from '../objects.ts';
import { inside, many, one, type Shape, text, word } from '../wire/fields.ts';
import { message, texts } from '../wire/slots.ts';
import { type Draft, emptyMeta, type Kind, kind, metadata } from './kind.ts';

const path: Shape<{ path: string }> = {
  create: () => ({ path: '' }),
  fields: [
    text(1, 'path', (target, value) => {
      target.path = value;
    }),
  ],
};

const http: Shape<{ paths: string[] }> = {
  create: () => ({ paths: [] }),
  fields: [many(1, 'paths', path, (target, item) => target.paths.push(item.path))],
};

const rule: Shape<{ host: string; paths: string[] | undefined }> = {
  create: () => ({ host: '', paths: undefined }),
  fields: [
    text(1, 'host', (target, host) => {
      target.host = host;
    }),
    // `ingressRuleValue` is a message of its own in protobuf only.
    inside(2, '', [
      one(1, 'http', http, (target, { paths }) => {
        target.paths = paths;
      }),
    ]),
  ],
};

const tls = message({ hosts: texts(1) });

/** Ingresses as targets. */
export const ingress: Kind<Ingress> = kind<Draft<Ingress>>({
  resource: 'ingresses',
  apiVersion: 'networking.k8s.io/v1',
  listKind: 'IngressList',
  namespaced: true,
  create: () => ({ ...emptyMeta(), className: '', tlsHosts: [], rules: [] }),
  fields: [
    metadata(),
    inside(2, 'spec', [
      many(2, 'tls', tls, (target, { hosts }) => {
        for (const host of hosts) target.tlsHosts.push(host);
      }),
      many(3, 'rules', rule, (target, item) => target.rules.push(item)),
      word(4, 'ingressClassName', (target, className) => {
        target.className = className;
      }),
    ]),
  ],
});
