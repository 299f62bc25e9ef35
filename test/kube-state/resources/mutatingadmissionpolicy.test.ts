import { describe, expect, test } from '@jest/globals';
import { mutatingAdmissionPolicy } from '../../../lib/kube-state/resources/admissionpolicy.ts';
import { linesOf } from './harness.ts';

const own = 'namespace="",mutatingadmissionpolicy="sidecar"';

test('a policy with parameters has a sample in every family', async () => {
  const object = {
    metadata: { name: 'sidecar', creationTimestamp: '2026-01-31T12:00:00Z' },
    spec: {
      paramKind: { apiVersion: 'mutations.example.com/v1', kind: 'Sidecar' },
      matchConstraints: {
        resourceRules: [
          { operations: ['CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['pods'] },
        ],
      },
      matchConditions: [{ name: 'm', expression: 'true' }],
      variables: [{ name: 'v', expression: '1' }],
      mutations: [{ patchType: 'ApplyConfiguration', applyConfiguration: { expression: 'Object{}' } }],
      failurePolicy: 'Fail',
      reinvocationPolicy: 'IfNeeded',
    },
  };
  expect(await linesOf(mutatingAdmissionPolicy, object)).toEqual([
    `kube_mutatingadmissionpolicy_info{${own},param_api_version="mutations.example.com/v1",param_kind="Sidecar",failure_policy="Fail",reinvocation_policy="IfNeeded"} 1`,
    `kube_mutatingadmissionpolicy_created{${own}} 1.7698608e+09`,
  ]);
});

describe('what it does not say is empty', () => {
  test.each([
    [{}, '', '', '', ''],
    [{ spec: {} }, '', '', '', ''],
    [{ spec: { paramKind: {} } }, '', '', '', ''],
    [{ spec: { paramKind: { kind: 'ConfigMap' }, failurePolicy: 'Ignore' } }, '', 'ConfigMap', 'Ignore', ''],
    [{ spec: { paramKind: { apiVersion: 'v1' }, reinvocationPolicy: 'Never' } }, 'v1', '', '', 'Never'],
  ])('%j', async (fields, apiVersion, kind, failure, reinvocation) => {
    expect(await linesOf(mutatingAdmissionPolicy, { metadata: { name: 'sidecar' }, ...fields })).toEqual([
      `kube_mutatingadmissionpolicy_info{${own},param_api_version="${apiVersion}",param_kind="${kind}",failure_policy="${failure}",reinvocation_policy="${reinvocation}"} 1`,
    ]);
  });
});
