import { describe, expect, test } from '@jest/globals';
import { customText } from './rendering.ts';

/** The custom resource of kube-state-metrics's documentation. */
const foo = {
  kind: 'Foo',
  apiVersion: 'myteam.io/v1',
  metadata: {
    annotations: { bar: 'baz', qux: 'quxx' },
    labels: { foo: 'bar' },
    name: 'foo',
    namespace: 'default',
    uid: 'f00',
  },
  spec: {
    version: 'v1.2.3',
    order: [
      { id: 1, value: true },
      { id: 3, value: false },
    ],
    replicas: 1,
    refs: ['my_other_foo', 'foo_2', 'foo_with_extensions'],
  },
  status: {
    phase: 'Pending',
    active: { 'type-a': 1, 'type-b': 3 },
    conditions: [
      { name: 'a', value: 45 },
      { name: 'b', value: 66 },
    ],
    sub: { 'type-a': { active: 1, ready: 2 }, 'type-b': { active: 3, ready: 4 } },
    uptime: 43.21,
  },
};

const head = `
kind: CustomResourceStateMetrics
spec:
  resources:
    - groupVersionKind: {group: myteam.io, kind: Foo, version: v1}
      resourcePlural: foos`;

const own = 'customresource_group="myteam.io",customresource_kind="Foo",customresource_version="v1"';

function textOf(entry: string, ...objects: readonly unknown[]): Promise<string> {
  return customText(`${head}${entry}`, { 'myteam.io/v1/foos': objects.length === 0 ? [foo] : objects });
}

