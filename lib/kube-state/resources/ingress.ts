import { ingressRules, ingressSpec } from '../../backends/kubernetes/kinds/messages.ts';
import { integer, pointer, struct, word } from '../../backends/kubernetes/wire/fields.ts';
import { resource } from '../resource.ts';
import { annotations, created, forPairs, labels, resourceVersion } from './common.ts';

const classAnnotation = 'kubernetes.io/ingress.class';

/** Source: kube-state-metrics, docs/metrics/service/ingress-metrics. */
export const ingress = resource({
  resource: 'ingresses',
  apiVersion: 'networking.k8s.io/v1',
  listKind: 'IngressList',
  namespaced: true,
  identity: ['namespace', 'ingress'],
  reads: { annotations: true },
  fields: {
    spec: struct(2, {
      ...ingressSpec,
      ...ingressRules({
        path: word(1),
        backend: struct(2, {
          resource: pointer(3, { apiGroup: word(1), kind: word(2), name: word(3) }),
          service: pointer(4, { name: word(1), port: struct(2, { number: integer(2) }) }),
        }),
        pathType: word(3),
      }),
    }),
  },
  families: [
    {
      name: 'kube_ingress_info',
      help: 'Information about ingress.',
      stable: true,
      labels: ['ingressclass'],
      samples({ spec, annotations }, add) {
        let ingressClass = spec.ingressClassName ?? '_default';
        forPairs(annotations, (key, value) => {
          if (key === classAnnotation) ingressClass = value;
        });
        add(1, ingressClass);
      },
    },
    annotations('ingress'),
    labels('ingress', { stable: true }),
    created('ingress', { stable: true }),
    resourceVersion('ingress', 'ingress'),
    {
      name: 'kube_ingress_path',
      help: 'Ingress host, paths and backend service information.',
      stable: true,
      labelled: ({ spec }) =>
        spec.rules.flatMap(({ host, value }) =>
          (value.http?.paths ?? []).map(({ path, pathType, backend: { service, resource } }) => ({
            labels: [
              ['host', host],
              ['path', path],
              ['path_type', pathType],
              ...(service === undefined ? resourceLabels(resource) : serviceLabels(service)),
            ],
            value: 1,
          })),
        ),
    },
    {
      name: 'kube_ingress_tls',
      help: 'Ingress TLS host and secret information.',
      stable: true,
      labels: ['tls_host', 'secret'],
      samples({ spec }, add) {
        for (const { hosts, secretName } of spec.tls) {
          for (const host of hosts) add(1, host, secretName);
        }
      },
    },
  ],
});

function serviceLabels({
  name,
  port,
}: {
  readonly name: string;
  readonly port: { readonly number: number };
}) {
  return [
    ['service_name', name],
    ['service_port', `${port.number}`],
  ] as const;
}

function resourceLabels({
  apiGroup = '',
  kind = '',
  name = '',
}: {
  apiGroup?: string;
  kind?: string;
  name?: string | undefined;
} = {}) {
  return [
    ['resource_api_group', apiGroup],
    ['resource_kind', kind],
    ['resource_name', name],
  ] as const;
}
