import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { mechanisms } from '../../lib/backends/registry.ts';
import type { LabelSet } from '../../lib/targets/group.ts';
import { identifyingColumns, identifyingLabels, nameTarget } from '../../lib/targets/identifying.ts';

describe('the labels that tell a target from others', () => {
  test.each<[string, LabelSet, string]>([
    [
      'a pod',
      {
        __address__: '10.0.0.7:9100',
        __meta_kubernetes_namespace: 'shop',
        __meta_kubernetes_pod_name: 'web-1',
        __meta_kubernetes_pod_container_name: 'app',
        __meta_kubernetes_pod_container_port_name: '',
        __meta_kubernetes_pod_container_port_number: '9100',
        __meta_kubernetes_pod_node_name: 'n1',
      },
      '10.0.0.7:9100 namespace=shop pod=web-1 container=app port=9100 node=n1',
    ],
    [
      'a service instance of Consul',
      {
        __address__: 'a:1',
        __meta_consul_node: 'n',
        __meta_consul_service: 'web',
        __meta_consul_tags: ',b,',
      },
      'a:1 service=web node=n tags=,b,',
    ],
    [
      'one whose rules ran before it was published',
      { __address__: 'a:1', zone: 'z', pod: 'p', namespace: 'n' },
      'a:1 namespace=n pod=p',
    ],
    ['one with labels that nobody knows', { __address__: 'a:1', zone: 'z', job: 'j' }, 'a:1 zone=z'],
    ['one without an address', { constructor: 'c' }, 'without address constructor=c'],
  ])('of %s', (_, labels, text) => {
    expect(nameTarget(labels)).toBe(text);
  });

  test('say which label they were read from', () => {
    expect(identifyingLabels({ __meta_nomad_service: 'web' })).toEqual([
      { name: 'service', label: '__meta_nomad_service', value: 'web' },
    ]);
  });

  test('are known of every mechanism but those whose targets bring labels of their own', () => {
    const without = mechanisms
      .map(({ name }) => name)
      .filter((name) => identifyingColumns(name).length === 0);
    expect(without).toEqual(['aws', 'file', 'http', 'static']);
  });
});

test('every label that identifies is one that its backend has', () => {
  const readmes = readdirSync('lib/backends', { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => readFileSync(`lib/backends/${name}/README.md`, 'utf8'))
    .join('\n');
  const labels = mechanisms.flatMap(({ name }) =>
    identifyingColumns(name).flatMap((column) => column.labels),
  );
  expect(labels.length).toBeGreaterThan(50);
  const unknown = labels.filter((label) => !readmes.includes(`${label}\``) && !label.includes('_tag_'));
  expect(unknown).toEqual([]);
});
