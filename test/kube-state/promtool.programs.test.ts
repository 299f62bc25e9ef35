import { spawnSync } from 'node:child_process';
import { expect, test } from '@jest/globals';
import { resources } from '../../lib/kube-state/registry.ts';
import { describeWithPrograms, requireProgram } from '../support/programs.ts';
import { readExpected, recordedLister, renderText } from './golden.ts';

describeWithPrograms('promtool', ['promtool'], () => {
  test('finds nothing in our text that it does not find in that of kube-state-metrics', async () => {
    const ours = await renderText(recordedLister('pb'), {
      resources,
      namespaces: [''],
      deniedNamespaces: [],
      wants: () => true,
      allowedLabels: new Map(),
      allowedAnnotations: new Map(),
    });
    expect(remarksOn(ours)).toEqual(remarksOn(readExpected('all-opt-in')));
  });

  test('does look at what it is given', () => {
    expect(remarksOn('# HELP a_total x\n# TYPE a_total gauge\na_total 1\n')).toEqual({
      status: 3,
      remarks: ['a_total non-counter metrics should not have "_total" suffix'],
    });
  });
});

function remarksOn(text: string): { readonly status: number | null; readonly remarks: readonly string[] } {
  const { status, stderr } = spawnSync(requireProgram('promtool'), ['check', 'metrics'], { input: text });
  return { status, remarks: `${stderr}`.trim().split('\n').sort() };
}
