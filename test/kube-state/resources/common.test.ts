import { describe, expect, test } from '@jest/globals';
import { deployment } from '../../../lib/kube-state/resources/deployment.ts';
import { pod } from '../../../lib/kube-state/resources/pod.ts';
import { linesOf } from './harness.ts';

const own = 'namespace="shop",pod="web-1",uid="u-1"';
const metadata = { name: 'web-1', namespace: 'shop', uid: 'u-1' };

describe('labels, annotations and node selectors', () => {
  test.each([
    ['nothing', {}, ''],
    ['names of Kubernetes', { 'app.kubernetes.io/name': 'web' }, ',PREFIX_app_kubernetes_io_name="web"'],
    ['humps', { camelCaseHTTPName: 'x' }, ',PREFIX_camel_case_httpname="x"'],
    ['digits in front of a capital', { v1Beta: 'x', '9lives': 'y' }, ',PREFIX_9lives="y",PREFIX_v1_beta="x"'],
    ['an empty value', { empty: '' }, ',PREFIX_empty=""'],
    ['what has to be escaped', { odd: 'a\\b "c"\nd\té' }, ',PREFIX_odd="a\\\\b \\"c\\"\\nd\té"'],
    ['a name of no letter', { '-': '1' }, ',PREFIX__="1"'],
    [
      'a name that JavaScript knows',
      { __proto__x: '1', constructor: '2' },
      ',PREFIX___proto__x="1",PREFIX_constructor="2"',
    ],
    [
      'two that come to one name',
      { 'a.b': '1', 'a-b': '2' },
      ',PREFIX_a_b_conflict1="2",PREFIX_a_b_conflict2="1"',
    ],
    [
      'four, and one that is called as the second of them then is',
      { 'a-b': '1', 'a.b': '2', 'a/b': '3', aB: '4', a_b_conflict2: '5', c: '6' },
      ',PREFIX_a_b_conflict1="1",PREFIX_a_b_conflict2_conflict1="2",PREFIX_a_b_conflict3="3",PREFIX_a_b_conflict4="4",PREFIX_a_b_conflict2_conflict2="5",PREFIX_c="6"',
    ],
    [
      'two, where the first number is taken',
      { 'a-b-conflict1': '0', 'a.b': '1', a_b: '2' },
      ',PREFIX_a_b_conflict1="0",PREFIX_a_b_conflict2="1",PREFIX_a_b_conflict3="2"',
    ],
  ])('%s', async (_what, map, text) => {
    const object = { metadata: { ...metadata, labels: map, annotations: map }, spec: { nodeSelector: map } };
    const families = ['kube_pod_annotations', 'kube_pod_labels', 'kube_pod_nodeselectors'];
    expect(await linesOf(pod, object, { families, labels: ['*'], annotations: ['*'] })).toEqual([
      `kube_pod_annotations{${own}${text.replaceAll('PREFIX', 'annotation')}} 1`,
      `kube_pod_labels{${own}${text.replaceAll('PREFIX', 'label')}} 1`,
      `kube_pod_nodeselectors{${own}${text.replaceAll('PREFIX', 'nodeselector')}} 1`,
    ]);
  });
});

describe('of the labels those are shown that the option names', () => {
  const labels = { app: 'web', team: 'infra', 'example.com/a': '1', 'example.com/b': '2', xexample: '3' };

  test.each([
    ['none of them', ['missing'], ''],
    ['one', ['team'], ',label_team="infra"'],
    ['one that is named twice', ['team', 'team'], ',label_team="infra"'],
    ['all that begin so', ['example.com/*'], ',label_example_com_a="1",label_example_com_b="2"'],
    ['all that end so', ['*b'], ',label_example_com_b="2"'],
    [
      'all, where the star stands first',
      ['*', 'team'],
      ',label_app="web",label_example_com_a="1",label_example_com_b="2",label_team="infra",label_xexample="3"',
    ],
    ['not all, where it stands elsewhere', ['team', '*'], ',label_team="infra"'],
    [
      'names and patterns together',
      ['app', 'example.com/*'],
      ',label_app="web",label_example_com_a="1",label_example_com_b="2"',
    ],
  ])('%s: %p', async (_what, allowed, text) => {
    const object = { metadata: { ...metadata, labels } };
    expect(await linesOf(pod, object, { families: ['kube_pod_labels'], labels: allowed })).toEqual([
      `kube_pod_labels{${own}${text}} 1`,
    ]);
  });

  test('two names that would clash do not, where only one of them is allowed', async () => {
    const object = { metadata: { ...metadata, labels: { 'a.b': '1', 'a-b': '2' } } };
    expect(await linesOf(pod, object, { families: ['kube_pod_labels'], labels: ['a.b'] })).toEqual([
      `kube_pod_labels{${own},label_a_b="1"} 1`,
    ]);
  });
});

test('names and UIDs are escaped as any value', async () => {
  const object = { metadata: { name: 'we"b', namespace: 'sh\\op', uid: 'u\n1' } };
  expect(await linesOf(pod, object, { families: ['kube_pod_scheduler'] })).toEqual([
    'kube_pod_scheduler{namespace="sh\\\\op",pod="we\\"b",uid="u\\n1",name=""} 1',
  ]);
});

test('a time of year one is a time that is not set', async () => {
  const time = '0001-01-01T00:00:00Z';
  const object = { metadata: { ...metadata, creationTimestamp: time, deletionTimestamp: null } };
  const families = ['kube_pod_created', 'kube_pod_deletion_timestamp'];
  expect(await linesOf(pod, object, { families })).toEqual([]);
});

test('objects stand one after another in each family', async () => {
  const objects = ['a', 'b'].map((name) => ({ metadata: { name, namespace: 'shop' } }));
  const families = ['kube_deployment_status_replicas', 'kube_deployment_metadata_generation'];
  expect(await linesOf(deployment, objects, { families })).toEqual([
    'kube_deployment_status_replicas{namespace="shop",deployment="a"} 0',
    'kube_deployment_status_replicas{namespace="shop",deployment="b"} 0',
    'kube_deployment_metadata_generation{namespace="shop",deployment="a"} 0',
    'kube_deployment_metadata_generation{namespace="shop",deployment="b"} 0',
  ]);
});