describe('the examples of the documentation', () => {
  test('single values', async () => {
    expect(
      await textOf(`
      metrics:
        - name: "uptime"
          help: "Foo uptime"
          each:
            type: Gauge
            gauge:
              path: [status, uptime]`),
    ).toBe(`# HELP kube_customresource_uptime Foo uptime
# TYPE kube_customresource_uptime gauge
kube_customresource_uptime{${own}} 43.21
`);
  });

  test('the kitchen sink', async () => {
    expect(
      await textOf(`
      commonLabels:
        crd_type: "foo"
      labelsFromPath:
        name: [metadata, name]
      metrics:
        - name: "ready_count"
          help: "Number Foo Bars ready"
          each:
            type: Gauge
            gauge:
              path: [status, sub]
              labelFromKey: type
              labelsFromPath:
                active: [active]
              valueFrom: [ready]
          commonLabels:
            custom_metric: "yes"
          labelsFromPath:
            "*": [metadata, labels]
            "lorem_*": [metadata, annotations]
            "**": [metadata, annotations]
            name: [metadata, name]
            foo: [metadata, labels, foo]`),
    ).toBe(`# HELP kube_customresource_ready_count Number Foo Bars ready
# TYPE kube_customresource_ready_count gauge
kube_customresource_ready_count{_bar="baz",_qux="quxx",active="1",crd_type="foo",custom_metric="yes",${own},foo="bar",lorem_bar="baz",lorem_qux="quxx",name="foo",type="type-a"} 2
kube_customresource_ready_count{_bar="baz",_qux="quxx",active="3",crd_type="foo",custom_metric="yes",${own},foo="bar",lorem_bar="baz",lorem_qux="quxx",name="foo",type="type-b"} 4
`);
  });

  test('lists of plain values', async () => {
    expect(
      await textOf(`
      labelsFromPath:
        name: [metadata, name]
      metrics:
        - name: "ref_info"
          help: "Reference to other Foo"
          each:
            type: Info
            info:
              path: [spec, refs]
              labelsFromPath:
                ref: []`),
    ).toBe(`# HELP kube_customresource_ref_info Reference to other Foo
# TYPE kube_customresource_ref_info gauge
kube_customresource_ref_info{${own},name="foo",ref="foo_2"} 1
kube_customresource_ref_info{${own},name="foo",ref="foo_with_extensions"} 1
kube_customresource_ref_info{${own},name="foo",ref="my_other_foo"} 1
`);
  });

  test('one metric described twice stands below one header', async () => {
    const metric = (unit: string, resource: string, key: string) => `
        - name: lower_bound
          help: What it takes at least.
          commonLabels: {unit: ${unit}, resource: ${resource}}
          each:
            type: Gauge
            gauge:
              path: [status, recommendation, containerRecommendations]
              labelsFromPath: {container: [containerName]}
              valueFrom: [lowerBound, ${key}]`;
    const recommended = {
      ...foo,
      status: {
        recommendation: {
          containerRecommendations: [
            { containerName: 'consumer', lowerBound: { cpu: '100m', memory: '262144k' } },
          ],
        },
      },
    };
    const metrics = `
      metrics:${metric('byte', 'memory', 'memory')}${metric('core', 'cpu', 'cpu')}`;
    expect(
      await textOf(metrics, recommended),
    ).toBe(`# HELP kube_customresource_lower_bound What it takes at least.
# TYPE kube_customresource_lower_bound gauge
kube_customresource_lower_bound{container="consumer",${own},resource="memory",unit="byte"} 2.62144e+08
kube_customresource_lower_bound{container="consumer",${own},resource="cpu",unit="core"} 0.1
`);
  });

  test('status conditions', async () => {
    const ready = { lastTransitionTime: '2019-10-22T16:29:31Z', status: 'True', type: 'Ready' };
    expect(
      await textOf(
        `
      metrics:
        - name: foo_status
          help: "status condition "
          each:
            type: Gauge
            gauge:
              path: [status, conditions]
              labelsFromPath:
                type: ["type"]
              valueFrom: ["status"]`,
        { ...foo, status: { conditions: [ready, { ...ready, status: 'Unknown', type: 'Synced' }] } },
      ),
    ).toBe(`# HELP kube_customresource_foo_status status condition 
# TYPE kube_customresource_foo_status gauge
kube_customresource_foo_status{${own},type="Ready"} 1
kube_customresource_foo_status{${own},type="Synced"} 0
`);
  });

  test('a state set', async () => {
    expect(
      await textOf(`
      metrics:
        - name: "status_phase"
          help: "Foo status_phase"
          each:
            type: StateSet
            stateSet:
              labelName: phase
              path: [status, phase]
              list: [Pending, Bar, Baz]`),
    ).toBe(`# HELP kube_customresource_status_phase Foo status_phase
# TYPE kube_customresource_status_phase gauge
kube_customresource_status_phase{${own},phase="Bar"} 0
kube_customresource_status_phase{${own},phase="Baz"} 0
kube_customresource_status_phase{${own},phase="Pending"} 1
`);
  });

  test('information about the whole object', async () => {
    expect(
      await textOf(`
      metrics:
        - name: "version"
          help: "Foo version"
          each:
            type: Info
            info:
              labelsFromPath:
                version: [spec, version]`),
    ).toBe(`# HELP kube_customresource_version Foo version
# TYPE kube_customresource_version gauge
kube_customresource_version{${own},version="v1.2.3"} 1
`);
  });

  test.each([
    ['myteam_foos', 'myteam_foos_uptime'],
    ['""', 'uptime'],
  ])('the prefix %s', async (prefix, name) => {
    expect(
      await textOf(`
      metricNamePrefix: ${prefix}
      metrics:
        - name: uptime
          each: {type: Gauge, gauge: {path: [status, uptime]}}`),
    ).toBe(`# HELP ${name} \n# TYPE ${name} gauge\n${name}{${own}} 43.21\n`);
  });
});

describe('a family', () => {
  const uptime = `
      metrics:
        - name: uptime
          help: "a \\\\ and\\nanother line"
          each: {type: Gauge, gauge: {path: [status, uptime]}}`;

  test('has its header as soon as there is an object, whatever that has', async () => {
    const header =
      '# HELP kube_customresource_uptime a \\\\ and\\nanother line\n# TYPE kube_customresource_uptime gauge\n';
    expect(await textOf(uptime, { metadata: { name: 'empty', namespace: 'a', uid: '1' } })).toBe(header);
  });

  test('is not there without an object, nor without the kind', async () => {
    const configuration = `${head}${uptime}`;
    expect(await customText(configuration, { 'myteam.io/v1/foos': [] })).toBe('');
    expect(await customText(configuration, {})).toBe('');
  });
});

// It is a label without a name in kube-state-metrics, which makes the whole text unreadable.
test('a state set without a name for its label has the name of its metric', async () => {
  const text = await customText(
    `
spec:
  resources:
    - groupVersionKind: {group: myteam.io, kind: Foo, version: v1}
      resourcePlural: foos
      metricNamePrefix: ''
      metrics: [{name: state, each: {type: StateSet, stateSet: {path: [s], list: [up]}}}]`,
    { 'myteam.io/v1/foos': [{ metadata: { name: 'a', namespace: 'b', uid: 'c' }, s: 'up' }] },
  );
  expect(text.split('\n')[2]).toMatch(/^state\{.*state="up"\} 1$/);
});
