import { spawnSync } from 'node:child_process';
import { expect, test } from '@jest/globals';
import { describeWithPrograms, requireProgram } from '../../support/programs.ts';
import { customText } from './rendering.ts';

const configuration = `
kind: CustomResourceStateMetrics
spec:
  resources:
    - groupVersionKind: {group: myteam.io}
      labelsFromPath:
        "*": [metadata]
      metrics:
        - name: uptime_seconds
          help: How long it is up.
          each: {type: Gauge, gauge: {path: [status, uptime]}}
        - name: ready
          help: How many are ready.
          each: {type: Gauge, gauge: {path: [status, sub], labelFromKey: type, valueFrom: [ready]}}
        - name: uptime_seconds
          help: The same once more.
          each: {type: Gauge, gauge: {path: [status, uptime]}, info: {}}
          commonLabels: {again: "true"}
        - name: phase
          help: "What \\\\ it \\n is in."
          each: {type: StateSet, stateSet: {path: [status, phase], labelName: phase, list: [Pending, "Up\\n\\"now\\""]}}
        - name: version_info
          help: Its version.
          each: {type: Info, info: {labelsFromPath: {version: [spec, version]}}}
`;

const definition = (kind: string, plural: string, ...versions: readonly string[]) => ({
  metadata: { name: `${plural}.myteam.io` },
  spec: {
    group: 'myteam.io',
    names: { kind, plural },
    scope: 'Namespaced',
    versions: versions.map((name) => ({ name, served: name !== 'v0' })),
  },
});

const object = (name: string) => ({
  metadata: { name, namespace: 'default', uid: name, '1st': 'x', __name__: 'y', 'a-b': { c: ['d'] } },
  spec: { version: 'v1\n"' },
  status: { uptime: '1h', phase: 'Pending', sub: { a: { ready: 1 }, b: { ready: '2' } } },
});

describeWithPrograms('promtool, of custom resources', ['promtool'], () => {
  test('finds nothing in the text of several kinds in several versions', async () => {
    const text = await customText(configuration, {
      'apiextensions.k8s.io/v1/customresourcedefinitions': [
        definition('Foo', 'foos', 'v2', 'v1', 'v0'),
        definition('Bar', 'bars', 'v1'),
      ],
      'myteam.io/v1/foos': [object('a'), object('b')],
      'myteam.io/v2/foos': [object('a'), { ...object('b'), status: { uptime: 7 } }],
      'myteam.io/v1/bars': [object('c')],
    });
    const { status, stdout, stderr } = spawnSync(requireProgram('promtool'), ['check', 'metrics'], {
      input: text,
      encoding: 'utf8',
    });
    expect({ status, said: stdout + stderr }).toEqual({ status: 0, said: '' });
    expect(text.split('\n').filter((line) => line.startsWith('# HELP'))).toEqual([
      '# HELP kube_customresource_uptime_seconds How long it is up.',
      '# HELP kube_customresource_ready How many are ready.',
      '# HELP kube_customresource_phase What \\\\ it \\n is in.',
      '# HELP kube_customresource_version_info Its version.',
    ]);
    expect(
      text.split('\n').filter((line) => line.startsWith('kube_customresource_version_info')),
    ).toHaveLength(5);
  });
});
