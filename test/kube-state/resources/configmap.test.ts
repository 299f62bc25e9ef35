import { describe, expect, test } from '@jest/globals';
import { configMap } from '../../../lib/kube-state/resources/configmap.ts';
import { linesOf } from './harness.ts';

const own = 'namespace="shop",configmap="settings"';
const metadata = { name: 'settings', namespace: 'shop' };

test('a config map with nothing but a name has its information alone', async () => {
  expect(await linesOf(configMap, { metadata })).toEqual([`kube_configmap_info{${own}} 1`]);
});

describe('of labels and annotations', () => {
  const maps = {
    labels: {
      'app.kubernetes.io/name': 'shop',
      app_kubernetes_io_name: 'other',
      appTier: 'web',
      'ünï-x': 'ü',
    },
    annotations: { 'a.b': 'line 1\nline 2', 'a-b': 'say "hi"', c: 'C:\\dir', constructor: 'x' },
  };
  const families = ['kube_configmap_annotations', 'kube_configmap_labels'];
  const linesWith = (labels: readonly string[], annotations: readonly string[]) =>
    linesOf(configMap, { metadata: { ...metadata, ...maps } }, { families, labels, annotations });

  test('all are shown in the order of their keys, and those that come to one name with a suffix each', async () => {
    expect(await linesWith(['*'], ['*'])).toEqual([
      `kube_configmap_annotations{${own},annotation_a_b_conflict1="say \\"hi\\"",annotation_a_b_conflict2="line 1\\nline 2",annotation_c="C:\\\\dir",annotation_constructor="x"} 1`,
      `kube_configmap_labels{${own},label_app_kubernetes_io_name_conflict1="shop",label_app_tier="web",label_app_kubernetes_io_name_conflict2="other",label__n__x="ü"} 1`,
    ]);
  });

  test('those that are named are shown, and what is left without a rival has no suffix', async () => {
    expect(await linesWith(['app.kubernetes.io/name', 'missing'], ['c'])).toEqual([
      `kube_configmap_annotations{${own},annotation_c="C:\\\\dir"} 1`,
      `kube_configmap_labels{${own},label_app_kubernetes_io_name="shop"} 1`,
    ]);
  });

  test('a pattern within a key chooses', async () => {
    expect(await linesWith(['app*'], ['a*b'])).toEqual([
      `kube_configmap_annotations{${own},annotation_a_b_conflict1="say \\"hi\\"",annotation_a_b_conflict2="line 1\\nline 2"} 1`,
      `kube_configmap_labels{${own},label_app_kubernetes_io_name_conflict1="shop",label_app_tier="web",label_app_kubernetes_io_name_conflict2="other"} 1`,
    ]);
  });

  test('where none of an object is chosen, its sample has no label of them', async () => {
    expect(await linesWith(['missing'], ['missing'])).toEqual([
      `kube_configmap_annotations{${own}} 1`,
      `kube_configmap_labels{${own}} 1`,
    ]);
  });
});

describe('its version is shown where it is a number', () => {
  test.each([
    ['0', ['0']],
    ['999999', ['999999']],
    ['12345678901234567890', ['1.2345678901234567e+19']],
    ['', []],
    ['abc', []],
    ['12a', []],
  ])('%j', async (resourceVersion, shown) => {
    const object = { metadata: { ...metadata, resourceVersion } };
    const families = ['kube_configmap_metadata_resource_version'];
    expect(await linesOf(configMap, object, { families })).toEqual(
      shown.map((value) => `kube_configmap_metadata_resource_version{${own}} ${value}`),
    );
  });
});

test('the lines of a family stand together, object by object', async () => {
  const objects = ['a', 'b'].map((name) => ({ metadata: { name, namespace: 'shop', resourceVersion: '7' } }));
  expect(await linesOf(configMap, objects)).toEqual([
    'kube_configmap_info{namespace="shop",configmap="a"} 1',
    'kube_configmap_info{namespace="shop",configmap="b"} 1',
    'kube_configmap_metadata_resource_version{namespace="shop",configmap="a"} 7',
    'kube_configmap_metadata_resource_version{namespace="shop",configmap="b"} 7',
  ]);
});
