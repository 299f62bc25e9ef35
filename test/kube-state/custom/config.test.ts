import { describe, expect, test } from '@jest/globals';
import { ConfigError, formatProblems } from '../../../lib/config/problem.ts';
import { parseCustomResourceState } from '../../../lib/kube-state/options.ts';

/** All problems of a configuration, one a line. */
function problemsIn(text: string): string {
  try {
    parseCustomResourceState(text, 'custom.yml');
    return 'none';
  } catch (error) {
    if (error instanceof ConfigError) return formatProblems(error.origin, error.problems);
    throw error;
  }
}

/** A configuration with one metric, whose `each` begins at line 9. */
function metric(each: string): string {
  return `kind: CustomResourceStateMetrics
spec:
  resources:
    - groupVersionKind:
        group: myteam.io
        version: v1
        kind: Foo
      metrics:
        - {name: a, each: ${each}}
`;
}

describe('a configuration', () => {
  test('is taken as kube-state-metrics has it', () => {
    const configuration = parseCustomResourceState(
      `
apiVersion: any/v1
kind: CustomResourceStateMetrics
spec:
  resources:
    - groupVersionKind: {group: myteam.io, version: "*"}
      commonLabels: {crd_type: foo, count: 1, yes: no}
      errorLogV: 3
      metrics:
        - name: up
          help:
          each: {type: GAUGE, gauge: {path: [a, 0, "[b=c]"], labelsFromPath: {ref: []}}, info:, stateSet: {labelName: s}}
`,
      'custom.yml',
    );
    expect(configuration.spec.resources).toEqual([
      {
        groupVersionKind: { group: 'myteam.io', version: '*', kind: '*' },
        metricNamePrefix: 'kube_customresource',
        commonLabels: { crd_type: 'foo', count: '1', yes: 'no' },
        labelsFromPath: {},
        resourcePlural: '',
        errorLogV: 3,
        metrics: [
          {
            name: 'up',
            help: '',
            commonLabels: {},
            labelsFromPath: {},
            errorLogV: 0,
            each: {
              type: 'gauge',
              path: ['a', '0', '[b=c]'],
              labelsFromPath: { ref: [] },
              valueFrom: [],
              nilIsZero: false,
            },
          },
        ],
      },
    ]);
  });

  const at = 'spec.resources[0].metrics[0]';
  test.each<[string, string]>([
    ['{type: Gauge}', `9:28 ${at}.each.type: needs the key gauge beside it`],
    ['{type: StateSet, gauge: {}}', `9:28 ${at}.each.type: needs the key stateSet beside it`],
    ['{type: Counter, gauge: {}}', `9:28 ${at}.each.type: must be Gauge, StateSet or Info`],
    ['{type: Info, info: {path: a}}', `9:47 ${at}.each.info.path: must be a list`],
    [
      '{type: Info, info: {path: ["[a]"]}}',
      `9:54 ${at}.each.info.path[0]: must be a key, an index or a lookup as in "[name=a]"`,
    ],
    [
      '{type: Gauge, gauge: {labelFromKey: a-b}}',
      `9:49 ${at}.each.gauge.labelFromKey: must be a name for a label`,
    ],
    ['{type: Gauge, gauge: {nilIsZero: 3}}', `9:49 ${at}.each.gauge.nilIsZero: must be true or false`],
  ])('with a metric of %s is refused', (each, problem) => {
    expect(problemsIn(metric(each)).replace(/^custom.yml:/, '')).toBe(problem);
  });

  test('tells of all that is wrong in it, and where', () => {
    expect(
      problemsIn(`kind: CustomResourceState
spec:
  resources:
    - groupVersionKind: {group: a/b, version: v1/../..}
      metricNamePrefix: 1a
      commonLabels: {a-b: c}
      metrics: [{name: a b, each: {type: Info, info: {}}}]
`),
    ).toBe(`custom.yml:1:1 kind: must be CustomResourceStateMetrics
custom.yml:4:26 spec.resources[0].groupVersionKind.group: must be the name of an API group
custom.yml:4:38 spec.resources[0].groupVersionKind.version: must be a name as in the API, or *
custom.yml:5:7 spec.resources[0].metricNamePrefix: must be the beginning of a name for a metric, or empty
custom.yml:6:22 spec.resources[0].commonLabels.a-b: is no name for a label
custom.yml:7:18 spec.resources[0].metrics[0].name: must be a name for a metric`);
  });

  test('has names that are names with their prefix', () => {
    const entry = `{groupVersionKind: {group: a.io}, metricNamePrefix: '', metrics: [{name: 1st, each: {type: Info, info: {}}}]}`;
    expect(problemsIn(`spec:\n  resources:\n  - ${entry}\n`)).toBe(
      'custom.yml:3:61 spec.resources[0].metrics: has a metric 1st, which cannot begin with a digit',
    );
  });

  // What others publish for kube-state-metrics has all of these.
  test('with what kube-state-metrics takes and hardly means is taken, with a warning for each', () => {
    const { spec, warnings } = parseCustomResourceState(
      `
spec:
  resource: []
  resources:
    - groupVersionKind: {group: a.io, version: v1, kind: Foo}
      metrics: [{name: x, each: {type: Gauge, gauge: {labelFromKey: "", pth: [a], valueFrom: [b]}}}]
    - groupVersionKind: {version: v1, kind: Pod}
      metrics: [{name: x, each: {type: Info, info: {labelFromKey: ""}}}]
    - groupVersionKind: {group: a.io, version: v1, kind: Foo}
      metrics: [{name: y, each: {type: StateSet, stateSet: {list: [a]}}}]
`,
      'custom.yml',
    );
    expect(warnings).toEqual([
      'spec.resource: unknown key, it is not read, did you mean "resources"?',
      'spec.resources[0].metrics[0].each.gauge.pth: unknown key, it is not read, did you mean "path"?',
      'spec.resources[0].groupVersionKind: comes again below, where the last one counts',
      'spec.resources[1].groupVersionKind: names no API group, and the core group is none of custom resources: no metrics',
      "spec.resources[2].metrics[0].each.stateSet: has no labelName, its label has the metric's name",
    ]);
    expect(spec.resources.map(({ metrics }) => metrics.map(({ name, each }) => [name, each]))).toEqual([
      [
        [
          'x',
          {
            type: 'gauge',
            path: [],
            labelsFromPath: {},
            labelFromKey: undefined,
            valueFrom: ['b'],
            nilIsZero: false,
          },
        ],
      ],
      [
        [
          'y',
          {
            type: 'stateset',
            path: [],
            labelsFromPath: {},
            labelName: undefined,
            list: ['a'],
            valueFrom: [],
          },
        ],
      ],
    ]);
  });

  test('with more to warn of than a person reads tells of the first, and how many more', () => {
    const keys = Array.from({ length: 30 }, (_, index) => `odd${index}: 1`).join(', ');
    const { warnings } = parseCustomResourceState(`{${keys}, spec: {resources: []}}`, 'custom.yml');
    expect([warnings.length, warnings.at(-1)]).toEqual([21, 'and 10 more of this kind']);
  });

  test('is not empty', () => {
    expect(problemsIn('')).toBe('custom.yml:1:1 spec: is required');
  });
});
