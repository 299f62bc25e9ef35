import { expect, test } from '@jest/globals';
import { ingressClass } from '../../../lib/kube-state/resources/ingressclass.ts';
import { linesOf } from './harness.ts';

test('an ingress class has a sample in every family', async () => {
  const object = {
    metadata: {
      name: 'nginx',
      creationTimestamp: '2026-01-31T12:00:00Z',
      labels: { team: 'infra' },
      annotations: { 'ingressclass.kubernetes.io/is-default-class': 'true' },
    },
    spec: {
      controller: 'k8s.io/ingress-nginx',
      parameters: { apiGroup: 'k8s.example.com', kind: 'Parameters', name: 'external', scope: 'Cluster' },
    },
  };
  expect(await linesOf(ingressClass, object, { labels: ['*'], annotations: ['*'] })).toEqual([
    'kube_ingressclass_info{ingressclass="nginx",controller="k8s.io/ingress-nginx"} 1',
    'kube_ingressclass_created{ingressclass="nginx"} 1.7698608e+09',
    'kube_ingressclass_annotations{ingressclass="nginx",annotation_ingressclass_kubernetes_io_is_default_class="true"} 1',
    'kube_ingressclass_labels{ingressclass="nginx",label_team="infra"} 1',
  ]);
});

test('an ingress class with nothing but a name has no controller', async () => {
  expect(await linesOf(ingressClass, { metadata: { name: 'bare' } })).toEqual([
    'kube_ingressclass_info{ingressclass="bare",controller=""} 1',
  ]);
});
