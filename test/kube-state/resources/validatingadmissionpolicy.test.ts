import { describe, expect, test } from '@jest/globals';
import { validatingAdmissionPolicy } from '../../../lib/kube-state/resources/admissionpolicy.ts';
import { linesOf } from './harness.ts';

const own = 'namespace="",validatingadmissionpolicy="replicas"';

test('a policy with parameters has a sample in every family', async () => {
  const object = {
    metadata: { name: 'replicas', creationTimestamp: '2026-01-31T12:00:00Z' },
    spec: {
      paramKind: { apiVersion: 'rules.example.com/v1', kind: 'ReplicaLimit' },
      matchConstraints: {
        resourceRules: [
          { operations: ['CREATE'], apiGroups: ['apps'], apiVersions: ['v1'], resources: ['deployments'] },
        ],
      },
      validations: [{ expression: 'object.spec.replicas < 5', message: 'too many', reason: 'Invalid' }],
      auditAnnotations: [{ key: 'k', valueExpression: '"v"' }],
      variables: [{ name: 'v', expression: '1' }],
      failurePolicy: 'Fail',
    },
    status: {
      observedGeneration: 1,
      typeChecking: { expressionWarnings: [{ fieldRef: 'spec', warning: 'w' }] },
      conditions: [{ type: 'Ready', status: 'True' }],
    },
  };
  expect(await linesOf(validatingAdmissionPolicy, object)).toEqual([
    `kube_validatingadmissionpolicy_info{${own},param_api_version="rules.example.com/v1",param_kind="ReplicaLimit",failure_policy="Fail"} 1`,
    `kube_validatingadmissionpolicy_created{${own}} 1.7698608e+09`,
  ]);
});

describe('what it does not say is empty', () => {
  test.each([
    [{}, '', '', ''],
    [{ spec: {} }, '', '', ''],
    [{ spec: { paramKind: {} } }, '', '', ''],
    [{ spec: { paramKind: { kind: 'ConfigMap' }, failurePolicy: 'Ignore' } }, '', 'ConfigMap', 'Ignore'],
    [{ spec: { paramKind: { apiVersion: 'v1' } } }, 'v1', '', ''],
  ])('%j', async (fields, apiVersion, kind, failure) => {
    expect(await linesOf(validatingAdmissionPolicy, { metadata: { name: 'replicas' }, ...fields })).toEqual([
      `kube_validatingadmissionpolicy_info{${own},param_api_version="${apiVersion}",param_kind="${kind}",failure_policy="${failure}"} 1`,
    ]);
  });
});
